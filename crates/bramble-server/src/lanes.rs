//! Counts that the cores of a process share: each writes a lane of its own and adds the others' up.
//!
//! No lock, and no line of memory that two cores write. What is read is as old as the way between
//! two cores is long, and of several lanes it may never have been true at one instant: good enough
//! for whom to ask next, and for nothing that has to be exact.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Requests that somebody works on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) in_flight: u32,
    /// Of them, those whose answer has not begun.
    pub(crate) waiting: u32,
}

/// A line of memory that one core writes.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Lane {
    in_flight: AtomicU32,
    waiting: AtomicU32,
}

/// What all cores have to count of one thing.
#[derive(Debug)]
pub(crate) struct Lanes(Box<[Lane]>);

impl Lanes {
    /// A lane for each of so many cores: those that there were, if they are enough. Cores that a
    /// plan has no use for still have requests for a while, so that there are never fewer.
    pub(crate) fn of(threads: u16, kept: Option<&Arc<Self>>) -> Arc<Self> {
        let count = usize::from(threads.max(1));
        match kept.filter(|kept| kept.0.len() >= count) {
            Some(kept) => kept.clone(),
            None => Arc::new(Self((0..count).map(|_| Lane::default()).collect())),
        }
    }

    /// The sum of all but one.
    fn sum_without(&self, own: usize) -> Counts {
        let others = self.0.iter().enumerate().filter(|(i, _)| *i != own);
        others.fold(Counts::default(), |sum, (_, lane)| sum.plus(lane.read()))
    }
}

impl Lane {
    fn read(&self) -> Counts {
        Counts {
            in_flight: self.in_flight.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    fn write(&self, counts: Counts) {
        self.in_flight.store(counts.in_flight, Ordering::Relaxed);
        self.waiting.store(counts.waiting, Ordering::Relaxed);
    }
}

impl Counts {
    fn plus(self, more: Self) -> Self {
        Self {
            in_flight: self.in_flight.saturating_add(more.in_flight),
            waiting: self.waiting.saturating_add(more.waiting),
        }
    }
}

/// The lane that is a core's own, once it has one among others.
#[derive(Debug, Default)]
pub(crate) struct OwnLane {
    /// Where there is one core, nobody looks at more than this.
    is_shared: Cell<bool>,
    joined: RefCell<Option<(Arc<Lanes>, usize)>>,
}

impl OwnLane {
    /// Writes from now on to the lane of this number, beginning with what there is to count.
    pub(crate) fn join(&self, lanes: &Arc<Lanes>, own: usize, counts: Counts) {
        self.is_shared.set(own < lanes.0.len() && lanes.0.len() > 1);
        *self.joined.borrow_mut() = Some((lanes.clone(), own));
        self.publish(|| counts);
    }

    /// Whether there are others.
    #[inline]
    pub(crate) fn is_shared(&self) -> bool {
        self.is_shared.get()
    }

    /// Tells the others what there is.
    #[inline]
    pub(crate) fn publish(&self, counts: impl FnOnce() -> Counts) {
        if self.is_shared.get() {
            self.write(counts());
        }
    }

    /// What the others have.
    pub(crate) fn others(&self) -> Counts {
        let joined = self.joined.borrow();
        let joined = joined.as_ref().filter(|_| self.is_shared.get());
        joined.map_or_else(Counts::default, |(lanes, own)| lanes.sum_without(*own))
    }

    fn write(&self, counts: Counts) {
        if let Some((lanes, own)) = &*self.joined.borrow()
            && let Some(lane) = lanes.0.get(*own)
        {
            lane.write(counts);
        }
    }
}

#[cfg(test)]
mod tests;
