//! What a run has done so far, for whoever watches it live. Knows no clock: whoever asks says
//! when it is.

use crate::report::load::LoadReport;
use bramble_metrics::Histogram;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};

/// Live counters of a run, shared by the generator and its watcher on one thread.
#[derive(Debug)]
pub struct Progress {
    started: Cell<u64>,
    completed: Cell<u64>,
    failed: Cell<u64>,
    since_last: RefCell<SinceLast>,
}

/// The counters at one instant. The difference of two gives an event its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Requests that were sent or are waiting to be.
    pub started: u64,
    /// Requests that were answered well.
    pub completed: u64,
    /// Requests that failed.
    pub failed: u64,
}

/// One line of live progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressLine {
    /// Time since the beginning of the run.
    pub elapsed_s: f64,
    /// The counters.
    #[serde(flatten)]
    pub counts: Snapshot,
    /// Good answers a second since the line before.
    pub rate_per_s: f64,
    /// 99th percentile of their latency.
    pub p99_ms: f64,
}

/// What a generator process prints, a JSON value a line: progress, and at last the report.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// While it runs.
    Progress(ProgressLine),
    /// When it is done.
    Report(Box<LoadReport>),
}

#[derive(Debug)]
struct SinceLast {
    at_s: f64,
    completed: u64,
    latency: Histogram,
}

impl Progress {
    /// Nothing done yet.
    #[must_use]
    pub fn new() -> Self {
        let since_last = SinceLast { at_s: 0.0, completed: 0, latency: Histogram::coarse() };
        Self {
            started: Cell::new(0),
            completed: Cell::new(0),
            failed: Cell::new(0),
            since_last: RefCell::new(since_last),
        }
    }

    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            started: self.started.get(),
            completed: self.completed.get(),
            failed: self.failed.get(),
        }
    }

    /// The line for the time since the line before it.
    pub fn line(&self, elapsed_s: f64) -> ProgressLine {
        let counts = self.snapshot();
        let mut last = self.since_last.borrow_mut();
        let seconds = elapsed_s - last.at_s;
        let answered = (counts.completed - last.completed) as f64;
        let rate_per_s = if seconds > 0.0 { answered / seconds } else { 0.0 };
        let p99_ms = last.latency.percentile_ms(0.99);
        last.latency.clear();
        (last.at_s, last.completed) = (elapsed_s, counts.completed);
        ProgressLine { elapsed_s, counts, rate_per_s, p99_ms }
    }

    pub(crate) fn start(&self) {
        self.started.set(self.started.get() + 1);
    }

    pub(crate) fn complete(&self, latency_us: u64) {
        self.completed.set(self.completed.get() + 1);
        self.since_last.borrow_mut().latency.record(latency_us);
    }

    pub(crate) fn fail(&self, count: u64) {
        self.failed.set(self.failed.get() + count);
    }

    pub(crate) fn open(&self) -> u64 {
        self.started.get() - self.completed.get() - self.failed.get()
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
