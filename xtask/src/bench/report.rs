//! What a bench found: a table for the reader, rows for later comparison.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::figure::Figure;
use super::peer::Peer;
use super::wire::Run;
use crate::step;

/// All runs of one peer in one case.
pub(super) struct Measured {
    pub case: &'static str,
    pub peer: Peer,
    pub runs: Vec<Run>,
    /// A request, from a run of its own: counting slows.
    pub syscalls: Option<f64>,
}

/// Name, unit, and what a run says of it. Of all but the rate less is better.
struct Kind {
    name: &'static str,
    unit: &'static str,
    of: fn(&Run) -> f64,
}

const CPU: Kind =
    Kind { name: "cpu", unit: "us/request", of: |run| run.cpu.us() / run.load.requests };
const USER: Kind =
    Kind { name: "user", unit: "us/request", of: |run| run.cpu.user_us() / run.load.requests };
const RATE: Kind = Kind { name: "rate", unit: "requests/s", of: |run| run.load.per_s };
const P50: Kind = Kind { name: "p50", unit: "ms", of: |run| run.load.p50_ms };
const P99: Kind = Kind { name: "p99", unit: "ms", of: |run| run.load.p99_ms };
const ERRORS: Kind = Kind { name: "errors", unit: "requests", of: |run| run.load.errors };

impl Measured {
    pub fn new(case: &'static str, peer: Peer) -> Self {
        Self { case, peer, runs: Vec::new(), syscalls: None }
    }

    fn figure(&self, kind: &Kind) -> Option<Figure> {
        Figure::of(&self.runs.iter().map(kind.of).collect::<Vec<_>>())
    }

    fn median(&self, kind: &Kind) -> f64 {
        self.figure(kind).map_or(f64::NAN, |figure| figure.median)
    }

    /// Our CPU time a request over the peer's, round by round.
    fn ratio(&self, ours: &Self) -> Option<Figure> {
        let rounds = ours.runs.iter().zip(&self.runs);
        Figure::of(&rounds.map(|(ours, its)| (CPU.of)(ours) / (CPU.of)(its)).collect::<Vec<_>>())
    }
}

/// How it is measured, for whoever reads the figures alone.
const CONDITIONS: &str = "\
Core 0: the balancer alone, one worker or thread (Apache: 4 x 256 threads). Core 1: wrk -t1 -c64
and 8 backends (one nginx, 2,083 bytes from memory). Loopback, no TLS, access logs off, keep-alive
to the backends, X-Forwarded-For added, health checks each second by bramble and HAProxy.
Runs are interleaved, each after a warm-up. CPU is that of all the balancer's processes, the
kernel's work for them included. An interval holds the median with 95 % or more from 6 repeats on
(order statistics); below that it goes from the smallest to the largest.";

/// What is measured, with what and how.
pub(super) fn conditions(peers: &[Peer], bramble: &Path) {
    println!("Linux {}, {}", first_line("/proc/sys/kernel/osrelease"), processor());
    println!("load average: {}\n{CONDITIONS}", first_line("/proc/loadavg"));
    for peer in peers {
        println!("{:>8}: {}", peer.name(), peer.version(bramble));
    }
}

const HEADER: &str = "    peer           CPU us/request     user us    calls     req/s   p50 ms   \
    p99 ms errors  bramble's CPU over the peer's";

/// Side by side, a case after the other.
pub(super) fn table(measured: &[Measured]) {
    let mut case = "";
    for one in measured {
        if one.case != case {
            case = one.case;
            println!("\n{case}: median [interval]\n{HEADER}");
        }
        println!("{}", line(one, ours(measured, case)));
    }
    println!();
}

/// Writes `target/bench/NAME.json`.
pub(super) fn write(name: &str, measured: &[Measured]) -> Result<PathBuf> {
    let path = step::target().join("bench").join(format!("{name}.json"));
    let rows: Vec<Value> = measured.iter().flat_map(|one| rows(one, measured)).collect();
    std::fs::write(&path, serde_json::to_string_pretty(&rows)? + "\n")?;
    Ok(path)
}

fn line(one: &Measured, ours: Option<&Measured>) -> String {
    let (rate, errors) = (one.median(&RATE), one.runs.iter().map(ERRORS.of).sum::<f64>());
    format!(
        "{:>8} {:>24} {:>11.2} {:>8.2} {rate:>9.0} {:>8.2} {:>8.2} {errors:>6.0}  {}",
        one.peer.name(),
        one.figure(&CPU).map_or_else(String::new, with_interval),
        one.median(&USER),
        one.syscalls.unwrap_or(f64::NAN),
        one.median(&P50),
        one.median(&P99),
        ours.map_or_else(String::new, |ours| versus(one, ours)),
    )
}

fn with_interval(figure: Figure) -> String {
    format!("{:.2} [{:.2}, {:.2}]", figure.median, figure.low, figure.high)
}

fn versus(one: &Measured, ours: &Measured) -> String {
    match one.ratio(ours) {
        Some(ratio) if one.peer != Peer::Bramble => {
            with_interval(ratio) + if ratio.is_tie() { " tie" } else { "" }
        }
        _ => String::new(),
    }
}

fn ours<'a>(measured: &'a [Measured], case: &str) -> Option<&'a Measured> {
    measured.iter().find(|one| one.case == case && one.peer == Peer::Bramble)
}

fn rows(one: &Measured, measured: &[Measured]) -> Vec<Value> {
    let kinds = [CPU, USER, RATE, P50, P99, ERRORS];
    let mut rows: Vec<Value> = kinds
        .iter()
        .filter_map(|kind| Some(row(one, kind.name, kind.unit, one.figure(kind)?)))
        .collect();
    let counted = one.syscalls.and_then(|count| Figure::of(&[count]));
    rows.extend(counted.map(|count| row(one, "system_calls", "calls/request", count)));
    let ours = ours(measured, one.case).filter(|ours| ours.peer != one.peer);
    let ratio = ours.and_then(|ours| one.ratio(ours));
    rows.extend(ratio.map(|ratio| row(one, "bramble_cpu_over_peer", "ratio", ratio)));
    rows
}

fn row(one: &Measured, name: &str, unit: &str, figure: Figure) -> Value {
    json!({
        "case": one.case,
        "peer": one.peer.name(),
        "measure": name,
        "figure": round(figure.median),
        "op": if name == "rate" { ">=" } else { "<=" },
        "bar": null,
        "interval": [round(figure.low), round(figure.high)],
        "repeats": figure.repeats,
        "unit": unit,
    })
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

/// Beyond the third decimal there is only noise.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
