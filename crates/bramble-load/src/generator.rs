//! The test about the test: how well the generator itself kept up. A generator that was stopped,
//! starved or busy measures itself, and its result must be called void.

use bramble_metrics::ProcessFacts;
use serde::{Deserialize, Serialize};
use std::fs;

/// What the generator found out about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GeneratorFacts {
    /// CPU time that it used while measuring.
    pub cpu_ms: u64,
    /// That as a share of one core; it has one thread.
    pub cpu_share: f64,
    /// Time in which it wanted to run and had no core.
    pub waited_ms: u64,
    /// Share of the time in which its heartbeat stood still.
    pub stalled_share: f64,
    /// Its longest standstill.
    pub stalled_max_ms: f64,
    /// How much later than due requests were sent, on average.
    pub lateness_mean_ms: f64,
    /// The latest of them.
    pub lateness_max_ms: f64,
    /// Local ports that connections to one address can have.
    pub ephemeral_ports: u32,
    /// Descriptors that it may have open.
    pub open_files_max: u64,
}

/// A beat that is due every 5 ms and notes how late it comes.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    due_us: u64,
    stalled_us: u64,
    longest_us: u64,
}

/// How much later than due requests were sent.
#[derive(Debug, Default)]
pub(crate) struct Lateness {
    count: u64,
    sum_us: u64,
    max_us: u64,
}

const BEAT_US: u64 = 5_000;

/// A beat that is no later than this is in time: timers have a grain of 1 ms, and on a machine
/// that is shared the scheduler's slices are some 3 ms, which delay but do not starve.
const IN_TIME_US: u64 = 5_000;

impl Heartbeat {
    pub(crate) fn new(now_us: u64) -> Self {
        Self { due_us: now_us + BEAT_US, stalled_us: 0, longest_us: 0 }
    }

    /// Beats; returns when the next beat is due.
    pub(crate) fn beat(&mut self, now_us: u64) -> u64 {
        let late_us = now_us.saturating_sub(self.due_us);
        if late_us > IN_TIME_US {
            self.stalled_us += late_us;
            self.longest_us = self.longest_us.max(late_us);
        }
        self.due_us = now_us + BEAT_US;
        self.due_us
    }

    /// Share of `wall_us` in which it stood still.
    pub(crate) fn stalled_share(&self, wall_us: u64) -> f64 {
        (self.stalled_us as f64 / wall_us.max(1) as f64).min(1.0)
    }
}

impl Lateness {
    pub(crate) fn add(&mut self, late_us: u64) {
        self.count += 1;
        self.sum_us += late_us;
        self.max_us = self.max_us.max(late_us);
    }

    fn mean_ms(&self) -> f64 {
        self.sum_us as f64 / self.count.max(1) as f64 / 1e3
    }
}

impl GeneratorFacts {
    /// The facts of a run that took `wall_us`, from the process's state before and after it.
    pub(crate) fn new(
        wall_us: u64,
        [before, after]: [ProcessFacts; 2],
        heartbeat: &Heartbeat,
        lateness: &Lateness,
        open_files_max: u64,
    ) -> Self {
        let cpu_us = after.cpu_us.saturating_sub(before.cpu_us);
        Self {
            cpu_ms: cpu_us / 1000,
            cpu_share: cpu_us as f64 / wall_us.max(1) as f64,
            waited_ms: after.waited_us.saturating_sub(before.waited_us) / 1000,
            stalled_share: heartbeat.stalled_share(wall_us),
            stalled_max_ms: heartbeat.longest_us as f64 / 1e3,
            lateness_mean_ms: lateness.mean_ms(),
            lateness_max_ms: lateness.max_us as f64 / 1e3,
            ephemeral_ports: ephemeral_ports(),
            open_files_max,
        }
    }
}

/// 0 when the system does not tell.
fn ephemeral_ports() -> u32 {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    parse_port_range(&text).unwrap_or(0)
}

fn parse_port_range(text: &str) -> Option<u32> {
    let mut ports = text.split_ascii_whitespace().map(|port| port.parse::<u32>().ok());
    let (first, last) = (ports.next()??, ports.next()??);
    last.checked_sub(first)?.checked_add(1)
}

#[cfg(test)]
mod tests;
