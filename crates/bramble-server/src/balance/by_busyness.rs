//! Apache's `bybusyness`, to the letter (mod_lbmethod_bybusyness): whoever works on the fewest
//! requests, whatever its load factor.
//!
//! Equals take turns as in `by_requests`: the status of each that may be used grows with every
//! request, not only that of the equals, so that the load factor counts among these alone.

use super::Candidate;
use super::by_requests::ByRequests;

#[derive(Clone, Default)]
pub(crate) struct ByBusyness(ByRequests);

impl ByBusyness {
    pub(super) fn pick(&mut self, candidates: &[Candidate]) -> Option<usize> {
        self.0.pick_least(candidates, |candidate| candidate.burden)
    }

    pub(super) fn reorder(&mut self, previous: &[Option<usize>]) {
        self.0.reorder(previous);
    }
}
