//! What can be measured of a peer, and all that was measured of one in one case.

use std::collections::BTreeMap;

use super::case::Case;
use super::figure::Figure;
use super::peer::Peer;

/// In the order of the tables' columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    Cpu,
    User,
    PerCpuS,
    SystemCalls,
    Instructions,
    Rate,
    Throughput,
    P50,
    P99,
    Longest,
    RestPss,
    IdlePss,
    PeakRss,
    Errors,
}

/// What one run says.
pub(super) type Sample = Vec<(Measure, f64)>;

impl Measure {
    /// As the rows have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::User => "user",
            Self::PerCpuS => "requests_per_cpu_second",
            Self::SystemCalls => "system_calls",
            Self::Instructions => "instructions",
            Self::Rate => "rate",
            Self::Throughput => "throughput",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Longest => "longest",
            Self::RestPss => "rest_pss",
            Self::IdlePss => "idle_pss",
            Self::PeakRss => "peak_rss",
            Self::Errors => "errors",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::Cpu | Self::User => "us/request",
            Self::PerCpuS => "requests/CPU-s",
            Self::SystemCalls => "calls/request",
            Self::Instructions => "instructions/request",
            Self::Rate => "requests/s",
            Self::Throughput => "MB/s",
            Self::P50 | Self::P99 | Self::Longest => "ms",
            Self::RestPss | Self::PeakRss => "MB",
            Self::IdlePss => "B/connection",
            Self::Errors => "requests",
        }
    }

    pub fn is_more_better(self) -> bool {
        matches!(self, Self::PerCpuS | Self::Rate | Self::Throughput)
    }
}

/// All runs of one peer in one case.
pub(super) struct Measured {
    pub case: Case,
    pub peer: Peer,
    values: BTreeMap<Measure, Vec<f64>>,
}

impl Measured {
    pub fn new(case: Case, peer: Peer) -> Self {
        Self { case, peer, values: BTreeMap::new() }
    }

    pub fn add(&mut self, sample: Sample) {
        for (measure, value) in sample {
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
