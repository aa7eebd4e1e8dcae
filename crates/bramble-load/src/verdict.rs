//! What limited a run, from what was measured. Pure arithmetic on shares.
//!
//! Operational analysis (Denning and Buzen, 1978): each part that a request needs sets an upper
//! bound to the rate, the rate divided by the share of the time in which that part was busy. N
//! users who think Z seconds are such a part too: they bound the rate at N / Z, so their share
//! is rate × Z / N. The part with the largest share has the lowest bound: it limited the run.

mod sentence;

use serde::{Deserialize, Serialize};
use std::fmt;

/// What limited a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The users' pauses: no cluster could have answered more.
    ThinkTime,
    /// The load generator itself; the result says nothing about the cluster.
    Generator,
    /// The balancer's CPU.
    Balancer,
    /// The workers.
    Workers,
    /// The way between them: transfer, loss, or time that no part accounts for.
    Network,
}

/// The limit and the reasons for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// None when nothing was full, or when what is full cannot be seen from here.
    pub limit: Option<Limit>,
    /// One or two sentences with the figures.
    pub sentence: String,
}

/// What the generator was told to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Offer {
    /// Users who wait for their answers.
    Closed {
        /// How many.
        users: u32,
        /// Their mean pause.
        think_mean_s: f64,
    },
    /// Arrivals that do not wait.
    Open {
        /// How many a second.
        rate_per_s: f64,
    },
}

/// Everything that was measured about one run.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What was to be sent.
    pub offer: Offer,
    /// Good answers a second.
    pub achieved_per_s: f64,
    /// Mean time to a good answer.
    pub response_mean_s: f64,
    /// Share of the requests that failed.
    pub failed_share: f64,
    /// The generator's own state.
    pub generator: GeneratorEvidence,
    /// The balancer, when the caller can see it.
    pub balancer: Option<BalancerEvidence>,
    /// The workers, as far as the caller can see them.
    pub workers: Vec<WorkerEvidence>,
    /// The network, when the caller can see it.
    pub network: Option<NetworkEvidence>,
}

/// How the generator kept up.
#[derive(Clone, Copy, Debug, Default)]
pub struct GeneratorEvidence {
    /// CPU as a share of its one core.
    pub cpu_share: f64,
    /// Share of the time in which it stood still.
    pub stalled_share: f64,
    /// How much later than due it sent, on average.
    pub lateness_mean_s: f64,
}

/// What the balancer used during the run.
#[derive(Clone, Copy, Debug)]
pub struct BalancerEvidence {
    /// CPU time of its process.
    pub cpu_ms: u64,
    /// Over how long.
    pub window_s: f64,
    /// Cores that it could use: its data-plane threads, or the machine's cores if fewer.
    pub cores: u32,
}

/// How busy a worker was.
#[derive(Clone, Debug)]
pub struct WorkerEvidence {
    /// Its name or address.
    pub name: String,
    /// Share of the run in which it was occupied: its paced service slot, or its CPU.
    pub busy_share: f64,
}

/// What went over the wire.
#[derive(Clone, Copy, Debug, Default)]
pub struct NetworkEvidence {
    /// Bytes a second in the fuller direction.
    pub bytes_per_s: f64,
    /// Speed of the slowest link, if known.
    pub link_bits_per_s: Option<f64>,
    /// Segments sent again during the run, if known.
    pub retransmits: Option<u64>,
}

/// A part whose share is at least this is full.
const FULL: f64 = 0.8;

/// An open run that got this share of its rate answered was not limited by the cluster.
const KEPT_UP: f64 = 0.98;

/// A generator that stood still for more of the time than this is said to have done so: on a
/// shared machine a tenth is common, and lengthens single answers, but does not set the rate.
const STALLED_SAID: f64 = 0.05;
/// A generator beyond any of these measured itself.
const STALLED_MAX: f64 = 0.25;
const GENERATOR_CPU_MAX: f64 = 0.9;
const LATE_CYCLE_SHARE_MAX: f64 = 0.05;

/// Lateness that is never held against a generator: timers have a grain.
const LATE_ALLOWED_S: f64 = 0.005;

