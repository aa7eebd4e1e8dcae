//! `bench guard`: keeps what a request takes from growing unseen.
//!
//! Instructions and system calls of a few cases are counted, which needs no quiet machine, and held
//! against `budget.txt`. Knows no peers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::case::Case;
use super::count::Counter;
use super::figure::Figure;
use super::origin::{Origin, Place};
use super::peer::Peer;
use super::table::table;
use crate::needs;
use crate::step::{self, cargo, timed};

const CASES: [Case; 3] = [Case::Keepalive, Case::ConnectionARequest, Case::Files2k];
const COUNTERS: [Counter; 2] = [Counter::Callgrind, Counter::Strace];
const BUDGET: &str = "xtask/src/bench/budget.txt";
const GROWTH: f64 = 0.02;
/// The median of so many counts: new connections come in an order that is not always the same.
const REPEATS: usize = 3;

const HEAD: &str = "\
# What a request may take: case, measure, count. `cargo xtask bench guard` fails when a count has
# grown by more than 2 %; `cargo xtask bench guard --record` writes them anew. Whoever commits a
# larger one says in the commit what it buys.
";

#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Writes the budget anew instead of holding counts against it.
    #[arg(long)]
    record: bool,
    /// What can't be counted here, in a container without ptrace for one, is told and no fault.
    #[arg(long)]
    where_possible: bool,
    /// Counts this binary instead of the one that `--release` builds.
    #[arg(long)]
    bramble: Option<PathBuf>,
}

impl Args {
    /// Holds what can be counted here.
    pub(crate) fn where_possible() -> Self {
        Self { where_possible: true, ..Self::default() }
    }
}

/// Counts by case and measure.
type Counts = BTreeMap<(String, String), f64>;

pub(crate) fn run(args: &Args) -> Result<()> {
    let installed = timed("counters", || needs::install(needs::COUNTERS));
    if let (true, Err(error)) = (args.where_possible, &installed) {
        println!("nothing is counted here: {error:#}");
        return Ok(());
    }
    installed?;
    let place = Place::make("guard", bramble(args)?)?;
    let mut counts = Counts::new();
    for case in CASES {
        timed(case.name(), || count(case, &place, &mut counts))?;
    }
    std::fs::remove_dir_all(&place.folder)?;
    let path = step::root().join(BUDGET);
    if args.record {
        return Ok(std::fs::write(path, render(&counts))?);
    }
    let mut budget = parse(&std::fs::read_to_string(path)?)?;
    if args.where_possible {
        // What counts one case must count all.
        budget.retain(|(_, measure), _| counts.keys().any(|(_, counted)| counted == measure));
    }
    hold(&counts, &budget)
}

fn bramble(args: &Args) -> Result<PathBuf> {
    if let Some(path) = &args.bramble {
        return Ok(std::path::absolute(path)?);
    }
    timed("build", || step::run(&mut cargo("build --release --package bramble")))?;
    Ok(step::target().join("release/bramble"))
}

fn count(case: Case, place: &Place, counts: &mut Counts) -> Result<()> {
    let origin = Origin::start(place, case.setup())?;
    for counter in COUNTERS {
        let measure = counter.measure().name();
        let once = |_| counter.per_request(case, Peer::Bramble, place, &origin);
        match (0..REPEATS).map(once).collect::<Result<Vec<f64>>>() {
            Ok(repeats) => {
                let median = Figure::of(&repeats).map(|figure| figure.median);
                let key = (case.name().to_owned(), measure.to_owned());
                counts.extend(median.map(|count| (key, count)));
            }
            Err(error) => println!("no {measure}: {error:#}"),
        }
    }
    Ok(())
}

/// Prints both side by side. Fails when one has grown, or is no longer counted.
fn hold(counts: &Counts, budget: &Counts) -> Result<()> {
    let mut rows = vec![["case", "measure", "budget", "now", "growth"].map(str::to_owned).to_vec()];
    let mut over = Vec::new();
    for ((case, measure), allowed) in budget {
        let now = counts.get(&(case.clone(), measure.clone())).copied();
        let growth = now.map_or(f64::INFINITY, |now| now / allowed - 1.0);
        let cell = |value: f64| format!("{value:.2}");
        let percent = format!("{:+.2} %", growth * 100.0);
        let now = now.map_or_else(|| "none".to_owned(), cell);
        rows.push(vec![case.clone(), measure.clone(), cell(*allowed), now, percent]);
        if growth > GROWTH {
            over.push(format!("{case} {measure}"));
        }
    }
    println!("{}", table(&rows));
    if over.is_empty() {
        return Ok(());
    }
    bail!(
        "more than 2 % beyond the budget: {}. What it buys is worth it? Then record it with \
         `cargo xtask bench guard --record`",
        over.join(", ")
    )
}

fn render(counts: &Counts) -> String {
    let line = |((case, measure), count): (&(String, String), &f64)| {
        format!("{case} {measure} {count:.2}\n")
    };
    HEAD.to_owned() + &counts.iter().map(line).collect::<String>()
}

fn parse(text: &str) -> Result<Counts> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let count = |line: &str| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        [case, measure, count] => {
            Some((((*case).to_owned(), (*measure).to_owned()), count.parse().ok()?))
        }
        _ => None,
    };
    lines.map(|line| count(line).with_context(|| format!("{BUDGET}: `{line}`"))).collect()
}

#[cfg(test)]
mod tests;
