//! Chance by a seed: what is run again has the same requests at the same times. Knows no clock.

/// `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014).
pub(super) struct Rng(u64);

impl Rng {
    /// Each stream of a seed is another sequence.
    pub fn of(seed: u64, stream: u64) -> Self {
        let mut rng = Self(seed);
        let start = rng.next() ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(start)
    }

    /// Above 0, at most 1.
    pub fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }

    /// Time to the next of what happens once in `mean` and has no memory.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.unit().ln()
    }

    /// Its logarithm is normal with that deviation.
    pub fn log_normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let (radius, turn) = ((-2.0 * self.unit().ln()).sqrt(), self.unit());
        let normal = radius * (turn * std::f64::consts::TAU).cos();
        mean * (normal * deviation - deviation * deviation / 2.0).exp()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests;
