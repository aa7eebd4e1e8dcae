//! How long a backend's answers take to begin. Pure.

use std::time::{Duration, Instant};

/// How far one answer that takes longer moves the estimate towards itself; and a shorter one.
const RISE: f64 = 0.3;
const FALL: f64 = 0.1;
/// In so long what is known of a slow backend halves its distance from what is usual: it gets a
/// request now and then, and is found to be well again. One sixteen times as slow gets one in some
/// four seconds, which is below 0.2 % of 300 requests a second.
const HALF_LIFE_S: f64 = 1.0;
/// Younger knowledge is taken as it is.
const FRESH: Duration = Duration::from_millis(250);

/// A mean that rises fast, falls slowly, and is believed the less the older it is (peak EWMA, as
/// in Finagle and linkerd).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Estimate {
    s: f64,
    at: Option<Instant>,
}

impl Estimate {
    /// In seconds; `usual` is what the answers of the whole pool take.
    pub(super) fn get(&self, usual: f64, now: Instant) -> f64 {
        let Some(at) = self.at else { return usual };
        let age = now.saturating_duration_since(at);
        if age < FRESH || self.s <= usual {
            return self.s;
        }
        usual + (self.s - usual) * (-age.as_secs_f64() / HALF_LIFE_S).exp2()
    }

    /// An answer took so many seconds to begin.
    pub(super) fn add(&mut self, sample: f64, usual: f64, now: Instant) {
        let known = if self.at.is_some() { self.get(usual, now) } else { sample };
        let step = if sample > known { RISE } else { FALL };
        self.s = known + (sample - known) * step;
        self.at = Some(now);
    }
}

#[cfg(test)]
mod tests;
