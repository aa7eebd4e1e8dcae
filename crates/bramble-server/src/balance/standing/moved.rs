//! What a backend has been sent and has sent, and for whom a connection to it is being opened: what
//! Apache's methods count beside requests.

use std::cell::Cell;
use std::rc::Rc;

use super::{InFlight, Standing};

/// Bytes, as Apache counts them; `by_traffic` says which.
#[derive(Default)]
pub(super) struct Moved {
    sent_bytes: Cell<u64>,
    received_bytes: Cell<u64>,
}

/// A request for which a connection is being opened.
pub(crate) struct Connecting {
    standing: Rc<Standing>,
}

impl Standing {
    /// Of requests, so far.
    pub(crate) fn sent_bytes(&self) -> u64 {
        self.moved.sent_bytes.get()
    }

    /// Of answers, so far.
    pub(crate) fn received_bytes(&self) -> u64 {
        self.moved.received_bytes.get()
    }

    /// Something of a request is on its way.
    pub(crate) fn sent(&self, bytes: usize) {
        let moved = &self.moved.sent_bytes;
        moved.set(moved.get().saturating_add(bytes as u64));
    }

    /// Something of an answer has come.
    pub(crate) fn received(&self, bytes: usize) {
        let moved = &self.moved.received_bytes;
        moved.set(moved.get().saturating_add(bytes as u64));
    }

    /// Requests that it works on, with those that are about to be sent.
    pub(crate) fn busy(&self) -> u64 {
        self.in_flight.get() + self.connecting.get()
    }

    /// Counts a request as one that keeps it busy until the result is dropped.
    pub(crate) fn connecting(self: &Rc<Self>) -> Connecting {
        self.connecting.set(self.connecting.get() + 1);
        Connecting { standing: self.clone() }
    }
}

impl InFlight {
    /// Of whom it is.
    pub(crate) fn standing(&self) -> &Rc<Standing> {
        &self.standing
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        let connecting = &self.standing.connecting;
        connecting.set(connecting.get().saturating_sub(1));
    }
}
