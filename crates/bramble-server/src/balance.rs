//! Picking one backend of a pool. Pure: no socket, no clock, no randomness of its own.
//!
//! A method is one file here and one variant of [`Balancer`]; it is told which backends may be
//! used now and keeps whatever count it needs.

mod adaptive;
mod by_busyness;
mod by_requests;
mod by_traffic;
mod ejection;
mod elsewhere;
mod estimate;
mod failures;
mod first;
mod hash;
mod heartbeat;
mod latency;
mod least_requests;
mod members;
mod order;
mod random_two;
pub(crate) mod report;
mod rng;
mod standing;

use bramble_config::plan::Method;

pub(crate) use adaptive::Adaptive;
pub(crate) use by_busyness::ByBusyness;
pub(crate) use by_requests::ByRequests;
pub(crate) use by_traffic::ByTraffic;
pub(crate) use hash::{Hash, key_of};
pub(crate) use heartbeat::Heartbeat;
pub(crate) use least_requests::LeastRequests;
pub(crate) use members::{Asked, Heard, Homes, Judged, Member, Members, Pick, Picked, Rules, Turn};
pub(crate) use order::Rank;
pub(crate) use random_two::RandomTwo;
pub(crate) use report::Report;
#[cfg(test)]
pub(crate) use rng::Rng;
pub(crate) use standing::{Connecting, InFlight, Standing, Weight};

/// What a method knows of one backend.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Candidate {
    /// The same in each plan that has the backend, and in each process.
    pub(crate) id: u64,
    /// Hundredths: 100 is a load factor of 1.
    pub(crate) weight: u32,
    /// It may be picked.
    pub(crate) usable: bool,
    /// It has as many as it can work on.
    pub(crate) is_full: bool,
    /// Requests of this process that it has not answered yet.
    pub(crate) waiting: u32,
    /// Requests that others are likely to have there, by what it has said.
    pub(crate) elsewhere: f64,
    /// How long an answer of it is likely to take to begin, in seconds.
    pub(crate) expected_s: f64,
    /// What one request is of its load: 1 for the lightest, less for those of more weight.
    pub(crate) unit: f64,
    /// The same, more so soon after it came back.
    pub(crate) waiting_unit: f64,
    /// Its weight where equals take turns, less so soon after it came back.
    pub(crate) turn: u32,
    /// Requests that it would begin at once, by what it says itself; none: it has not said so lately.
    pub(crate) slots: Option<u32>,
    /// Room for what a method makes of it.
    pub(crate) cost: f64,
    /// What a method goes by that counts something else than requests, where the pool's does.
    pub(crate) burden: u64,
    /// When it is looked at at all.
    pub(crate) rank: Rank,
    /// It is a spare, and one that it stands in for can't be used.
    pub(crate) stands_in: bool,
}

/// The method of one pool with its counts.
#[derive(Clone)]
pub(crate) enum Balancer {
    Adaptive(Adaptive),
    ByBusyness(ByBusyness),
    ByRequests(ByRequests),
    ByTraffic(ByTraffic),
    First,
    Hash(Hash),
    Heartbeat(Heartbeat),
    LeastRequests(LeastRequests),
    RandomTwo(RandomTwo),
}

impl Balancer {
    /// `seed` is for methods that draw.
    pub(crate) fn new(method: Method, seed: u64) -> Self {
        match method {
            Method::Adaptive => Self::Adaptive(Adaptive::default()),
            Method::ByBusyness => Self::ByBusyness(ByBusyness::default()),
            Method::ByRequests => Self::ByRequests(ByRequests::default()),
            Method::ByTraffic => Self::ByTraffic(ByTraffic::default()),
            Method::First => Self::First,
            Method::Hash => Self::Hash(Hash::default()),
            Method::Heartbeat => Self::Heartbeat(Heartbeat::new(seed)),
            Method::LeastRequests => Self::LeastRequests(LeastRequests::default()),
            Method::RandomTwo => Self::RandomTwo(RandomTwo::new(seed)),
        }
    }

    /// Whether it counts for itself, which must not begin anew with each plan.
    pub(crate) fn is_of(&self, method: Method) -> bool {
        matches!(
            (self, method),
            (Self::Adaptive(_), Method::Adaptive)
                | (Self::ByBusyness(_), Method::ByBusyness)
                | (Self::ByRequests(_), Method::ByRequests)
                | (Self::ByTraffic(_), Method::ByTraffic)
                | (Self::Hash(_), Method::Hash)
                | (Self::Heartbeat(_), Method::Heartbeat)
                | (Self::LeastRequests(_), Method::LeastRequests)
                | (Self::RandomTwo(_), Method::RandomTwo)
        )
    }

    /// Index of the backend that gets the next request; none if no candidate is usable. `key` is
    /// what the pool hashes by.
    ///
    /// The candidates must come in the same order each time; see [`Balancer::reorder`].
    pub(crate) fn pick(&mut self, key: u64, candidates: &mut [Candidate]) -> Option<usize> {
        match self {
            Self::Adaptive(method) => method.pick(candidates),
            Self::ByBusyness(method) => method.pick(candidates),
            Self::ByRequests(method) => method.pick(candidates),
            Self::ByTraffic(method) => method.pick(candidates),
            Self::First => first::pick(candidates),
            Self::Hash(method) => method.pick(key, candidates),
            Self::Heartbeat(method) => method.pick(candidates),
            Self::LeastRequests(method) => method.pick(candidates),
            Self::RandomTwo(method) => method.pick(candidates),
        }
    }

    /// What [`Candidate::burden`] is to it, if it goes by that.
    pub(crate) fn burden(&self) -> Option<Burden> {
        match self {
            Self::ByBusyness(_) => Some(Burden::Busyness),
            Self::ByTraffic(_) => Some(Burden::Traffic),
            _ => None,
        }
    }

    /// The counts of a method that goes by requests, whoever picks; others see those of sessions by
    /// what their backends have to do.
    pub(crate) fn counts(&mut self) -> Option<&mut ByRequests> {
        match self {
            Self::ByRequests(method) => Some(method),
            _ => None,
        }
    }

    /// Carries the counts over to a changed set: `previous[i]` is the old index of backend `i`.
    pub(crate) fn reorder(&mut self, previous: &[Option<usize>]) {
        match self {
            Self::Adaptive(method) => method.reorder(previous),
            Self::ByBusyness(method) => method.reorder(previous),
            Self::ByRequests(method) => method.reorder(previous),
            Self::ByTraffic(method) => method.reorder(previous),
            Self::Heartbeat(method) => method.reorder(previous),
            Self::LeastRequests(method) => method.reorder(previous),
            Self::First | Self::Hash(_) | Self::RandomTwo(_) => {}
        }
    }
}

/// What a method counts that does not count requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Burden {
    /// Requests that it works on.
    Busyness,
    /// Bytes for its weight.
    Traffic,
}

impl Candidate {
    /// What it has to do, with one more request: nobody who has nothing is passed over for their
    /// weight.
    #[inline]
    fn load(&self) -> f64 {
        self.requests().mul_add(self.waiting_unit, 1.0)
    }

    /// What it has to do, from whomever.
    #[inline]
    fn requests(&self) -> f64 {
        f64::from(self.waiting) + self.elsewhere
    }
}

#[cfg(test)]
mod tests;
