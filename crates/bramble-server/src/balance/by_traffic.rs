//! Apache's `bytraffic` (mod_lbmethod_bytraffic): whoever has moved the fewest bytes for its load
//! factor; of equals the first.
//!
//! What counts is what Apache counts: of a request all that is written, head and framing included;
//! of an answer its status line without the end of it, and the body without its framing. Who was
//! out catches up, as there. Who joins a pool that runs does not: there that means a restart, from
//! which all count anew, and to catch up with weeks would take all requests for long.

use super::Candidate;

#[derive(Clone, Default)]
pub(crate) struct ByTraffic {
    /// What each had a start of, for its load factor; none: it has just joined.
    ahead: Vec<Option<u64>>,
}

impl ByTraffic {
    pub(super) fn pick(&mut self, candidates: &[Candidate]) -> Option<usize> {
        if self.ahead.len() != candidates.len() || self.ahead.contains(&None) {
            self.welcome(candidates);
        }
        let counted = candidates.iter().zip(&self.ahead).enumerate();
        let open = counted.filter(|(_, (candidate, _))| candidate.usable);
        let least = open.min_by_key(|(_, (candidate, ahead))| {
            (candidate.burden.saturating_add(ahead.unwrap_or(0)), candidate.stands_in)
        });
        least.map(|(i, _)| i)
    }

    /// Lets newcomers begin where the least of the others is, and all alike with the method.
    #[cold]
    fn welcome(&mut self, candidates: &[Candidate]) {
        self.ahead.resize(candidates.len(), None);
        let known = candidates.iter().zip(&self.ahead);
        let known = known.filter_map(|(one, ahead)| Some(one.burden.saturating_add((*ahead)?)));
        let all = candidates.iter().map(|one| one.burden);
        let least = known.min().or_else(|| all.max()).unwrap_or(0);
        for (candidate, ahead) in candidates.iter().zip(&mut self.ahead) {
            ahead.get_or_insert(least.saturating_sub(candidate.burden));
        }
    }

    pub(super) fn reorder(&mut self, previous: &[Option<usize>]) {
        if !self.ahead.is_empty() {
            let ahead = |old: &Option<usize>| old.and_then(|i| *self.ahead.get(i)?);
            self.ahead = previous.iter().map(ahead).collect();
        }
    }
}

/// What a backend has moved, for its load factor in hundredths. Divided one by one, as there.
pub(super) fn traffic(sent_bytes: u64, received_bytes: u64, weight: u32) -> u64 {
    let weight = u64::from(weight.max(1));
    sent_bytes / weight + received_bytes / weight
}
