//! What Apache's methods count of members.

use super::{Member, Members};
use crate::balance::{Burden, Candidate, by_traffic};

impl Members {
    /// Tells what the method counts of each.
    pub(super) fn weigh(&self, burden: Burden, candidates: &mut [Candidate]) {
        for (candidate, Member { standing, weight, .. }) in candidates.iter_mut().zip(&self.list) {
            candidate.burden = match burden {
                Burden::Busyness => standing.busy(),
                Burden::Traffic => {
                    by_traffic::traffic(standing.sent_bytes(), standing.received_bytes(), *weight)
                }
            };
        }
    }
}
