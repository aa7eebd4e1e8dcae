//! System calls of a peer while a load runs, counted by the kernel's own tracepoint.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use super::load;
use super::process::pinned;
use crate::step::output;

const EVENT: &str = "raw_syscalls:sys_enter";

/// System calls a request of these processes during the run of the load.
pub(super) fn per_request(
    pids: &BTreeSet<u32>,
    command: &[String],
    core: usize,
    folder: &Path,
) -> Result<f64> {
    let counted = folder.join("perf.csv");
    let list: Vec<String> = pids.iter().map(u32::to_string).collect();
    let mut perf = ["perf", "stat", "-x,", "-e", EVENT, "-p", &list.join(","), "-o"]
        .map(str::to_owned)
        .to_vec();
    perf.push(counted.display().to_string());
    perf.push("--".to_owned());
    perf.extend_from_slice(command);
    let load = load::parse(&output(&mut pinned(core, &perf))?)?;
    Ok(count(&std::fs::read_to_string(counted)?)? / load.requests)
}

/// `perf stat -x,` writes `COUNT,,EVENT,…`.
fn count(csv: &str) -> Result<f64> {
    let line = csv.lines().find(|line| line.contains(EVENT)).context("perf counted nothing")?;
    let count = line.split(',').next().unwrap_or_default();
    count.parse().with_context(|| format!("perf said `{line}`"))
}
