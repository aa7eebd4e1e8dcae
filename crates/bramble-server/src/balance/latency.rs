//! How long a pool's answers usually take. Pure.

use std::time::Duration;

/// The share of answers that come sooner than what is estimated.
const QUANTILE: f64 = 0.95;
/// How far one answer moves the estimate.
const STEP: f64 = 0.05;

/// The 95th percentile of what it was told, followed without keeping any of it: each answer
/// moves the estimate a little towards itself, and the moves cancel where one in twenty is above
/// (frugal streaming: Ma, Muthukrishnan and Sandler, 2013).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Latency {
    s: f64,
}

impl Latency {
    pub(super) fn add(&mut self, answer: Duration) {
        let s = answer.as_secs_f64();
        self.s *= match self.s {
            0.0 => return self.s = s,
            estimate if s > estimate => 1.0 + STEP * QUANTILE,
            _ => 1.0 - STEP * (1.0 - QUANTILE),
        };
    }

    pub(super) fn p95(&self) -> Duration {
        Duration::try_from_secs_f64(self.s).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests;
