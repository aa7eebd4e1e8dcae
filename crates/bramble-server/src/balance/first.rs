//! The first that can be used, in the order of the configuration.

use super::Candidate;

pub(super) fn pick(candidates: &[Candidate]) -> Option<usize> {
    candidates.iter().position(|candidate| candidate.usable)
}
