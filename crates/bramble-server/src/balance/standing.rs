//! What one core has found out about a backend. Pure.
//!
//! It outlives a change of plan, with whatever is in flight.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use super::ejection::Ejection;

/// What a failed attempt says about a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A slow or odd answer, or one that says that there is none: it may be the request's fault.
    Doubt,
    /// It can't be reached, or closes connections.
    Down,
    /// Nothing: the fault is ours.
    None,
}

/// How a backend stands with one core.
#[derive(Default)]
pub(crate) struct Standing {
    ejection: Cell<Ejection>,
    last_error: RefCell<Option<String>>,
    requests: Cell<u64>,
    errors: Cell<u64>,
    in_flight: Cell<u64>,
}

/// A request that a backend is working on.
pub(crate) struct InFlight(Rc<Standing>);

impl Standing {
    /// Whether its answers have put it out.
    pub(crate) fn is_doubted(&self) -> bool {
        self.ejection.get().is_doubted()
    }

    /// Whether it should get no request now; `passes` of its checks have passed so far.
    pub(crate) fn is_avoided(&self, now: Instant, passes: u32) -> bool {
        self.ejection.get().is_out(now, passes)
    }

    /// Counts a request until the result is dropped.
    pub(crate) fn begin(self: &Rc<Self>) -> InFlight {
        self.requests.set(self.requests.get() + 1);
        self.in_flight.set(self.in_flight.get() + 1);
        InFlight(self.clone())
    }

    /// So far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Attempts that failed so far.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.get()
    }

    /// Now.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.get()
    }

    /// Why an attempt failed last.
    pub(crate) fn last_error(&self) -> Option<String> {
        self.last_error.borrow().clone()
    }

    /// It was picked for a request.
    pub(super) fn picked(&self, now: Instant, passes: u32) {
        self.judge(|ejection| ejection.begin(now, passes));
    }

    /// It can't be reached: nobody goes there until then, or until a newer check has passed.
    pub(super) fn down(&self, why: &str, until: Instant, passes: u32) {
        self.erred(why);
        self.judge(|ejection| ejection.down(until, passes));
    }

    /// An answer of it was slow, odd or none. `may_eject`: enough others are left.
    pub(super) fn doubted(&self, why: &str, may_eject: bool, now: Instant) {
        self.erred(why);
        self.judge(|ejection| ejection.doubt(may_eject, now));
    }

    /// A good answer came: whatever was held against the backend is forgotten.
    pub(super) fn answered(&self) {
        self.judge(Ejection::good);
    }

    fn erred(&self, why: &str) {
        self.errors.set(self.errors.get() + 1);
        *self.last_error.borrow_mut() = Some(why.to_owned());
    }

    fn judge(&self, by: impl FnOnce(&mut Ejection)) {
        let mut ejection = self.ejection.get();
        by(&mut ejection);
        self.ejection.set(ejection);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get().saturating_sub(1));
    }
}
