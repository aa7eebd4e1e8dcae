//! Which of many comes first, in an order that is kept only while somebody asks for it.
//!
//! To keep an order costs at each change, to look over all costs at each question: 120 µs among
//! 9,000 connections, so that a flood of newcomers could keep a core busy with nothing else. But
//! whoever has room asks nothing. So the first question orders all, from then on each change is
//! entered, and once some time has passed without a question the order is forgotten. Does not know
//! what is ordered.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Whose of what several have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// No matter whose.
    Any,
    /// This client's.
    Of(IpAddr),
}

/// An order of places `P`; whoever has no owner comes once, others as [`Whose::Any`] and as theirs.
pub struct Ranking<P> {
    order: RefCell<Option<BTreeSet<P>>>,
    was_asked: Cell<bool>,
}

impl<P> Default for Ranking<P> {
    fn default() -> Self {
        Self { order: RefCell::new(None), was_asked: Cell::new(false) }
    }
}

impl<P: Ord + Copy> Ranking<P> {
    /// Whether changes must be entered.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.order.borrow().is_some()
    }

    /// These places are taken.
    pub fn enter(&self, places: impl IntoIterator<Item = P>) {
        if let Some(order) = self.order.borrow_mut().as_mut() {
            order.extend(places);
        }
    }

    /// These places are taken no more.
    pub fn leave(&self, places: impl IntoIterator<Item = P>) {
        if let Some(order) = self.order.borrow_mut().as_mut() {
            for place in places {
                order.remove(&place);
            }
        }
    }

    /// The first place from this one on. `all` are asked for where no order is kept yet.
    pub fn first<A: Iterator<Item = P>>(&self, from: P, all: impl FnOnce() -> A) -> Option<P> {
        self.was_asked.set(true);
        let mut order = self.order.borrow_mut();
        order.get_or_insert_with(|| all().collect()).range(from..).next().copied()
    }

    /// Forgets the order, if nobody has asked since this was called last.
    pub fn forget_unasked(&self) {
        if !self.was_asked.take() {
            self.forget();
        }
    }

    /// Forgets the order.
    pub fn forget(&self) {
        *self.order.borrow_mut() = None;
    }
}

/// For whom a thing of this owner is looked up.
pub(crate) fn lookups(owner: Option<IpAddr>) -> impl Iterator<Item = Whose> {
    [Some(Whose::Any), owner.map(Whose::Of)].into_iter().flatten()
}

#[cfg(test)]
mod tests;
