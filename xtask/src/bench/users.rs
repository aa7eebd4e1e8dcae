//! The old test: 800 users of siege who each wait up to a second between two requests.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::load::Shape;
use super::measure::{Measure, Sample};
use super::memory::peak_rss_mb;
use super::process::pinned;
use super::running::Running;
use crate::step::output;

const SECONDS: u32 = 10;
/// siege is known to hang past its time, now and then.
const PATIENCE_S: u32 = 30;
const SETTINGS: &str =
    "limit = 1024\nconnection = close\njson_output = true\nverbose = false\nlogging = false\n";

/// Of a peer that was just started.
pub(super) fn measure(one: &Running, shape: Shape, cores: &str, folder: &Path) -> Result<Sample> {
    let settings = folder.join("siegerc");
    std::fs::write(&settings, SETTINGS)?;
    let (time, patience) = (format!("-t{SECONDS}S"), PATIENCE_S.to_string());
    let url = format!("http://{}{}", one.address, shape.path);
    let settings = settings.display().to_string();
    let words = ["timeout", "-k", "1", &patience, "siege", "-c800", "-d1", &time, "-R", &settings];
    let command: Vec<String> = words.iter().chain([&url.as_str()]).map(|w| (*w).into()).collect();
    let before = one.process.cpu();
    // It writes a template of its settings into the user's folder.
    let mut report = parse(&said(pinned(cores, &command).env("HOME", folder))?)?;
    let cpu = one.process.cpu() - before;
    report.push((Measure::PeakRss, peak_rss_mb(&one.process.pids())));
    let requests = report.iter().find(|(measure, _)| *measure == Measure::Rate);
    let requests = requests.map_or(f64::NAN, |(_, per_s)| per_s * f64::from(SECONDS));
    report.push((Measure::Cpu, cpu.us() / requests));
    Ok(report)
}

fn said(siege: &mut Command) -> Result<String> {
    output(siege).context("siege (it ends itself, or is ended when it hangs)")
}

/// Reads siege's report; it knows 10 ms as the shortest time.
fn parse(text: &str) -> Result<Sample> {
    let start = text.find('{').with_context(|| format!("siege said `{}`", text.trim()))?;
    let report: Value = serde_json::from_str(text[start..].trim())?;
    let field = |name: &str| report[name].as_f64().with_context(|| format!("siege: no `{name}`"));
    if field("transactions")? == 0.0 {
        bail!("siege got no answer");
    }
    Ok(vec![
        (Measure::Rate, field("transaction_rate")?),
        (Measure::Longest, field("longest_transaction")? * 1000.0),
        (Measure::Errors, field("failed_transactions")?),
    ])
}

#[cfg(test)]
mod tests;
