//! Chances of a simulated world, which its seed fixes.

use crate::balance::Rng as Numbers;

pub(super) struct Rng(Numbers);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(Numbers::new(seed))
    }

    /// Uniform in 0..1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in 0..bound.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.unit() * bound as f64) as usize
    }

    /// Exponential with mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }
}
