//! How slowly a client may send or read a body: it has a time for each move, and over all of them
//! a least rate. Only the time in which the client is waited for counts.

use std::time::Duration;

use bramble_net::Spare;

/// One direction of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    /// For one move, and to begin with.
    step: Duration,
    bytes_per_s: u32,
    bytes: u64,
    waited: Duration,
}

impl Floor {
    pub(crate) fn new(step: Duration, bytes_per_s: u32) -> Self {
        Self { step, bytes_per_s, bytes: 0, waited: Duration::ZERO }
    }

    /// Without a rate, as for peers of our own.
    pub(crate) fn step(step: Duration) -> Self {
        Self::new(step, 0)
    }

    /// How long the next move may take.
    #[inline]
    pub(crate) fn limit(&self) -> Duration {
        // As for most: whoever has not been waited for has all of its time.
        if self.waited.is_zero() {
            return self.step;
        }
        let earned_ms = self.bytes.saturating_mul(1000).checked_div(self.bytes_per_s.into());
        let Some(earned_ms) = earned_ms else { return self.step };
        let all = self.step.saturating_add(Duration::from_millis(earned_ms));
        self.step.min(all.saturating_sub(self.waited))
    }

    /// Whether its waits can be ended for others.
    pub(crate) fn spare(&self) -> Spare {
        if self.bytes_per_s > 0 { Spare::Slow } else { Spare::No }
    }

    /// It is the rate that ends the next move, if that has not come within the limit.
    pub(crate) fn is_low(&self) -> bool {
        self.limit() < self.step
    }

    /// How long it was waited for, all in all.
    pub(crate) fn waited(&self) -> Duration {
        self.waited
    }

    /// A move came after such a wait.
    pub(crate) fn moved(&mut self, bytes: usize, waited: Duration) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        self.waited = self.waited.saturating_add(waited);
    }
}

#[cfg(test)]
mod tests;
