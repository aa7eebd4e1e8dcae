//! The figures of one run.

use crate::generator::GeneratorFacts;
use crate::model::Model;
use crate::options::Options;
use crate::recorder::{Failures, Tally};
use crate::verdict::{Evidence, GeneratorEvidence, Limit, Offer, Verdict, limited_by};
use bramble_metrics::Point;
use serde::{Deserialize, Serialize};

/// What one run measured. Latencies are of good answers, from the request's start (closed
/// model) or from when it was due (open model) to the last byte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Who sent when.
    pub model: Model,
    /// Users of the closed model, connections of the open one at most.
    pub users: u32,
    /// Mean pause of a user.
    pub think_mean_s: f64,
    /// The measured time: from the end of the warm-up until requests stopped starting.
    pub elapsed_s: f64,
    /// What came before it and was not measured.
    pub warm_up_s: f64,
    /// Requests that started in the measured time.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Share of them that did not fail, in percent.
    pub availability: f64,
    /// Head and body of their answers.
    pub bytes: u64,
    /// The rate that would have been sent had every answer come at once.
    pub offered_per_s: f64,
    /// Good answers a second of the measured time.
    pub achieved_per_s: f64,
    /// Mean latency.
    pub mean_ms: f64,
    /// Median latency.
    pub p50_ms: f64,
    /// 90th percentile.
    pub p90_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// 99.9th percentile.
    pub p999_ms: f64,
    /// Longest latency.
    pub max_ms: f64,
    /// What limited the run; null when nothing was full or it cannot be seen from here.
    pub limited_by: Option<Limit>,
    /// Why, in words.
    pub explanation: String,
    /// The failed ones by kind.
    pub failures: Failures,
    /// Failed requests among those of the warm-up, which are counted nowhere else.
    pub warm_up_failed: u64,
    /// Two ways to the same number; when they differ the measurement is wrong.
    pub littles_law: LittlesLaw,
    /// How the generator itself kept up.
    pub generator: GeneratorFacts,
    /// The requests over time, from the beginning of the warm-up, by when they ended.
    pub series: Vec<Point>,
}

/// Little's law: requests that are open on average = rate × mean time that each is open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LittlesLaw {
    /// Open requests as counted, on average over time.
    pub open_mean: f64,
    /// Rate times mean latency of the good answers.
    pub rate_times_latency: f64,
}

impl LoadReport {
    pub(crate) fn new(
        options: &Options,
        tally: &Tally,
        measured_us: u64,
        generator: GeneratorFacts,
    ) -> Self {
        let elapsed_s = measured_us as f64 / 1e6;
        let achieved_per_s = ratio(tally.answered_in_time as f64, elapsed_s);
        let failed = tally.failures.total();
        let latency = &tally.latency;
        let percentile = |quantile| rounded(latency.percentile_ms(quantile));
        let mut report = Self {
            users: options.connections_max(),
            think_mean_s: think_mean_s(&options.model),
            elapsed_s: rounded(elapsed_s),
            warm_up_s: options.warm_up.as_secs_f64(),
            requests: tally.requests,
            failed,
            availability: availability(tally.requests, failed),
            bytes: tally.bytes,
            offered_per_s: rounded(offered_per_s(&options.model).unwrap_or(achieved_per_s)),
            achieved_per_s: rounded(achieved_per_s),
            mean_ms: rounded(latency.mean_ms()),
            p50_ms: percentile(0.5),
            p90_ms: percentile(0.9),
            p99_ms: percentile(0.99),
            p999_ms: percentile(0.999),
            max_ms: rounded(latency.max_ms()),
            limited_by: None,
            explanation: String::new(),
            failures: tally.failures,
            warm_up_failed: tally.warm_up_failed,
            littles_law: LittlesLaw {
                open_mean: rounded(tally.open_mean),
                rate_times_latency: rounded(achieved_per_s * latency.mean_ms() / 1e3),
            },
            generator,
            series: tally.series.points(),
            model: options.model.clone(),
        };
        report.judge(&report.evidence());
        report
    }

    /// What this run says about what limited it. A caller who can see the cluster adds the
    /// balancer, the workers and the network, and has it judged again.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        Evidence {
            offer: match self.model {
                Model::Closed { users, think } => {
                    Offer::Closed { users, think_mean_s: think.mean_s() }
                }
                Model::Open { rate_per_s, .. } => Offer::Open { rate_per_s },
            },
            achieved_per_s: self.achieved_per_s,
            response_mean_s: self.mean_ms / 1e3,
            failed_share: ratio(self.failed as f64, self.requests as f64),
            generator: GeneratorEvidence {
                cpu_share: self.generator.cpu_share,
                stalled_share: self.generator.stalled_share,
                lateness_mean_s: self.generator.lateness_mean_ms / 1e3,
            },
            balancer: None,
            workers: Vec::new(),
            network: None,
        }
    }

    /// Sets the verdict from `evidence`.
    pub fn judge(&mut self, evidence: &Evidence) {
        let Verdict { limit, sentence } = limited_by(evidence);
        self.limited_by = limit;
        self.explanation = sentence;
    }
}

fn think_mean_s(model: &Model) -> f64 {
    match model {
        Model::Closed { think, .. } => think.mean_s(),
        Model::Open { .. } => 0.0,
    }
}

/// None without think time: such users send as fast as they are answered.
fn offered_per_s(model: &Model) -> Option<f64> {
    match *model {
        Model::Closed { users, think } if think.mean_s() > 0.0 => {
            Some(f64::from(users) / think.mean_s())
        }
        Model::Closed { .. } => None,
        Model::Open { rate_per_s, .. } => Some(rate_per_s),
    }
}

/// Rounded down, so that one failure in a million is not 100 %.
fn availability(requests: u64, failed: u64) -> f64 {
    let percent = 100.0 * ratio((requests - failed) as f64, requests as f64);
    (percent * 1e3 + 1e-6).floor() / 1e3
}

/// 0 instead of a division by nothing.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Three decimals: a microsecond where the unit is a millisecond.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
