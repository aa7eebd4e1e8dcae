//! The default: whoever is expected to be through with one more request first.
//!
//! What a backend's answers take, as far as that is known and still believed, times the requests
//! that it would have with this one; those of a backend of thrice the weight count a third. Where
//! all are alike that is the one with the fewest requests; a slow one gets none while another would be sooner. (Peak EWMA and requests in flight, as linkerd
//! has them, but over *all* backends: a balancer that sees them all would lose by drawing two.)
//!
//! What is not much slower than usual is as good as the others, and all that are equally good take
//! turns by weight: at night, when one request comes after the other, chance would else send all
//! of them to the one that answered a tenth of a millisecond sooner.

use super::Candidate;
use super::by_requests::ByRequests;

#[derive(Clone, Default)]
pub(crate) struct Adaptive(ByRequests);

impl Adaptive {
    pub(super) fn pick(&mut self, candidates: &mut [Candidate]) -> Option<usize> {
        let cost = |candidate: &Candidate| candidate.expected_s * candidate.load();
        self.0.pick_best(candidates, cost)
    }

    pub(super) fn reorder(&mut self, previous: &[Option<usize>]) {
        self.0.reorder(previous);
    }
}
