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
        let (mut total, mut best) = (0, None);
        for (i, candidate) in candidates.iter().enumerate() {
            if i == self.status.len() {
                self.status.push(0);
            }
            let Some(status) = self.status.get_mut(i) else { break };
            if !candidate.usable {
                continue;
            }
            let factor = i64::from(candidate.weight);
            *status += factor;
            total += factor;
            if best.is_none_or(|(_, most)| *status > most) {
                best = Some((i, *status));
            }
        }
        let (winner, _) = best?;
        if let Some(status) = self.status.get_mut(winner) {
            *status -= total;
        }
        Some(winner)
    }

    /// Among those of the least cost.
    pub(super) fn pick_best(
        &mut self,
        candidates: &mut [Candidate],
        cost: impl Fn(&Candidate) -> f64,
    ) -> Option<usize> {
        let usable = candidates.iter().filter(|candidate| candidate.usable);
        let least = usable.map(&cost).fold(f64::INFINITY, f64::min);
        for candidate in candidates.iter_mut() {
            candidate.usable &= cost(candidate) <= least;
        }
        self.pick(candidates)
    }

    pub(super) fn reorder(&mut self, previous: &[Option<usize>]) {
        let status = |old: &Option<usize>| old.and_then(|i| self.status.get(i).copied());
        self.status = previous.iter().map(|old| status(old).unwrap_or(0)).collect();
    }
}
