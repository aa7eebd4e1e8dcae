//! What a worker says of its own load: how many requests its process has, what one takes, and how
//! many more it would work on at once.
//!
//! It is said to balancers, which have a key, and to whoever asks, but to no visitor. Requests are
//! counted on all cores. What one takes is told without what it waited in line for, which a
//! balancer can't tell apart by itself: that comes of the line, not of the board.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crate::balance::Report;
use crate::lanes::{Counts, Lanes, OwnLane};

/// One answer moves what they take by a part in so many.
const STEP: u32 = 16;

/// A core's part in it.
#[derive(Default)]
pub(crate) struct Work {
    /// Requests that the process works on at a time; 0: it serves no site, and says nothing.
    slots: Cell<u32>,
    /// What one takes, in microseconds; 0: none has been answered.
    service_us: Cell<u32>,
    lane: OwnLane,
}

/// A request that is being answered.
pub(crate) struct Serving<'a> {
    work: &'a Work,
    in_flight: &'a Cell<u64>,
}

impl Work {
    /// Is one of so many threads from now on, or of none that serve a site.
    pub(crate) fn join(&self, threads: u16, lanes: &Arc<Lanes>, own: usize, in_flight: u64) {
        self.slots.set(u32::from(threads));
        self.lane.join(lanes, own, counts(in_flight));
    }

    /// Counts a request in `in_flight` until the result is dropped.
    #[inline]
    pub(crate) fn begin<'a>(&'a self, in_flight: &'a Cell<u64>) -> Serving<'a> {
        in_flight.set(in_flight.get() + 1);
        self.lane.publish(|| counts(in_flight.get()));
        Serving { work: self, in_flight }
    }

    /// Whether there is anything to say.
    #[inline]
    pub(crate) fn is_worker(&self) -> bool {
        self.slots.get() > 0
    }

    /// A request took so long, from when nothing stood before it in line.
    pub(crate) fn served(&self, took: Duration) {
        let us = u32::try_from(took.as_micros()).unwrap_or(u32::MAX).max(1);
        let known = self.service_us.get();
        self.service_us.set(match known {
            0 => us,
            // Rounded up or down towards it, so that it gets there.
            _ if us > known => known + (us - known).div_ceil(STEP),
            _ => known - (known - us).div_ceil(STEP),
        });
    }

    /// What there is to say with an answer, where this core has so many requests with that one.
    pub(crate) fn report(&self, in_flight: u64) -> Report {
        let own = counts(in_flight.saturating_sub(1)).in_flight;
        let in_flight = own.saturating_add(self.lane.others().in_flight);
        let service_us = Some(self.service_us.get()).filter(|us| *us > 0);
        Report { in_flight, service_us, free: Some(self.slots.get().saturating_sub(in_flight)) }
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
        self.work.lane.publish(|| counts(self.in_flight.get()));
    }
}

fn counts(in_flight: u64) -> Counts {
    let in_flight = u32::try_from(in_flight).unwrap_or(u32::MAX);
    Counts { in_flight, waiting: in_flight }
}

#[cfg(test)]
mod tests;
