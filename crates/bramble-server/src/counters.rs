//! Counters of one core: it writes its own cells and nobody else does; a question by message
//! collects them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use bramble_metrics::facts::ServerFacts;

use crate::reason::Word;

/// The counters of one core.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) connections: Cell<u64>,
    most_connections: Cell<u64>,
    pub(crate) requests: Cell<u64>,
    pub(crate) in_flight: Cell<u64>,
    pub(crate) bytes_out: Cell<u64>,
    pub(crate) busy: Cell<Duration>,
    pub(crate) waiting: Cell<u64>,
    pub(crate) panics: Cell<u64>,
    status: [Cell<u64>; 5],
    refused: RefCell<BTreeMap<&'static str, u64>>,
}

impl Counters {
    /// A connection has come.
    pub(crate) fn connected(&self) {
        add(&self.connections, 1);
        self.most_connections.set(self.most_connections.get().max(self.connections.get()));
    }

    /// How many connections there were at a time since this was asked last.
    pub(crate) fn take_most_connections(&self) -> u64 {
        self.most_connections.replace(self.connections.get())
    }

    /// An answer with this status was sent.
    pub(crate) fn answered(&self, status: u16) {
        if let Some(class) = self.status.get(usize::from(status / 100).wrapping_sub(1)) {
            class.set(class.get() + 1);
        }
    }

    /// A request or connection was refused or cut.
    pub(crate) fn refused(&self, why: impl Into<Word>) {
        *self.refused.borrow_mut().entry(why.into().0).or_default() += 1;
    }

    /// The same, so many times.
    pub(crate) fn refused_often(&self, why: impl Into<Word>, times: u64) {
        if times > 0 {
            *self.refused.borrow_mut().entry(why.into().0).or_default() += times;
        }
    }

    pub(crate) fn facts(&self) -> ServerFacts {
        let refused = self.refused.borrow();
        ServerFacts {
            connections: self.connections.get(),
            requests: self.requests.get(),
            in_flight: self.in_flight.get(),
            bytes_out: self.bytes_out.get(),
            busy_ms: u64::try_from(self.busy.get().as_millis()).unwrap_or(u64::MAX),
            waiting: self.waiting.get(),
            panics: self.panics.get(),
            status: std::array::from_fn(|i| self.status.get(i).map_or(0, Cell::get)),
            refused: refused.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect(),
            ..ServerFacts::default()
        }
    }
}

/// Adds to a counter, and takes it off again when dropped.
pub(crate) struct Held<'a>(&'a Cell<u64>);

impl<'a> Held<'a> {
    pub(crate) fn new(counter: &'a Cell<u64>) -> Self {
        counter.set(counter.get() + 1);
        Self(counter)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// Adds to a counter.
pub(crate) fn add(counter: &Cell<u64>, n: u64) {
    counter.set(counter.get() + n);
}
