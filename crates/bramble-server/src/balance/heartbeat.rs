//! At random, in proportion to the free slots that backends say they have (Apache's
//! mod_lbmethod_heartbeat, and mod_heartbeat, which tells it).
//!
//! As in Apache, what was said is good for ten seconds, weights don't count, and of one that has
//! nothing to do only a quarter of its slots do, since it may have just begun. It differs in this:
//!
//! - Slots come with answers (`Bramble-Load`), checks' among them, and not by multicast. So one that
//!   has not said anything is taken to have one slot: how else should it come to say it.
//! - What was sent since then takes slots away, as it does at the backend.
//! - A quarter is one slot at least: a board that works on one request at a time is to be used.
//! - Where nobody has a slot, or nobody has said anything, whoever owes the fewest answers is asked.
//!   In Apache that is a 503.
//! - Shares are exact. In Apache the first of two neighbours loses one slot to the second.

use super::rng::Rng;
use super::{Candidate, LeastRequests};

/// Nobody has more, and the sum of all fits where addresses have 32 bits.
const SLOTS_MAX: u32 = 1_000_000;

#[derive(Clone)]
pub(crate) struct Heartbeat {
    rng: Rng,
    others: LeastRequests,
}

impl Heartbeat {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed), others: LeastRequests::default() }
    }

    pub(super) fn pick(&mut self, candidates: &mut [Candidate]) -> Option<usize> {
        let usable = || candidates.iter().filter(|candidate| candidate.usable);
        let total = usable().map(slots).sum();
        let nobody_says = usable().all(|candidate| candidate.slots.is_none());
        match self.rng.below(total).filter(|_| !nobody_says) {
            Some(drawn) => owner(drawn, candidates),
            None => self.others.pick(candidates),
        }
    }

    pub(super) fn reorder(&mut self, previous: &[Option<usize>]) {
        self.others.reorder(previous);
    }
}

/// Whose slot it is, where those of all are counted one after the other.
fn owner(drawn: usize, candidates: &[Candidate]) -> Option<usize> {
    let mut before = 0;
    candidates.iter().position(|candidate| {
        before += slots(candidate);
        drawn < before
    })
}

fn slots(candidate: &Candidate) -> usize {
    if candidate.usable { candidate.slots.unwrap_or(1).min(SLOTS_MAX) as usize } else { 0 }
}

#[cfg(test)]
mod tests;
