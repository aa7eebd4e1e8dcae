//! Emulating one old board: requests are served one after the other, so many a second.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::counters::{Counters, Held};

/// The one place at which a paced site's requests are served.
pub(crate) struct Pace {
    service: Duration,
    free_at: Cell<Instant>,
}

impl Pace {
    /// `rate_per_s` over all `threads`, of which this core has its share.
    pub(crate) fn new(rate_per_s: u32, threads: u16, now: Instant) -> Self {
        let share = f64::from(rate_per_s.max(1)) / f64::from(threads.max(1));
        Self { service: Duration::from_secs_f64(1.0 / share), free_at: Cell::new(now) }
    }

    /// What one request takes once its turn has come.
    pub(crate) fn service(&self) -> Duration {
        self.service
    }

    /// Waits in line and is served.
    pub(crate) async fn serve(&self, counters: &Counters) {
        let done = self.queue(Instant::now());
        let waiting = Held::new(&counters.waiting);
        tokio::time::sleep_until(done.into()).await;
        drop(waiting);
        counters.busy.set(counters.busy.get() + self.service);
    }

    /// When a request that comes `now` is done.
    fn queue(&self, now: Instant) -> Instant {
        let done = self.free_at.get().max(now) + self.service;
        self.free_at.set(done);
        done
    }
}

#[cfg(test)]
mod tests;
