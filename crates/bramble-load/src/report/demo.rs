//! The figures of a whole demo: what ran, what was tested, what happened meanwhile.

use super::html;
use super::load::LoadReport;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What `demo-report.json` holds and `demo-report.html` shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemoReport {
    /// Version of bramble.
    pub version: String,
    /// The release that the site had at the end.
    pub release: String,
    /// Requests a second that each worker was slowed to; null for full speed.
    pub worker_rate_per_s: Option<f64>,
    /// How long the demo took.
    pub elapsed_s: f64,
    /// Every process that was started.
    pub processes: Vec<DemoProcess>,
    /// Every worker that was in the cluster at the end.
    pub workers: Vec<DemoWorker>,
    /// Load tests in their order.
    pub runs: Vec<DemoRun>,
    /// Traffic that ran while the cluster was changed, in its order.
    pub changes: Vec<DemoRun>,
    /// What happened under load, in its order.
    pub events: Vec<DemoEvent>,
}

/// One process of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoProcess {
    /// What it does: manager, balancer, worker, node.
    pub role: String,
    /// Its number.
    pub pid: u32,
}

/// One worker and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoWorker {
    /// Where it listens.
    pub address: String,
    /// The release that was found on it by fetching and hashing its files.
    pub release: String,
}

/// One load test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemoRun {
    /// What it is called in the table.
    pub name: String,
    /// When it began, from the beginning of the demo.
    pub start_s: f64,
    /// Workers that got traffic, at its end.
    pub workers: u32,
    /// CPU time that the balancer used for it.
    pub balancer_cpu_ms: u64,
    /// The balancer's memory at its end.
    pub balancer_rss_kib: u64,
    /// What the generator measured.
    #[serde(flatten)]
    pub load: LoadReport,
}

/// Something that happened while traffic ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemoEvent {
    /// What.
    pub kind: EventKind,
    /// When, from the beginning of the demo.
    pub at_s: f64,
    /// Requests that ended in its window.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// What happened, in words.
    pub detail: String,
}

/// What can happen in a demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Workers joined.
    Join,
    /// A worker was killed.
    Kill,
    /// A changed site was published.
    Publish,
    /// The configuration was reloaded.
    Reload,
}

impl DemoReport {
    /// All traffic, as it ran one after the other.
    pub(super) fn in_time(&self) -> Vec<&DemoRun> {
        let mut runs: Vec<_> = self.runs.iter().chain(&self.changes).collect();
        runs.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        runs
    }

    /// The report as one page without scripts or other files.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::page(self)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Join => "join",
            Self::Kill => "kill",
            Self::Publish => "publish",
            Self::Reload => "reload",
        })
    }
}

#[cfg(test)]
mod tests;
