//! The bars: what bramble's figures are held against, and the verdicts.
//!
//! A figure whose interval spans its bar is a tie with it, neither met nor missed.

use super::case::Case;
use super::figure::Figure;
use super::measure::{Measure, Measured};
use super::peer::Peer::{
    self, Apache, Bramble, BrambleLogged, Caddy, Haproxy, Nginx, NginxFileCache,
};

/// What is asked of one figure.
pub(super) struct Bar {
    pub case: Case,
    pub whose: Peer,
    pub measure: Measure,
    pub against: Against,
    pub op: Op,
    pub must: f64,
    pub aim: Option<f64>,
}

/// What the figure is made of; of several rivals the best counts.
#[derive(Clone, Copy)]
pub(super) enum Against {
    /// The measure itself.
    Nobody,
    /// The measure less that of the rival.
    Less(&'static [Peer]),
    /// The measure over that of the rival.
    Over(&'static [Peer]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    AtLeast,
    AtMost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Met,
    Missed,
    Tie,
}

/// A bar's figure with its verdicts.
pub(super) struct Judged {
    pub bar: &'static Bar,
    pub rival: Option<Peer>,
    pub figure: Figure,
    pub must: Verdict,
    pub aim: Option<Verdict>,
}

/// In the order of the cases.
pub(super) const BARS: &[Bar] = &[
    cpu(Case::Keepalive, &[Nginx], 1.0, Some(0.9)),
    cpu(Case::Keepalive, &[Haproxy], 0.88, None),
    Bar {
        whose: BrambleLogged,
        measure: Measure::Instructions,
        ..cpu(Case::Keepalive, &[Bramble], 1.05, None)
    },
    cpu(Case::ConnectionARequest, &[Nginx], 1.05, Some(0.95)),
    cpu(Case::ConnectionARequest, &[Haproxy], 0.88, None),
    cpu(Case::Bodies, &[Nginx], 0.7, Some(0.45)),
    cpu(Case::BodiesCubic, &[Nginx], 0.7, Some(0.45)),
    cpu(Case::Files2k, &[Nginx, NginxFileCache], 1.0, Some(0.9)),
    cpu(Case::Files100k, &[Nginx, NginxFileCache], 1.0, Some(0.9)),
    far(Case::Relay),
    far(Case::RelayFile),
    Bar {
        measure: Measure::PerCpuS,
        op: Op::AtLeast,
        ..cpu(Case::TwoCores, &[Nginx], 1.0, Some(1.1))
    },
    alone(Case::Memory, Measure::RestPss, 10.0, Some(5.0)),
    alone(Case::Memory, Measure::IdlePss, 1200.0, Some(600.0)),
    Bar { measure: Measure::PeakRss, ..cpu(Case::Users, &[Nginx], 1.0, None) },
    Bar {
        against: Against::Less(&[Nginx, Haproxy, Apache, Caddy]),
        ..alone(Case::Users, Measure::Longest, 20.0, None)
    },
];

const fn cpu(case: Case, rivals: &'static [Peer], must: f64, aim: Option<f64>) -> Bar {
    Bar { against: Against::Over(rivals), ..alone(case, Measure::Cpu, must, aim) }
}

const fn far(case: Case) -> Bar {
    let measure = Measure::Throughput;
    Bar { measure, op: Op::AtLeast, ..cpu(case, &[Nginx], 0.8, None) }
}

const fn alone(case: Case, measure: Measure, must: f64, aim: Option<f64>) -> Bar {
    Bar { case, whose: Bramble, measure, against: Against::Nobody, op: Op::AtMost, must, aim }
}

/// Those whose figures are there.
pub(super) fn judge(measured: &[Measured]) -> Vec<Judged> {
    BARS.iter().filter_map(|bar| bar.judge(measured)).collect()
}

impl Bar {
    /// As the rows have it.
    pub fn name(&self) -> String {
        let (ours, measure) = (self.whose.name().replace('-', "_"), self.measure.name());
        match self.against {
            Against::Nobody => format!("{ours}_{measure}"),
            Against::Less(_) => format!("{ours}_{measure}_less_peer"),
            Against::Over(_) => format!("{ours}_{measure}_over_peer"),
        }
    }

    pub fn unit(&self) -> &'static str {
        if matches!(self.against, Against::Over(_)) { "ratio" } else { self.measure.unit() }
    }

    fn judge(&'static self, measured: &[Measured]) -> Option<Judged> {
        let ours = find(measured, self.case, self.whose)?;
        let (rival, values) = self.values(ours, measured)?;
        let figure = Figure::of(&values)?;
        let (must, aim) = (self.op, self.aim.map(|aim| self.op.verdict(figure, aim)));
        Some(Judged { bar: self, rival, figure, must: must.verdict(figure, self.must), aim })
    }

    /// Round by round, against the rival that is best over all of them.
    fn values(&self, ours: &Measured, all: &[Measured]) -> Option<(Option<Peer>, Vec<f64>)> {
        let values = ours.values(self.measure);
        let (rivals, combine): (_, fn(f64, f64) -> f64) = match self.against {
            Against::Nobody => return Some((None, values.to_vec())),
            Against::Less(rivals) => (rivals, |ours, its| ours - its),
            Against::Over(rivals) => (rivals, |ours, its| ours / its),
        };
        let best = self.best(rivals, all)?;
        let pairs = values.iter().zip(best.values(self.measure));
        Some((Some(best.peer), pairs.map(|(ours, its)| combine(*ours, *its)).collect()))
    }

    fn best<'a>(&self, rivals: &[Peer], all: &'a [Measured]) -> Option<&'a Measured> {
        let there = rivals.iter().filter_map(|peer| find(all, self.case, *peer));
        let known = there.filter_map(|one| Some((one.figure(self.measure)?.median, one)));
        let best = known.min_by(|(one, _), (other, _)| match self.op {
            Op::AtLeast => other.total_cmp(one),
            Op::AtMost => one.total_cmp(other),
        });
        best.map(|(_, one)| one)
    }
}

impl Op {
    pub fn sign(self) -> &'static str {
        if self == Self::AtLeast { ">=" } else { "<=" }
    }

    pub fn verdict(self, figure: Figure, bar: f64) -> Verdict {
        let (best, worst) = match self {
            Self::AtLeast => (-figure.high, -figure.low),
            Self::AtMost => (figure.low, figure.high),
        };
        let bar = if self == Self::AtLeast { -bar } else { bar };
        match () {
            () if worst <= bar => Verdict::Met,
            () if best > bar => Verdict::Missed,
            () => Verdict::Tie,
        }
    }
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Tie => "tie",
        }
    }
}

fn find(measured: &[Measured], case: Case, peer: Peer) -> Option<&Measured> {
    measured.iter().find(|one| one.case == case && one.peer == peer)
}

#[cfg(test)]
mod tests;
