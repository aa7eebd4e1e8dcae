//! The bars: what bramble's figures are held against. A figure whose interval spans its bar is a
//! tie with it.

use super::super::bar::{Op, Verdict};
use super::super::figure::Figure;
use super::case::Case;
use super::contender::{BRAMBLE_IN_TURN, Contender, IN_TURN};
use super::measure::{Measure, Taken};
use super::scene::Scene;

/// What is asked of one figure.
pub(super) struct Bar {
    pub case: Case,
    pub scene: Scene,
    pub measure: Measure,
    pub against: Against,
    pub op: Op,
    pub must: f64,
}

/// What the figure is made of; of several rivals the best counts.
#[derive(Clone, Copy)]
pub(super) enum Against {
    /// The measure itself.
    Nobody,
    /// The measure less that of the rival.
    Less(Whose, &'static [Scene]),
    /// The measure over that of the rival.
    Over(Whose, &'static [Scene]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those that send requests in turn, ours too.
    InTurn,
    /// The same contender, in other scenes.
    Own,
    Peers,
}

/// A bar's figure with its verdict; none where the generator was late.
pub(super) struct Judged {
    pub bar: &'static Bar,
    pub ours: Contender,
    pub rival: Option<(Scene, Contender)>,
    pub figure: Figure,
    pub verdict: Option<Verdict>,
}

const LOADS: &[Scene] =
    &[Scene::Offered(8), Scene::Offered(10), Scene::Offered(20), Scene::Offered(50)];

/// In the order of the cases.
const BARS: &[Bar] = &[
    most(Case::Slow, Scene::Slow, Measure::P99, own(&[Scene::Alike]), 1.2),
    most(Case::Slow, Scene::Slow, Measure::P99, peers(&[Scene::Slow]), 0.2),
    most(Case::SlowTwoCores, Scene::Slow, Measure::P99, own(&[Scene::Alike]), 1.2),
    most(Case::SlowTwoCores, Scene::Slow, Measure::P99, peers(&[Scene::Slow]), 0.2),
    least(Case::Alike, Scene::Saturated, Measure::Goodput, in_turn(&[Scene::Saturated]), 0.98),
    most(Case::Alike, Scene::Alike, Measure::P99, in_turn(&[Scene::Alike]), 1.0),
    most(Case::Fails, Scene::Fails, Measure::FailedFirst, Against::Nobody, 1.0),
    most(Case::Fails, Scene::Fails, Measure::ShareAfter, Against::Nobody, 0.5),
    most(Case::TurnsSlow, Scene::TurnsSlow, Measure::Settled, Against::Nobody, 2.0),
    most(Case::TurnsSlow, Scene::TurnsSlow, Measure::Returned, Against::Nobody, 10.0),
    least(Case::Overload, Scene::Offered(20), Measure::Goodput, own(LOADS), 0.95),
    least(Case::Overload, Scene::Offered(50), Measure::Goodput, own(LOADS), 0.95),
    least(Case::Overload, Scene::Offered(100), Measure::Goodput, own(LOADS), 0.8),
    most(Case::Overload, Scene::Offered(20), Measure::Admitted, own(&[Scene::Offered(8)]), 2.0),
    most(Case::Overload, Scene::Offered(50), Measure::Admitted, own(&[Scene::Offered(8)]), 2.0),
    most(Case::Spike, Scene::Spike, Measure::Calm, Against::Nobody, 1.0),
    most(Case::Users, Scene::Users, Measure::Longest, less_peers(&[Scene::Users]), 20.0),
    most(Case::Users, Scene::Users, Measure::P999, Against::Nobody, 250.0),
    most(
        Case::Users,
        Scene::UsersStalling,
        Measure::Longest,
        less_peers(&[Scene::UsersStalling]),
        20.0,
    ),
    most(Case::Users, Scene::UsersStalling, Measure::P999, Against::Nobody, 250.0),
    least(Case::Sweep, Scene::Busy, Measure::Goodput, peers(&[Scene::Busy]), 0.95),
    most(Case::Sweep, Scene::Busy, Measure::P99, peers(&[Scene::Busy]), 1.1),
];

const fn most(case: Case, scene: Scene, measure: Measure, against: Against, must: f64) -> Bar {
    Bar { case, scene, measure, against, op: Op::AtMost, must }
}

const fn least(case: Case, scene: Scene, measure: Measure, against: Against, must: f64) -> Bar {
    Bar { case, scene, measure, against, op: Op::AtLeast, must }
}

const fn own(scenes: &'static [Scene]) -> Against {
    Against::Over(Whose::Own, scenes)
}

const fn peers(scenes: &'static [Scene]) -> Against {
    Against::Over(Whose::Peers, scenes)
}

const fn in_turn(scenes: &'static [Scene]) -> Against {
    Against::Over(Whose::InTurn, scenes)
}

const fn less_peers(scenes: &'static [Scene]) -> Against {
    Against::Less(Whose::Peers, scenes)
}

/// Those of the case whose figures are there.
pub(super) fn judge(case: Case, ours: Contender, taken: &[Taken]) -> Vec<Judged> {
    BARS.iter().filter(|bar| bar.case == case).filter_map(|bar| bar.judge(ours, taken)).collect()
}

impl Bar {
    /// As the rows have it.
    pub fn name(&self) -> String {
        let measure = self.measure.name();
        match self.against {
            Against::Nobody => measure.to_owned(),
            Against::Less(..) => format!("{measure}_less_its"),
            Against::Over(..) => format!("{measure}_over_its"),
        }
    }

    pub fn unit(&self) -> &'static str {
        if matches!(self.against, Against::Over(..)) { "ratio" } else { self.measure.unit() }
    }

    fn judge(&'static self, ours: Contender, taken: &[Taken]) -> Option<Judged> {
        let mine = taken.iter().find(|one| one.scene == self.scene && one.contender == ours)?;
        let (best, combine): (_, fn(f64, f64) -> f64) = match self.against {
            Against::Nobody => (None, |mine, _| mine),
            Against::Less(whose, scenes) => {
                (Some(self.best(ours, whose, scenes, taken)?), |mine, its| mine - its)
            }
            Against::Over(whose, scenes) => {
                (Some(self.best(ours, whose, scenes, taken)?), |mine, its| mine / its)
            }
        };
        let rivals = best.unwrap_or(mine).values(self.measure);
        let pairs = mine.values(self.measure).iter().zip(rivals);
        let figure =
            Figure::of(&pairs.map(|(mine, its)| combine(*mine, *its)).collect::<Vec<_>>())?;
        let is_void = mine.is_void || best.is_some_and(|best| best.is_void);
        let verdict = (!is_void).then(|| self.op.verdict(figure, self.must));
        let rival = best.map(|best| (best.scene, best.contender));
        Some(Judged { bar: self, ours, rival, figure, verdict })
    }

    fn best<'a>(
        &self,
        ours: Contender,
        whose: Whose,
        scenes: &[Scene],
        taken: &'a [Taken],
    ) -> Option<&'a Taken> {
        let rivals = taken
            .iter()
            .filter(|one| scenes.contains(&one.scene) && whose.has(ours, one.contender));
        let known = rivals.filter_map(|one| Some((one.figure(self.measure)?.median, one)));
        let best = known.min_by(|(one, _), (other, _)| match self.op {
            Op::AtLeast => other.total_cmp(one),
            Op::AtMost => one.total_cmp(other),
        });
        best.map(|(_, one)| one)
    }
}

impl Whose {
    fn has(self, ours: Contender, other: Contender) -> bool {
        match self {
            Self::InTurn => other == BRAMBLE_IN_TURN || IN_TURN.contains(&other),
            Self::Own => other == ours,
            Self::Peers => !other.is_ours(),
        }
    }
}

#[cfg(test)]
mod tests;
