//! Memory of processes, as the kernel tells it, and what an idle connection takes of it.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, bail};

use super::client;
use super::load::Shape;
use super::measure::{Measure, Sample};
use super::running::Running;

const HELD: usize = 5000;
/// So that no peer's queue of new connections overflows.
const PER_S: u32 = 2000;
const IDLE: Duration = Duration::from_secs(5);
const SETTLE: Duration = Duration::from_secs(1);
const MB: f64 = 1e6;

/// Of a peer that was just started.
pub(super) fn measure(one: &Running, shape: Shape) -> Result<Sample> {
    client::ask(one.address, shape, 1)?;
    sleep(SETTLE);
    let rest = pss_bytes(&one.process.pids());
    let held = client::hold(one.address, shape, HELD, PER_S)?;
    sleep(IDLE);
    let idle = pss_bytes(&one.process.pids());
    match client::closed(&held) {
        0 => {
            Ok(vec![(Measure::RestPss, rest / MB), (Measure::IdlePss, (idle - rest) / HELD as f64)])
        }
        closed => bail!("{} closed {closed} of {HELD} idle connections", one.peer.name()),
    }
}

/// The most that was resident, summed: what processes share counts for each of them.
pub(super) fn peak_rss_mb(pids: &BTreeSet<u32>) -> f64 {
    pids.iter().map(|pid| kib(&format!("/proc/{pid}/status"), "VmHWM:")).sum::<f64>() * 1024.0 / MB
}

/// What is shared counts in parts.
fn pss_bytes(pids: &BTreeSet<u32>) -> f64 {
    pids.iter().map(|pid| kib(&format!("/proc/{pid}/smaps_rollup"), "Pss:")).sum::<f64>() * 1024.0
}

fn kib(path: &str, field: &str) -> f64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
