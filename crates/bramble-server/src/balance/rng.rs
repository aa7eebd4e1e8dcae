//! Random numbers that a seed fixes, so that a pick can be repeated (SplitMix64).

#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in 0..bound; none if that is empty.
    pub(crate) fn below(&mut self, bound: usize) -> Option<usize> {
        // Multiply-shift instead of a division; its bias is below 2^-32 for our bounds.
        let product = u128::from(self.next_u64()) * bound as u128;
        (bound > 0).then_some((product >> 64) as usize)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
}

/// Any number to one that looks random.
pub(super) fn mix(number: u64) -> u64 {
    let z = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
