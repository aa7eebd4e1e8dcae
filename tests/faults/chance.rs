//! Chance that is the same in every run.

use std::ops::Range;
use std::time::Duration;

/// Numbers from a seed, by xorshift.
pub struct Chance(u64);

impl Chance {
    /// The same seed, the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A time within a range of milliseconds.
    pub fn ms(&mut self, range: Range<u64>) -> Duration {
        for shift in [13, -7, 17] {
            self.0 ^= if shift > 0 { self.0 << shift } else { self.0 >> -shift };
        }
        Duration::from_millis(range.start + self.0 % (range.end - range.start))
    }
}
