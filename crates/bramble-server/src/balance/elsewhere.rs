//! What a backend has to do for others than this core: for other balancers, as far as it says so
//! itself, and for the other cores of this process, which have it in lanes. Pure.
//!
//! A report counts all requests of a backend, ours among them. Those that the cores of this process
//! had there when it came are taken off, and what is left belongs to others. That is so at this
//! moment: others send and are answered meanwhile, so that soon the mean of what was said lately is
//! the better guess. A balancer that took the last word for true would send all to whoever happened
//! to have nothing to do when it was heard last, as would all others. Of one that has not been heard
//! of for two seconds nothing is believed, and so it is asked, which is how it is heard of again.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use super::{Candidate, Report, Standing};
use crate::lanes::{Counts, Lanes, OwnLane};

/// For so long a report is believed.
const BELIEVED_NS: u64 = 2_000_000_000;
/// After so long another is to be had where checks can ask for it.
const SILENT_NS: u64 = 1_000_000_000;
/// In so long what others have comes nearer to its mean, to a third of the distance. With four
/// simulated balancers 20 and 300 ms gave the same p99 or a higher one.
const SETTLES_S: f64 = 0.1;
/// How far one report moves the mean.
const STEP: f64 = 0.1;

/// What was said of free slots is good for so long, as in Apache (`LBM_HEARTBEAT_MAX_LASTSEEN`).
const SLOTS_NS: u64 = 10_000_000_000;
/// Of one that has nothing to do so small a part of its slots counts, as in Apache: it may have just
/// begun.
const IDLE_PART: u32 = 4;

/// A report and what we know of its moment.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// Requests that others had there.
    others: f64,
    /// The same, as reports lately had it.
    mean: f64,
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
    fn others(&self, now_ns: u64) -> f64 {
        self.told.get().map_or(0.0, |told| told.others_at(now_ns))
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
    fn others_at(self, now_ns: u64) -> f64 {
        let age_ns = now_ns.saturating_sub(self.at_ns);
        if age_ns >= BELIEVED_NS {
            return 0.0;
        }
        let left = (age_ns as f64 * -1e-9 / SETTLES_S).exp();
        (self.others - self.mean).mul_add(left, self.mean)
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
        let own = own.saturating_add(cores.in_flight);
        let others = f64::from(report.in_flight.saturating_sub(own));
        let known = elsewhere.told.get().map_or(others, |told| told.mean);
        elsewhere.told.set(Some(Told {
            others,
            mean: known + (others - known) * STEP,
            free,
            waiting: self.waiting().saturating_add(cores.waiting),
            at_ns: self.ns(now),
        }));
        elsewhere.is_known.set(true);
    }

    /// Whether it has said what it has to do within a second.
    pub(crate) fn has_reported(&self, now: Instant) -> bool {
        self.elsewhere().age_ns(self.ns(now)).is_some_and(|age_ns| age_ns < SILENT_NS)
    }

    /// Whether others have asked it lately.
    pub(crate) fn is_asked_by_others(&self, now: Instant) -> bool {
        self.elsewhere().others(self.ns(now)) > 0.0
    }

    /// Adds to what a method sees of it what others have there.
    #[cold]
    pub(super) fn add_elsewhere(&self, candidate: &mut Candidate, now_ns: u64) {
        let elsewhere = self.elsewhere();
        let ours = candidate.waiting.saturating_add(elsewhere.lane.others().waiting);
        candidate.slots = elsewhere.slots(ours, now_ns);
        (candidate.waiting, candidate.elsewhere) = (ours, elsewhere.others(now_ns));
    }
}

#[cfg(test)]
mod tests;
