//! Apache's weighted request counting, to the letter (mod_lbmethod_byrequests).
//!
//! Each usable backend's status grows by its load factor; the largest wins (the first of
//! equals) and pays the sum of all factors that were added. Over a cycle each backend gets
//! exactly its share, interleaved; one that can't be used does not save up for later.

use super::Candidate;

/// The status (`lbstatus`) of each backend, in hundredths.
#[derive(Clone, Default)]
pub(crate) struct ByRequests {
    status: Vec<i64>,
}

impl ByRequests {
    pub(super) fn pick(&mut self, candidates: &[Candidate]) -> Option<usize> {
        self.pick_least(candidates, |_| 0)
    }

    /// Whoever has the least of something, the largest status among equals.
    #[inline]
    pub(super) fn pick_least(
        &mut self,
        candidates: &[Candidate],
        burden: impl Fn(&Candidate) -> u64,
    ) -> Option<usize> {
        let open = |candidate: &Candidate| candidate.usable;
        self.pick_from(candidates, open, |candidate| candidate.weight, burden)
    }

    #[inline]
    fn pick_from(
        &mut self,
        candidates: &[Candidate],
        open: impl Fn(&Candidate) -> bool,
        factor: impl Fn(&Candidate) -> u32,
        burden: impl Fn(&Candidate) -> u64,
    ) -> Option<usize> {
        if self.status.len() < candidates.len() {
            self.status.resize(candidates.len(), 0);
        }
        let (mut total, mut best) = (0, None);
        for (i, (candidate, status)) in candidates.iter().zip(&mut self.status).enumerate() {
            if !open(candidate) {
                continue;
            }
            let factor = i64::from(factor(candidate));
            *status += factor;
            total += factor;
            // Who stands in for another is looked at last, and needs more than the same to win.
            let key = (burden(candidate), -*status, candidate.stands_in);
            if best.is_none_or(|(_, least)| key < least) {
                best = Some((i, key));
            }
        }
        let (winner, _) = best?;
        if let Some(status) = self.status.get_mut(winner) {
            *status -= total;
        }
        Some(winner)
    }

    /// That one gets a request that it was not picked for, and pays for it as if it had been.
    pub(super) fn pay(&mut self, payer: usize, candidates: &[Candidate]) {
        self.status.resize(candidates.len().max(self.status.len()), 0);
        let mut total = 0;
        let open = candidates.iter().zip(&mut self.status).filter(|(one, _)| one.usable);
        for (candidate, status) in open {
            *status += i64::from(candidate.weight);
            total += i64::from(candidate.weight);
        }
        if let Some(status) = self.status.get_mut(payer) {
            *status -= total;
        }
    }

    /// Among those of the least cost.
    pub(super) fn pick_best(
        &mut self,
        candidates: &mut [Candidate],
        cost: impl Fn(&Candidate) -> f64,
    ) -> Option<usize> {
        let mut least = f64::INFINITY;
        for candidate in candidates.iter_mut() {
            candidate.cost = if candidate.usable { cost(candidate) } else { f64::INFINITY };
            if candidate.cost < least {
                least = candidate.cost;
            }
        }
        let is_best = |candidate: &Candidate| candidate.usable && candidate.cost <= least;
        self.pick_from(candidates, is_best, |candidate| candidate.turn, |_| 0)
    }

    pub(super) fn reorder(&mut self, previous: &[Option<usize>]) {
        let status = |old: &Option<usize>| old.and_then(|i| self.status.get(i).copied());
        self.status = previous.iter().map(|old| status(old).unwrap_or(0)).collect();
    }
}