/// Judges one run.
#[must_use]
pub fn limited_by(evidence: &Evidence) -> Verdict {
    let limit = judge(evidence);
    Verdict { limit, sentence: sentence::explain(limit, evidence) }
}

fn judge(evidence: &Evidence) -> Option<Limit> {
    if evidence.generator_is_starved() {
        return Some(Limit::Generator);
    }
    if evidence.kept_up() {
        return None;
    }
    let fullest = [
        // In this order: of two equal shares the part that is named first wins.
        (Limit::Workers, evidence.workers_share()),
        (Limit::Balancer, evidence.balancer_share()),
        (Limit::Network, evidence.link_share()),
        (Limit::ThinkTime, evidence.think_share()),
    ]
    .into_iter()
    .rev()
    .max_by(|(_, a), (_, b)| a.total_cmp(b));
    match fullest {
        Some((limit, share)) if share >= FULL => Some(limit),
        _ if !evidence.sees_cluster() => None,
        _ => Some(Limit::Network),
    }
}

impl Evidence {
    fn generator_is_starved(&self) -> bool {
        let generator = &self.generator;
        let late_max_s = (LATE_CYCLE_SHARE_MAX * self.cycle_s()).max(LATE_ALLOWED_S);
        generator.stalled_share > STALLED_MAX
            || generator.cpu_share > GENERATOR_CPU_MAX
            || generator.lateness_mean_s > late_max_s
    }

    /// From one request of a user to his next.
    fn cycle_s(&self) -> f64 {
        match self.offer {
            Offer::Closed { think_mean_s, .. } => think_mean_s + self.response_mean_s,
            Offer::Open { .. } => self.response_mean_s,
        }
    }

    /// What the users would send if every answer came at once; None if there is no such bound.
    fn ceiling_per_s(&self) -> Option<f64> {
        match self.offer {
            Offer::Closed { users, think_mean_s } if think_mean_s > 0.0 => {
                Some(f64::from(users) / think_mean_s)
            }
            _ => None,
        }
    }

    fn think_share(&self) -> f64 {
        self.ceiling_per_s().map_or(0.0, |ceiling| share(self.ended_per_s() / ceiling))
    }

    /// With those that failed: a user thinks after an error page as after any other.
    fn ended_per_s(&self) -> f64 {
        self.achieved_per_s / (1.0 - self.failed_share)
    }

    /// Of the busiest worker: the one that is full first holds up a pool that is shared evenly.
    fn workers_share(&self) -> f64 {
        self.workers.iter().map(|worker| share(worker.busy_share)).fold(0.0, f64::max)
    }

    fn workers_mean_share(&self) -> f64 {
        let sum: f64 = self.workers.iter().map(|worker| share(worker.busy_share)).sum();
        sum / self.workers.len().max(1) as f64
    }

    fn balancer_share(&self) -> f64 {
        self.balancer.map_or(0.0, |balancer| {
            let available_s = balancer.window_s * f64::from(balancer.cores);
            share(balancer.cpu_ms as f64 / 1e3 / available_s)
        })
    }

    fn link_share(&self) -> f64 {
        let link = |network: NetworkEvidence| {
            Some(share(network.bytes_per_s * 8.0 / network.link_bits_per_s?))
        };
        self.network.and_then(link).unwrap_or(0.0)
    }

    fn kept_up(&self) -> bool {
        match self.offer {
            Offer::Open { rate_per_s } => self.achieved_per_s >= KEPT_UP * rate_per_s,
            Offer::Closed { .. } => false,
        }
    }

    fn sees_cluster(&self) -> bool {
        self.balancer.is_some() || !self.workers.is_empty() || self.network.is_some()
    }
}

/// A measured share as one that can be compared: noise can lift it above 1, and a window of no
/// length makes it no number.
fn share(measured: f64) -> f64 {
    if measured.is_finite() { measured.clamp(0.0, 1.0) } else { 0.0 }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ThinkTime => "think_time",
            Self::Generator => "generator",
            Self::Balancer => "balancer",
            Self::Workers => "workers",
            Self::Network => "network",
        })
    }
}

#[cfg(test)]
mod tests;
