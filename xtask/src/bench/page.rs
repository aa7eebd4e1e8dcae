//! What a bench found as a page for readers: conditions, verdicts, a table for each case.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::bar::{Judged, judge};
use super::case::Case;
use super::cgroup::Group;
use super::figure::Figure;
use super::measure::Measured;
use super::network;
use super::peer::Peer;
use super::table::table;
use crate::step;

const INTRODUCTION: &str = "\
# Benchmarks

Written by `cargo xtask bench wire`: bramble and its peers on one machine, in one interleaved run.
Compare figures of one page only. What each case is held to stands in `xtask/src/bench/bar.rs`, the
configurations of all peers in `xtask/src/bench/templates/`.
";

/// How it is measured, for whoever reads the figures alone.
const CONDITIONS: &str = "\
- Core 0: the balancer alone, one worker or thread (Apache: 4 x 256 threads). Core 1: the load, and
  8 backends that are one nginx (2,083 bytes from memory; 1 MiB from the disk's cache). Loopback, no
  TLS, access logs off, keep-alive to the backends, `X-Forwarded-For` added, health checks each
  second by bramble and HAProxy. On loopback who sends does the receiver's half of TCP as well.
- Peers take turns, each run after a warm-up of 1 s; the order rotates. Apache and Caddy, whom few
  bars speak of, and the cases of memory and users have 3 rounds at most. A figure is the median of
  its rounds with an interval of 90 % (Hettmansperger and Sheather; below 5 rounds from the
  smallest to the largest). Ratios are taken within a round. One whose interval spans the bar is a
  tie with it.
- CPU is that of all the peer's processes, the kernel's work for them included. System calls are
  counted in a run of their own (`perf stat`). Instructions are those in user space alone, counted
  by callgrind over requests that come one at a time, without health checks: not a share of `cpu`.
- A client far away: a relay on core 1 that passes each byte on 50 ms later, either way, and reads
  no further than 4 MiB ahead of what would be acknowledged, out of a queue of 128 KiB.
- Memory: PSS of all processes 1 s after one request; then with 5,000 connections held, each after
  one request and 5 s of idling. Peak RSS is summed over the processes, what they share counting for
  each. MB are 10^6 bytes. siege tells times in steps of 10 ms.
";

/// What is measured, with what and how.
pub(super) fn conditions(peers: &[Peer], bramble: &Path) -> String {
    let cpu = if Group::is_possible() { "the cgroup's (cpuacct)" } else { "schedstat's" };
    format!(
        "\n## Conditions\n\n{}\
         - Congestion control: {}, but where a case has another\n- CPU time is {cpu}\n\
         {CONDITIONS}\n{}",
        machine(),
        network::congestion_control(),
        versions(peers, bramble)
    )
}

/// What it runs on.
pub(super) fn machine() -> String {
    let (kernel, load) = (first_line("/proc/sys/kernel/osrelease"), first_line("/proc/loadavg"));
    format!("- Linux {kernel}, {}; load average before: {load}\n", processor())
}

/// A line for each of them.
pub(super) fn versions(peers: &[Peer], bramble: &Path) -> String {
    let version = |peer: &Peer| format!("- {}: {}\n", peer.name(), peer.version(bramble));
    peers.iter().map(version).collect()
}

/// The whole page.
pub(super) fn render(conditions: &str, measured: &[Measured]) -> String {
    let mut cases: Vec<Case> = measured.iter().map(|one| one.case).collect();
    cases.dedup();
    let tables: String = cases.iter().map(|case| case_table(*case, measured)).collect();
    format!("{INTRODUCTION}{}{tables}{conditions}", verdicts(&judge(measured)))
}

/// Into the repository when the run was whole, beside the rows when it was not. What other benches
/// have written there stays.
pub(super) fn write(part: &str, is_whole: bool) -> Result<PathBuf> {
    let folder = if is_whole { step::root().join("docs") } else { step::target().join("bench") };
    let path = folder.join("benchmarks.md");
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    std::fs::write(&path, with_part(&page, part))?;
    Ok(path)
}

/// A bench's part begins with its only `# ` heading, by which it is known.
fn with_part(page: &str, part: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for line in page.split_inclusive('\n') {
        match parts.last_mut().filter(|_| !line.starts_with("# ")) {
            Some(last) => last.push_str(line),
            None => parts.push(line.to_owned()),
        }
    }
    let heading = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    match parts.iter_mut().find(|old| heading(old) == heading(part)) {
        Some(old) => *old = part.to_owned(),
        None => parts.push(part.to_owned()),
    }
    let ended = |part: &String| part.trim_end().to_owned() + "\n";
    parts.iter().map(ended).collect::<Vec<_>>().join("\n")
}

fn verdicts(judged: &[Judged]) -> String {
    let heads = ["case", "figure", "peer", "median", "must", "", "aim", ""];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(judged.iter().map(verdict));
    format!("\n## Verdicts\n\n{}", table(&rows))
}

fn verdict(judged: &Judged) -> Vec<String> {
    let bar = judged.bar;
    let held_to = |value: f64| format!("{} {value}", bar.op.sign());
    vec![
        bar.case.name().to_owned(),
        format!("{} ({})", bar.name(), bar.unit()),
        judged.rival.map_or("-", Peer::name).to_owned(),
        with_interval(judged.figure),
        held_to(bar.must),
        judged.must.word().to_owned(),
        bar.aim.map_or_else(String::new, held_to),
        judged.aim.map_or("", |aim| aim.word()).to_owned(),
    ]
}

/// A row for each peer, a column for each measure that one of them has.
fn case_table(case: Case, measured: &[Measured]) -> String {
    let ours: Vec<&Measured> = measured.iter().filter(|one| one.case == case).collect();
    let mut columns: Vec<_> = ours.iter().flat_map(|one| one.measures()).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut heads = vec!["peer".to_owned()];
    heads.extend(columns.iter().map(|column| format!("{} ({})", column.name(), column.unit())));
    let cell = |one: &Measured, column| one.figure(column).map_or_else(String::new, with_interval);
    let row = |one: &&Measured| {
        let mut row = vec![one.peer.name().to_owned()];
        row.extend(columns.iter().map(|column| cell(one, *column)));
        row
    };
    let rows: Vec<_> = std::iter::once(heads).chain(ours.iter().map(row)).collect();
    format!("\n## {}\n\n{}", case.title(), table(&rows))
}

pub(super) fn with_interval(figure: Figure) -> String {
    let Figure { median, low, high, repeats } = figure;
    let [median, low, high] = [median, low, high].map(short);
    if repeats == 1 { median } else { format!("{median} [{low}, {high}]") }
}

/// What is large needs no decimals.
fn short(value: f64) -> String {
    if value.abs() < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name"));
    model.map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':'])).to_owned()
}

fn first_line(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests;
