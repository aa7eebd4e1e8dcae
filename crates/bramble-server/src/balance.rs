//! Picking one backend of a pool. Pure: no socket, no clock, no randomness of its own.
//!
//! A method is one file here and one variant of [`Balancer`]; it is told which backends may be
//! used now and keeps whatever count it needs.

mod by_requests;
mod ejection;
mod latency;
mod members;
mod standing;

use bramble_config::plan::Method;

pub(crate) use by_requests::ByRequests;
pub(crate) use members::{Judged, Member, Members, Rules, Turn};
pub(crate) use standing::{InFlight, Standing, Weight};

/// What a method knows of one backend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    /// Hundredths: 100 is a load factor of 1.
    pub(crate) weight: u32,
    /// It may be picked.
    pub(crate) usable: bool,
}

/// The method of one pool with its counts.
#[derive(Clone)]
pub(crate) enum Balancer {
    ByRequests(ByRequests),
}

impl Balancer {
    pub(crate) fn new(method: Method) -> Self {
        match method {
            Method::ByRequests => Self::ByRequests(ByRequests::default()),
        }
    }

    /// Index of the backend that gets the next request; none if no candidate is usable.
    ///
    /// The candidates must come in the same order each time; see [`Balancer::reorder`].
    pub(crate) fn pick(&mut self, candidates: impl Iterator<Item = Candidate>) -> Option<usize> {
        match self {
            Self::ByRequests(method) => method.pick(candidates),
        }
    }

    /// Carries the counts over to a changed set: `previous[i]` is the old index of backend `i`.
    pub(crate) fn reorder(&mut self, previous: &[Option<usize>]) {
        match self {
            Self::ByRequests(method) => method.reorder(previous),
        }
    }
}

#[cfg(test)]
mod tests;
