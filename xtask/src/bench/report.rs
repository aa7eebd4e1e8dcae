//! What a bench found as rows, for later comparison.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::bar::{Judged, judge};
use super::figure::Figure;
use super::measure::{Measure, Measured};
use crate::step;

/// Writes `target/bench/NAME.json`: a row for each measure of each peer, and one for each bar.
pub(super) fn write(name: &str, measured: &[Measured]) -> Result<PathBuf> {
    let path = step::target().join("bench").join(format!("{name}.json"));
    let mut rows: Vec<Value> = measured.iter().flat_map(plain).collect();
    rows.extend(judge(measured).iter().map(judged));
    std::fs::write(&path, serde_json::to_string_pretty(&rows)? + "\n")?;
    Ok(path)
}

fn plain(one: &Measured) -> Vec<Value> {
    let known = one.measures().filter_map(|measure| Some((measure, one.figure(measure)?)));
    known.map(|(measure, figure)| row(one, measure, figure)).collect()
}

fn row(one: &Measured, measure: Measure, figure: Figure) -> Value {
    json!({
        "case": one.case.name(),
        "peer": one.peer.name(),
        "measure": measure.name(),
        "figure": round(figure.median),
        "op": if measure.is_more_better() { ">=" } else { "<=" },
        "bar": null,
        "interval": [round(figure.low), round(figure.high)],
        "repeats": figure.repeats,
        "unit": measure.unit(),
    })
}

/// The peer is whom it is held against; bramble itself where that is nobody.
fn judged(judged: &Judged) -> Value {
    let Judged { bar, figure, .. } = judged;
    json!({
        "case": bar.case.name(),
        "peer": judged.rival.unwrap_or(bar.whose).name(),
        "measure": bar.name(),
        "figure": round(figure.median),
        "op": bar.op.sign(),
        "bar": bar.must,
        "aim": bar.aim,
        "verdict": judged.must.word(),
        "aim_verdict": judged.aim.map(|aim| aim.word()),
        "interval": [round(figure.low), round(figure.high)],
        "repeats": figure.repeats,
        "unit": bar.unit(),
    })
}

/// Beyond the third decimal there is only noise.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
