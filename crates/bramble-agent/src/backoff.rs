//! Waiting longer after each failure, and not all nodes at the same moment.

use std::time::Duration;

/// Doubles from `first` to `last`.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    last: Duration,
    next: Duration,
}

impl Backoff {
    /// Starts at `first`.
    pub const fn new(first: Duration, last: Duration) -> Self {
        Self { first, last, next: first }
    }

    /// How long to wait now.
    pub fn delay(&mut self) -> Duration {
        let delay = self.next;
        self.next = self.last.min(delay * 2);
        delay
    }

    /// It went well.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

/// A backoff that is spread by chance: when a manager comes back, its nodes must not all come
/// at once.
#[derive(Clone, Debug)]
pub struct Spread {
    backoff: Backoff,
    random: u64,
}

impl Spread {
    /// The same seed gives the same delays.
    pub const fn new(backoff: Backoff, seed: u64) -> Self {
        Self { backoff, random: seed }
    }

    /// How long to wait now: at least half of the backoff's delay, at most all of it.
    pub fn delay(&mut self) -> Duration {
        let half = self.backoff.delay() / 2;
        half + half.mul_f64(self.chance())
    }

    /// It went well.
    pub fn reset(&mut self) {
        self.backoff.reset();
    }

    /// From 0 to 1, by SplitMix64: even enough for delays, no good for secrets.
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from((mixed >> 32) as u32) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests;
