//! The table in docs/fuzzing.md: for how long and how often each target was run, added up.

use std::fs;

use anyhow::{Context, Result};

use crate::step::root;

const PAGE: &str = "docs/fuzzing.md";
/// What stands above the rows.
const RULE: &str = "|---|---:|---:|---:|---:|---:|";

/// What one run came to.
pub(super) struct Run {
    seconds: u64,
    is_clean: bool,
    executions: u64,
    edges: u64,
    corpus: u64,
}

impl Run {
    /// The figures that libFuzzer wrote.
    pub(super) fn read(said: &str, seconds: u64, is_clean: bool) -> Run {
        let last = |word: &str| {
            let behind = said.rsplit_once(word).map_or("", |(_, behind)| behind);
            let digits = behind.trim_start().split(|c: char| !c.is_ascii_digit()).next();
            digits.unwrap_or_default().parse().unwrap_or_default()
        };
        Run {
            seconds,
            is_clean,
            executions: last("stat::number_of_executed_units:"),
            edges: last(" cov: "),
            corpus: last(" corp: "),
        }
    }
}

/// Adds a run to the target's row.
pub(super) fn add(target: &str, run: &Run) -> Result<()> {
    let path = root().join(PAGE);
    let page = fs::read_to_string(&path).with_context(|| format!("reading {PAGE}"))?;
    fs::write(&path, added(&page, target, run).with_context(|| format!("no table in {PAGE}"))?)?;
    Ok(())
}

fn added(page: &str, target: &str, run: &Run) -> Option<String> {
    let (above, rest) = page.split_once(RULE)?;
    let (rows, below) = rest.split_once("\n\n").unwrap_or((rest.trim_end(), ""));
    let name = format!("| `{target}` |");
    let mut rows: Vec<String> = rows.lines().skip(1).map(str::to_owned).collect();
    let old = rows.iter().position(|row| row.starts_with(&name)).map(|at| rows.remove(at));
    rows.push(row(target, old.as_deref().unwrap_or_default(), run));
    rows.sort();
    Some(format!("{above}{RULE}\n{}\n\n{below}", rows.join("\n")).trim_end().to_owned() + "\n")
}

/// Minutes and executions are those since the target last found something.
fn row(target: &str, old: &str, run: &Run) -> String {
    let mut figures = old.split('|').skip(2).map(|cell| cell.trim().replace(',', ""));
    let mut next = || figures.next().and_then(|cell| cell.parse().ok()).unwrap_or(0_f64);
    let (minutes, executions, _, _, found) = (next(), next(), next(), next(), next());
    let (minutes, executions, found) = match run.is_clean {
        true => (minutes + run.seconds as f64 / 60.0, executions as u64 + run.executions, found),
        false => (0.0, 0, found + 1.0),
    };
    let executions = grouped(executions);
    let Run { edges, corpus, .. } = run;
    format!("| `{target}` | {minutes:.0} | {executions} | {edges} | {corpus} | {found:.0} |")
}

/// Digits in threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let threes: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|chunk| str::from_utf8(chunk).ok()).collect();
    threes.join(",")
}

#[cfg(test)]
mod tests;
