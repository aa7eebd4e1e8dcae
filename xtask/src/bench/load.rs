//! The load: wrk, and what it says.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};

use super::process::pinned;
use crate::step::output;

/// One run's outcome.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Load {
    pub requests: f64,
    pub per_s: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Socket errors and answers other than 2xx and 3xx.
    pub errors: f64,
}

/// What is asked for, and over how many connections at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    pub path: &'static str,
    pub connections: usize,
    /// Keeps connections, instead of making one a request.
    pub keeps: bool,
}

/// Words of a run, from one thread.
pub(super) fn command(address: SocketAddr, shape: Shape, seconds: u32) -> Vec<String> {
    let mut words: Vec<String> = ["wrk", "-t1", "--latency"].map(str::to_owned).to_vec();
    words.extend([format!("-c{}", shape.connections), format!("-d{seconds}s")]);
    if !shape.keeps {
        words.extend(["-H", "Connection: close"].map(str::to_owned));
    }
    words.push(format!("http://{address}{}", shape.path));
    words
}

/// Runs it on those cores.
pub(super) fn run(command: &[String], cores: &str) -> Result<Load> {
    parse(&output(&mut pinned(cores, command))?)
}

/// Reads wrk's report.
pub(super) fn parse(text: &str) -> Result<Load> {
    let mut load = Load::default();
    for words in text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()) {
        match words.as_slice() {
            ["50%", time] => load.p50_ms = ms(time)?,
            ["99%", time] => load.p99_ms = ms(time)?,
            ["Requests/sec:", rate] => load.per_s = number(rate)?,
            ["Socket", "errors:", counts @ ..] => {
                let counts = counts.iter().skip(1).step_by(2);
                load.errors += counts.map(|count| number(count)).sum::<Result<f64>>()?;
            }
            ["Non-2xx", .., count] => load.errors += number(count)?,
            [count, "requests", "in", ..] => load.requests = number(count)?,
            _ => {}
        }
    }
    if load.requests == 0.0 {
        bail!("wrk got no answer: {}", text.trim());
    }
    Ok(load)
}

fn ms(time: &str) -> Result<f64> {
    let digits = time.trim_end_matches(char::is_alphabetic);
    let unit = match &time[digits.len()..] {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1000.0,
        other => bail!("wrk gave a time in `{other}`"),
    };
    Ok(number(digits)? * unit)
}

fn number(text: &str) -> Result<f64> {
    text.trim_end_matches(',').parse().with_context(|| format!("wrk said `{text}`"))
}

#[cfg(test)]
mod tests;
