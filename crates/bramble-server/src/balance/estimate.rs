//! How long a backend's answers take to begin. Pure.

/// How far one answer that takes longer moves the estimate towards itself; and a shorter one.
const RISE: f64 = 0.3;
const FALL: f64 = 0.1;
/// In so long what is known of a slow backend halves its distance from what is usual: it gets a
/// request now and then, and is found to be well again. One sixteen times as slow gets one in some
/// four seconds, which is below 0.2 % of 300 requests a second.
const HALF_LIFE_S: f64 = 1.0;
/// Younger knowledge is taken as it is.
const FRESH_NS: u64 = 250_000_000;

/// A mean that rises fast, falls slowly, and is believed the less the older it is (peak EWMA, as
/// in Finagle and linkerd).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Estimate {
    s: f64,
    /// As all times here, told from some instant on.
    at_ns: Option<u64>,
}

impl Estimate {
    /// In seconds; `usual` is what the answers of the whole pool take.
    #[inline]
    pub(super) fn get(&self, usual: f64, now_ns: u64) -> f64 {
        let Some(at_ns) = self.at_ns else { return usual };
        let age_ns = now_ns.saturating_sub(at_ns);
        if age_ns < FRESH_NS || self.s <= usual {
            return self.s;
        }
        usual + (self.s - usual) * (age_ns as f64 * -1e-9 / HALF_LIFE_S).exp2()
    }

    /// An answer took so many seconds to begin.
    pub(super) fn add(&mut self, sample: f64, usual: f64, now_ns: u64) {
        let known = if self.at_ns.is_some() { self.get(usual, now_ns) } else { sample };
        let step = if sample > known { RISE } else { FALL };
        self.s = known + (sample - known) * step;
        self.at_ns = Some(now_ns);
    }
}

#[cfg(test)]
mod tests;
