//! A run over time: counts and latencies an interval, bounded however long the run is. When it is
//! full, neighbours merge and the interval doubles, so nothing is lost but resolution.

use crate::Histogram;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Intervals of equal length from the beginning of a run.
#[derive(Clone, Debug)]
pub struct Series {
    interval_us: u64,
    max_intervals: usize,
    intervals: Vec<Interval>,
}

/// One interval as a plot or a report needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Beginning of the interval, from the beginning of the run.
    pub at_s: f64,
    /// Length of the interval.
    pub seconds: f64,
    /// Requests that were answered well.
    pub count: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Mean latency.
    pub mean_ms: f64,
    /// Median latency.
    pub p50_ms: f64,
    /// 99th percentile of the latency.
    pub p99_ms: f64,
    /// Longest latency.
    pub max_ms: f64,
}

impl Series {
    /// An empty series; `interval` is at least 1 µs and there are at least two intervals.
    #[must_use]
    pub fn new(interval: Duration, max_intervals: usize) -> Self {
        let interval_us = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX).max(1);
        Self { interval_us, max_intervals: max_intervals.max(2), intervals: Vec::new() }
    }

    /// Counts an answer that came `at_us` after the beginning.
    pub fn record(&mut self, at_us: u64, latency_us: u64) {
        let interval = self.interval(at_us);
        interval.count += 1;
        interval.latency.record(latency_us);
    }

    /// Counts a failure that came `at_us` after the beginning.
    pub fn fail(&mut self, at_us: u64) {
        self.interval(at_us).failed += 1;
    }

    /// The series as plots and reports need it.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        let seconds = self.interval_us as f64 / 1e6;
        self.intervals
            .iter()
            .enumerate()
            .map(|(index, interval)| Point {
                at_s: index as f64 * seconds,
                seconds,
                count: interval.count,
                failed: interval.failed,
                mean_ms: interval.latency.mean_ms(),
                p50_ms: interval.latency.percentile_ms(0.5),
                p99_ms: interval.latency.percentile_ms(0.99),
                max_ms: interval.latency.max_ms(),
            })
            .collect()
    }

    fn interval(&mut self, at_us: u64) -> &mut Interval {
        while at_us / self.interval_us >= self.max_intervals as u64 {
            self.halve();
        }
        let index = (at_us / self.interval_us) as usize;
        if index >= self.intervals.len() {
            self.intervals.resize_with(index + 1, Interval::default);
        }
        &mut self.intervals[index]
    }

    fn halve(&mut self) {
        self.interval_us = self.interval_us.saturating_mul(2);
        let mut intervals = std::mem::take(&mut self.intervals).into_iter();
        while let Some(mut first) = intervals.next() {
            if let Some(second) = intervals.next() {
                first.count += second.count;
                first.failed += second.failed;
                first.latency.merge(&second.latency);
            }
            self.intervals.push(first);
        }
    }
}

#[derive(Clone, Debug)]
struct Interval {
    count: u64,
    failed: u64,
    latency: Histogram,
}

impl Default for Interval {
    fn default() -> Self {
        Self { count: 0, failed: 0, latency: Histogram::coarse() }
    }
}

#[cfg(test)]
mod tests;
