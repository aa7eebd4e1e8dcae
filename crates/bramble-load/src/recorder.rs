//! Writes down what became of every request: latencies, failures by kind, bytes, the series over
//! time, and how many were open on average. Knows no clock: times come in as microseconds.

use crate::client::Answer;
use crate::progress::Progress;
use bramble_metrics::{Histogram, Series};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use std::time::Duration;

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection: refused, unreachable, out of ports.
    Connect,
    /// No whole answer within the timeout.
    Timeout,
    /// The connection ended before the first byte of an answer.
    Reset,
    /// The connection ended within an answer.
    Truncated,
    /// The answer was not HTTP/1.1.
    Malformed,
    /// The answer was whole and its status 400 or above.
    Status,
    /// The open model had more requests waiting than it may hold.
    Backlog,
    /// Still open when the time for the end was over.
    OpenAtEnd,
}

/// How many requests failed, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// See [`Failure::Connect`].
    pub connect: u64,
    /// See [`Failure::Timeout`].
    pub timeout: u64,
    /// See [`Failure::Reset`].
    pub reset: u64,
    /// See [`Failure::Truncated`].
    pub truncated: u64,
    /// See [`Failure::Malformed`].
    pub malformed: u64,
    /// See [`Failure::Status`].
    pub status: u64,
    /// See [`Failure::Backlog`].
    pub backlog: u64,
    /// See [`Failure::OpenAtEnd`].
    pub open_at_end: u64,
}

impl Failures {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        let Self { connect, timeout, reset, truncated, malformed, status, backlog, open_at_end } =
            self;
        connect + timeout + reset + truncated + malformed + status + backlog + open_at_end
    }

    fn add(&mut self, failure: Failure, count: u64) {
        *match failure {
            Failure::Connect => &mut self.connect,
            Failure::Timeout => &mut self.timeout,
            Failure::Reset => &mut self.reset,
            Failure::Truncated => &mut self.truncated,
            Failure::Malformed => &mut self.malformed,
            Failure::Status => &mut self.status,
            Failure::Backlog => &mut self.backlog,
            Failure::OpenAtEnd => &mut self.open_at_end,
        } += count;
    }
}

/// Everything that is known about the requests of a run.
pub(crate) struct Recorder {
    progress: Rc<Progress>,
    warm_up_us: u64,
    /// When requests stopped starting.
    closed_at_us: Option<u64>,
    tally: Tally,
    open: Open,
}

/// The measured requests: those that started after the warm-up.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    /// Good answers that came before requests stopped starting.
    pub(crate) answered_in_time: u64,
    pub(crate) bytes: u64,
    pub(crate) latency: Histogram,
    pub(crate) series: Series,
    pub(crate) failures: Failures,
    /// Failures among the requests of the warm-up.
    pub(crate) warm_up_failed: u64,
    /// Requests that were open, on average over the measured time.
    pub(crate) open_mean: f64,
}

/// Open requests, integrated over the measured time.
#[derive(Default)]
struct Open {
    now: u64,
    /// Of them, the measured ones.
    measured: u64,
    since_us: u64,
    request_us: f64,
}

/// Points of a series: a second each in a run of up to five minutes.
const SERIES_MAX: usize = 300;

impl Recorder {
    pub(crate) fn new(progress: Rc<Progress>, warm_up: Duration) -> Self {
        let warm_up_us = warm_up.as_micros() as u64;
        let tally = Tally {
            requests: 0,
            answered_in_time: 0,
            bytes: 0,
            latency: Histogram::new(),
            series: Series::new(Duration::from_secs(1), SERIES_MAX),
            failures: Failures::default(),
            warm_up_failed: 0,
            open_mean: 0.0,
        };
        let open = Open { since_us: warm_up_us, ..Open::default() };
        Self { progress, warm_up_us, closed_at_us: None, tally, open }
    }

    /// A request starts at `at_us`, or became due then, which can be a while ago.
    pub(crate) fn start(&mut self, at_us: u64) {
        self.progress.start();
        self.integrate(at_us);
        // Since when it is open, as far as that time is measured.
        let open_from_us = at_us.max(self.warm_up_us);
        self.open.request_us += self.open.since_us.saturating_sub(open_from_us) as f64;
        self.open.now += 1;
        if at_us >= self.warm_up_us {
            self.tally.requests += 1;
            self.open.measured += 1;
        }
    }

    /// A request that started at `started_us` ends now.
    pub(crate) fn finish(&mut self, started_us: u64, now_us: u64, end: Result<Answer, Failure>) {
        self.integrate(now_us);
        self.open.now -= 1;
        let measured = started_us >= self.warm_up_us;
        self.open.measured -= u64::from(measured);
        let latency_us = now_us.saturating_sub(started_us);
        if let Ok(answer) = end
            && measured
        {
            self.tally.bytes += answer.bytes;
        }
        match end {
            Ok(answer) if answer.status < 400 => self.complete(measured, now_us, latency_us),
            Ok(_) => self.fail(measured, now_us, Failure::Status, 1),
            Err(failure) => self.fail(measured, now_us, failure, 1),
        }
    }

    /// From now on no request starts.
    pub(crate) fn close(&mut self, now_us: u64) {
        self.integrate(now_us);
        self.closed_at_us = Some(now_us);
    }

    /// What was measured; requests that are still open have failed.
    pub(crate) fn settle(&mut self, now_us: u64) -> Tally {
        let Open { now, measured, request_us, .. } = std::mem::take(&mut self.open);
        self.fail(true, now_us, Failure::OpenAtEnd, measured);
        self.fail(false, now_us, Failure::OpenAtEnd, now - measured);
        self.tally.open_mean = request_us / (self.measured_us() as f64).max(1.0);
        self.tally.clone()
    }

    /// The measured time, which ends when requests stop starting.
    pub(crate) fn measured_us(&self) -> u64 {
        self.closed_at_us.unwrap_or(0).saturating_sub(self.warm_up_us)
    }

    fn complete(&mut self, measured: bool, now_us: u64, latency_us: u64) {
        self.progress.complete(latency_us);
        if measured {
            self.tally.latency.record(latency_us);
            self.tally.series.record(now_us, latency_us);
        }
        // An answer to the warm-up that comes later is still work done in the measured time.
        if now_us >= self.warm_up_us && self.closed_at_us.is_none() {
            self.tally.answered_in_time += 1;
        }
    }

    fn fail(&mut self, measured: bool, now_us: u64, failure: Failure, count: u64) {
        self.progress.fail(count);
        if measured {
            self.tally.failures.add(failure, count);
            (0..count).for_each(|_| self.tally.series.fail(now_us));
        } else {
            self.tally.warm_up_failed += count;
        }
    }

    fn integrate(&mut self, now_us: u64) {
        if self.closed_at_us.is_none() && now_us > self.open.since_us {
            self.open.request_us += (now_us - self.open.since_us) as f64 * self.open.now as f64;
            self.open.since_us = now_us;
        }
    }
}

#[cfg(test)]
mod tests;
