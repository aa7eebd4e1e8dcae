//! System calls of a peer while a load runs, counted by the kernel's own tracepoint.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use super::process::pinned;
use crate::step::output;

const EVENT: &str = "raw_syscalls:sys_enter";

/// What these processes called while the command ran on those cores, and what that said.
pub(super) fn during(
    pids: &BTreeSet<u32>,
    command: &[String],
    cores: &str,
    folder: &Path,
) -> Result<(f64, String)> {
    let counted = folder.join("perf.csv");
    let list: Vec<String> = pids.iter().map(u32::to_string).collect();
    let mut perf = ["perf", "stat", "-x,", "-e", EVENT, "-p", &list.join(","), "-o"]
        .map(str::to_owned)
        .to_vec();
    perf.push(counted.display().to_string());
    perf.push("--".to_owned());
    perf.extend_from_slice(command);
    let said = output(&mut pinned(cores, &perf))?;
    Ok((count(&std::fs::read_to_string(counted)?)?, said))
}

/// `perf stat -x,` writes `COUNT,,EVENT,…`.
fn count(csv: &str) -> Result<f64> {
    let line = csv.lines().find(|line| line.contains(EVENT)).context("perf counted nothing")?;
    let count = line.split(',').next().unwrap_or_default();
    count.parse().with_context(|| format!("perf said `{line}`"))
}
