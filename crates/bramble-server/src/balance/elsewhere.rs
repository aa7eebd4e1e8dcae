//! What a backend has to do for others than this core: for other balancers, as far as it says so
//! itself, and for the other cores of this process, which have it in lanes. Pure.
//!
//! A report counts all requests of a backend, ours among them. Those that the cores of this process
//! had there when it came are taken off, and what is left belongs to others. It is worth less from moment to moment, since
//! others send and are answered meanwhile, and nothing after a second: then the backend stands as if
//! nobody else knew of it, which is what a balancer that is alone believes anyway.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use super::{Candidate, Report, Standing};
use crate::lanes::{Counts, Lanes, OwnLane};

/// For so long a report is believed, the less the older it is.
const BELIEVED_NS: u64 = 1_000_000_000;

/// Whoever had requests of others so short a time ago has some again.
const RECENT_NS: u64 = 3_000_000_000;

/// What was said of free slots is good for so long, as in Apache (`LBM_HEARTBEAT_MAX_LASTSEEN`).
const SLOTS_NS: u64 = 10_000_000_000;
/// Of one that has nothing to do so small a part of its slots counts, as in Apache: it may have just
/// begun.
const IDLE_PART: u32 = 4;

/// A report and what we know of its moment.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// Requests that others had there.
    others: u32,
    /// Further requests that it would have begun at once.
    free: Option<u32>,
    /// Requests of this process that waited for it then.
    waiting: u32,
    at_ns: u64,
}

/// What is known of others' requests at one backend.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// Most backends say nothing, and a pick looks at no more than that.
    is_known: Cell<bool>,
    told: Cell<Option<Told>>,
    /// What this process has there.
    lane: OwnLane,
}

impl Elsewhere {
    /// Whether there is anything to know of it.
    #[inline]
    pub(super) fn is_known(&self) -> bool {
        self.is_known.get()
    }

    /// Tells the other cores what this one has there.
    #[inline]
    pub(super) fn publish(&self, counts: impl FnOnce() -> Counts) {
        self.lane.publish(counts);
    }

    /// How long ago it has said what it has to do.
    fn age_ns(&self, now_ns: u64) -> Option<u64> {
        self.told.get().map(|told| now_ns.saturating_sub(told.at_ns))
    }

    /// Requests that others are likely to have there now.
    fn waiting(&self, now_ns: u64) -> u32 {
        self.told.get().map_or(0, |told| told.waiting(now_ns))
    }

    /// Requests that it would begin at once, where this process now has so many there that wait.
    fn slots(&self, waiting: u32, now_ns: u64) -> Option<u32> {
        let told =
            self.told.get().filter(|_| self.age_ns(now_ns).is_some_and(|ns| ns < SLOTS_NS))?;
        // Those that were begun since then have taken theirs, those that were answered left them.
        Some(told.free?.saturating_add(told.waiting).saturating_sub(waiting))
    }
}

impl Told {
    fn waiting(self, now_ns: u64) -> u32 {
        let left_ns = BELIEVED_NS.saturating_sub(now_ns.saturating_sub(self.at_ns));
        let believed = u64::from(self.others) * left_ns;
        // No more than `others`, which fits.
        ((believed + BELIEVED_NS / 2) / BELIEVED_NS) as u32
    }
}

impl Standing {
    /// Counts together with the other cores of this process from now on.
    pub(crate) fn join(&self, lanes: &Arc<Lanes>, own: usize) {
        let elsewhere = self.elsewhere();
        elsewhere.lane.join(lanes, own, self.counts());
        elsewhere.is_known.set(elsewhere.lane.is_shared() || elsewhere.told.get().is_some());
    }

    /// It has said what it has to do. `own`: requests that this core had there besides the one that
    /// it answered with that.
    pub(crate) fn reported(&self, report: Report, own: u64, now: Instant) {
        let elsewhere = self.elsewhere();
        let (own, cores) = (u32::try_from(own).unwrap_or(u32::MAX), elsewhere.lane.others());
        let free = match report.free {
            Some(free) if report.in_flight == 0 && free > 0 => Some((free / IDLE_PART).max(1)),
            free => free,
        };
        elsewhere.told.set(Some(Told {
            others: report.in_flight.saturating_sub(own.saturating_add(cores.in_flight)),
            free,
            waiting: self.waiting().saturating_add(cores.waiting),
            at_ns: self.ns(now),
        }));
        elsewhere.is_known.set(true);
    }

    /// Whether what it said is believed to some degree.
    pub(crate) fn has_reported(&self, now: Instant) -> bool {
        self.elsewhere().age_ns(self.ns(now)).is_some_and(|age_ns| age_ns < BELIEVED_NS)
    }

    /// Whether it had requests of others when it last said what it has to do, not long ago.
    pub(crate) fn is_asked_by_others(&self, now: Instant) -> bool {
        let elsewhere = self.elsewhere();
        let is_recent = elsewhere.age_ns(self.ns(now)).is_some_and(|age_ns| age_ns < RECENT_NS);
        is_recent && elsewhere.told.get().is_some_and(|told| told.others > 0)
    }

    /// Adds to what a method sees of it what others have there.
    #[cold]
    pub(super) fn add_elsewhere(&self, candidate: &mut Candidate, now_ns: u64) {
        let elsewhere = self.elsewhere();
        let ours = candidate.waiting.saturating_add(elsewhere.lane.others().waiting);
        candidate.slots = elsewhere.slots(ours, now_ns);
        candidate.waiting = ours.saturating_add(elsewhere.waiting(now_ns));
    }
}

#[cfg(test)]
mod tests;
