//! Two drawn at random, of which the one with fewer requests for its weight is taken
//! (Mitzenmacher, The Power of Two Choices, 2001).

use super::Candidate;
use super::rng::Rng;

#[derive(Clone)]
pub(crate) struct RandomTwo(Rng);

impl RandomTwo {
    pub(super) fn new(seed: u64) -> Self {
        Self(Rng::new(seed))
    }

    pub(super) fn pick(&mut self, candidates: &[Candidate]) -> Option<usize> {
        let usable = candidates.iter().filter(|candidate| candidate.usable).count();
        let first = self.0.below(usable)?;
        // The second is another, wherever there is one.
        let second = self.0.below(usable - 1).map_or(first, |n| (first + 1 + n) % usable);
        let nth = |n: usize| candidates.iter().enumerate().filter(|(_, c)| c.usable).nth(n);
        let ((i, a), (j, b)) = (nth(first)?, nth(second)?);
        Some(if b.load() < a.load() { j } else { i })
    }
}
