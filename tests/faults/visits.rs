//! What visitors saw.

use std::collections::BTreeMap;
use std::time::Duration;

/// One request.
#[derive(Clone, Debug)]
pub struct Visit {
    pub is_post: bool,
    /// When it should have been sent, from the start.
    pub due: Duration,
    /// How much later it was sent: the generator's fault.
    pub late: Duration,
    /// From the time it was due to the end of its answer.
    pub took: Duration,
    pub outcome: Outcome,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Cut,
    Fine,
    NoAnswer,
    Status(u16),
    WrongBody,
}

/// Some or all of a run.
pub struct Visits(Vec<Visit>);

impl Visits {
    pub fn of(mut visits: Vec<Visit>) -> Self {
        visits.sort_by_key(|visit| visit.due);
        Self(visits)
    }

    pub fn gets(&self) -> Self {
        self.only(|visit| !visit.is_post)
    }

    pub fn posts(&self) -> Self {
        self.only(|visit| visit.is_post)
    }

    /// Those that were due in this span.
    pub fn between(&self, from: Duration, to: Duration) -> Self {
        self.only(|visit| (from..to).contains(&visit.due))
    }

    fn only(&self, wanted: impl Fn(&Visit) -> bool) -> Self {
        Self(self.0.iter().filter(|visit| wanted(visit)).cloned().collect())
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn failed(&self) -> usize {
        self.0.iter().filter(|visit| visit.outcome != Outcome::Fine).count()
    }

    /// How they failed, as `3 Cut, 1 Status(502)`.
    pub fn failures(&self) -> String {
        let mut kinds = BTreeMap::new();
        for visit in self.0.iter().filter(|visit| visit.outcome != Outcome::Fine) {
            *kinds.entry(visit.outcome).or_insert(0) += 1;
        }
        let kinds: Vec<_> = kinds.iter().map(|(kind, n)| format!("{n} {kind:?}")).collect();
        kinds.join(", ")
    }

    /// The time within which this share of all were answered or given up.
    pub fn within(&self, share: f64) -> Duration {
        let mut times: Vec<_> = self.0.iter().map(|visit| visit.took).collect();
        times.sort();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A small position.
        let at = (times.len() as f64 * share).ceil() as usize;
        times.get(at.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// How many took more than this.
    pub fn slower_than(&self, limit: Duration) -> usize {
        self.0.iter().filter(|visit| visit.took > limit).count()
    }

    /// Whether all got this status.
    pub fn are_all(&self, status: u16) -> bool {
        self.0.iter().all(|visit| visit.outcome == Outcome::Status(status))
    }

    /// The longest that a request waited in the generator.
    pub fn latest(&self) -> Duration {
        self.0.iter().map(|visit| visit.late).max().unwrap_or_default()
    }
}
