//! What the bench found as a part of the page for readers, and as rows for later comparison.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::super::bar::{Op, Verdict};
use super::super::page::{machine, versions, with_interval};
use super::super::peer::Peer;
use super::super::table::table;
use super::bars::Judged;
use super::case::Case;
use super::measure::{Measure, Taken};
use crate::step;

/// All of one case.
pub(super) struct Found {
    pub case: Case,
    pub taken: Vec<Taken>,
    pub judged: Vec<Judged>,
}

const INTRODUCTION: &str = "\
# Balancing

Written by `cargo xtask bench balancing`: bramble and its peers before the same eight workers, in
one interleaved run. What each case is held to stands in `xtask/src/bench/balancing/bars.rs`, what
happens in it in `scene.rs` beside it, the configurations in `xtask/src/bench/templates/`.
";

/// How it is measured, for whoever reads the figures alone.
const CONDITIONS: &str = "\
- Core 0: the balancer alone, one thread (Apache: 4 x 256). Core 1: visitors and eight workers, in
  one thread. Where both cores are shared the balancer has two threads. Loopback, no TLS, health
  checks each second by bramble and HAProxy, else the defaults of all.
- A worker is a timer: 4 requests at a time, the others wait in order; each takes 10 ms in the mean
  (log-normal, its 99th percentile is 19 ms), so that eight can do 3,200 a second. For overload it
  is 40 ms and 800 a second, for the spike 80 ms and 400. Who asked and went away is
  served all the same.
- Visitors come by chance (Poisson), at times that are planned beforehand and the same for all
  balancers in a round; waiting counts from the planned time. Who gets no answer in 2 s (overload
  and spike: 1 s; users: 10 s) gives up, and counts as one who waited so long. `goodput` counts
  answers with 200 within that time. Users wait for their answer, and use a connection a request.
- A run in which one of 100 requests was sent more than 5 ms late is done again, up to twice; then
  its case is void. Times of workers and visitors are good to 1 ms.
- Peers take turns, each started anew, and the first second does not count; the order rotates. Who
  nothing is held against has one round. A figure is the median of its rounds with an interval of
  90 %. Ratios are taken within a round. One whose interval spans the bar is a tie with it.
- `share` is what the worker got that is slow, fails or turns slow. `settled` is the time until its
  share stays below 5 %, `returned` until it is half of an eighth again (windows of 0.5 s; the
  longest that can be seen is 10.5 s). `back_to_normal` is the time from the end of the spike to the
  end of the last tenth of a second in which over 5 % failed or half waited over twice as long as
  half did before.
";

/// The part of this bench.
pub(super) fn render(found: &[Found], bramble: &Path) -> String {
    let mut peers: Vec<Peer> = Vec::new();
    for one in found.iter().flat_map(|found| &found.taken) {
        if !peers.contains(&one.contender.peer) {
            peers.push(one.contender.peer);
        }
    }
    let cases: String = found.iter().map(case).collect();
    let (verdicts, machine, versions) = (verdicts(found), machine(), versions(&peers, bramble));
    format!("{INTRODUCTION}{verdicts}{cases}\n## Conditions\n\n{machine}{CONDITIONS}\n{versions}")
}

fn verdicts(found: &[Found]) -> String {
    let heads = ["case", "figure", "beside", "median", "must", ""];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(found.iter().flat_map(|found| &found.judged).map(verdict));
    format!("\n## Verdicts\n\n{}", table(&rows))
}

fn verdict(judged: &Judged) -> Vec<String> {
    let bar = judged.bar;
    vec![
        bar.scene.name(),
        format!("{} {} ({})", judged.ours.name(), bar.name(), bar.unit()),
        beside(judged).unwrap_or_else(|| "-".to_owned()),
        with_interval(judged.figure),
        format!("{} {}", bar.op.sign(), bar.must),
        judged.verdict.map_or("void", Verdict::word).to_owned(),
    ]
}

fn beside(judged: &Judged) -> Option<String> {
    judged.rival.map(|(scene, contender)| match scene == judged.bar.scene {
        true => contender.name(),
        false => format!("{}, {}", contender.name(), scene.name()),
    })
}

/// A table for each scene: a row for each contender.
fn case(found: &Found) -> String {
    let mut scenes: Vec<_> = found.taken.iter().map(|one| one.scene).collect();
    scenes.sort_unstable();
    scenes.dedup();
    let tables = scenes.iter().map(|scene| {
        let taken: Vec<&Taken> = found.taken.iter().filter(|one| one.scene == *scene).collect();
        contenders(&scene.name(), &taken)
    });
    format!("\n## {}\n{}", found.case.title(), tables.collect::<String>())
}

fn contenders(scene: &str, taken: &[&Taken]) -> String {
    let mut columns: Vec<Measure> = taken.iter().flat_map(|one| one.measures()).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut heads = vec![scene.to_owned()];
    heads.extend(columns.iter().map(|column| format!("{} ({})", column.name(), column.unit())));
    let cell = |one: &Taken, column| one.figure(column).map_or_else(String::new, with_interval);
    let row = |one: &&Taken| {
        let void = if one.is_void { " (void)" } else { "" };
        let mut row = vec![one.contender.name() + void];
        row.extend(columns.iter().map(|column| cell(one, *column)));
        row
    };
    let rows: Vec<_> = std::iter::once(heads).chain(taken.iter().map(row)).collect();
    format!("\n{}", table(&rows))
}

/// Writes `target/bench/balancing.json`.
pub(super) fn write_rows(found: &[Found]) -> Result<PathBuf> {
    let path = step::target().join("bench/balancing.json");
    let plain = found.iter().flat_map(|found| found.taken.iter().flat_map(|one| plain(found, one)));
    let mut rows: Vec<Value> = plain.collect();
    rows.extend(found.iter().flat_map(|found| &found.judged).map(judged));
    std::fs::write(&path, serde_json::to_string_pretty(&rows)? + "\n")?;
    Ok(path)
}

fn plain(found: &Found, one: &Taken) -> Vec<Value> {
    let known = one.measures().filter_map(|measure| Some((measure, one.figure(measure)?)));
    let row = |(measure, figure): (Measure, super::super::figure::Figure)| {
        json!({
            "case": found.case.name(),
            "scene": one.scene.name(),
            "peer": one.contender.name(),
            "measure": measure.name(),
            "figure": figure.median,
            "op": if measure == Measure::Goodput { Op::AtLeast.sign() } else { Op::AtMost.sign() },
            "bar": null,
            "interval": [figure.low, figure.high],
            "repeats": figure.repeats,
            "unit": measure.unit(),
            "void": one.is_void,
        })
    };
    known.map(row).collect()
}

fn judged(judged: &Judged) -> Value {
    let Judged { bar, figure, .. } = judged;
    json!({
        "case": bar.case.name(),
        "scene": bar.scene.name(),
        "peer": judged.ours.name(),
        "beside": beside(judged),
        "measure": bar.name(),
        "figure": figure.median,
        "op": bar.op.sign(),
        "bar": bar.must,
        "verdict": judged.verdict.map_or("void", Verdict::word),
        "interval": [figure.low, figure.high],
        "repeats": figure.repeats,
        "unit": bar.unit(),
    })
}
