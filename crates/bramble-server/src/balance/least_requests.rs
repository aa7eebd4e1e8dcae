//! Whoever has the fewest requests that are not answered, for its weight; equals take turns.

use super::Candidate;
use super::by_requests::ByRequests;

#[derive(Clone, Default)]
pub(crate) struct LeastRequests(ByRequests);

impl LeastRequests {
    pub(super) fn pick(&mut self, candidates: &mut [Candidate]) -> Option<usize> {
        self.0.pick_best(candidates, Candidate::load)
    }

    pub(super) fn reorder(&mut self, previous: &[Option<usize>]) {
        self.0.reorder(previous);
    }
}
