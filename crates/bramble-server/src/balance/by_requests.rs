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
    pub(super) fn pick(&mut self, candidates: impl Iterator<Item = Candidate>) -> Option<usize> {
        let (mut total, mut best) = (0, None);
        for (i, candidate) in candidates.enumerate() {
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

    pub(super) fn reorder(&mut self, previous: &[Option<usize>]) {
        let status = |old: &Option<usize>| old.and_then(|i| self.status.get(i).copied());
        self.status = previous.iter().map(|old| status(old).unwrap_or(0)).collect();
    }
}
