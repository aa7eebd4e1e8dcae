//! What is read from runs, and all of it that was read from those of one contender in one scene.

use std::collections::BTreeMap;

use super::super::figure::Figure;
use super::contender::Contender;
use super::scene::Scene;

/// In the order of the tables' columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    P50,
    P99,
    P999,
    Longest,
    /// The 99th percentile of those who got their answer.
    Admitted,
    Goodput,
    /// Of all requests.
    Failed,
    /// In the first second.
    FailedFirst,
    /// What the first worker gets of all.
    Share,
    /// The same from a second after its change on.
    ShareAfter,
    Settled,
    Returned,
    Calm,
    /// How late the generator sent 1 of 100 requests.
    Late,
}

/// All runs of a contender in a scene.
pub(super) struct Taken {
    pub scene: Scene,
    pub contender: Contender,
    /// The generator was late, again and again: nothing that it measured counts.
    pub is_void: bool,
    values: BTreeMap<Measure, Vec<f64>>,
}

impl Measure {
    /// As the rows have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::P999 => "p999",
            Self::Longest => "longest",
            Self::Admitted => "admitted_p99",
            Self::Goodput => "goodput",
            Self::Failed => "failed",
            Self::FailedFirst => "failed_first_second",
            Self::Share => "share",
            Self::ShareAfter => "share_after_a_second",
            Self::Settled => "settled",
            Self::Returned => "returned",
            Self::Calm => "back_to_normal",
            Self::Late => "generator_late_p99",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::P50 | Self::P99 | Self::P999 | Self::Longest | Self::Admitted | Self::Late => {
                "ms"
            }
            Self::Goodput => "requests/s",
            Self::Failed | Self::FailedFirst | Self::Share | Self::ShareAfter => "%",
            Self::Settled | Self::Returned | Self::Calm => "s",
        }
    }
}

impl Taken {
    pub fn new(scene: Scene, contender: Contender) -> Self {
        Self { scene, contender, is_void: false, values: BTreeMap::new() }
    }

    pub fn add(&mut self, figures: Vec<(Measure, f64)>) {
        for (measure, value) in figures {
            self.values.entry(measure).or_default().push(value);
        }
    }

    pub fn measures(&self) -> impl Iterator<Item = Measure> {
        self.values.keys().copied()
    }

    /// A value a run, in the order of the rounds.
    pub fn values(&self, measure: Measure) -> &[f64] {
        self.values.get(&measure).map_or(&[], Vec::as_slice)
    }

    pub fn figure(&self, measure: Measure) -> Option<Figure> {
        Figure::of(self.values(measure))
    }
}
