//! `cargo xtask fuzz`: runs the fuzz targets, one after the other, and writes the log.
//!
//! Knows libFuzzer's words and figures. What a target asserts is in docs/fuzzing.md.

mod log;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::needs::{self, Need};
use crate::step::{self, root, timed};
use crate::tools::Tool;

const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

/// libFuzzer is C++.
const COMPILER: &[Need] = &[Need { program: "g++", package: "g++" }];

/// No sanitizer: there is nothing for one to find without `unsafe`, and each asks for a nightly
/// toolchain. No `cfg(fuzzing)`: what is tried is what is shipped.
const BUILD: &str = "--sanitizer none --no-cfg-fuzzing --codegen-units 8";

/// Every cut of an input is tried, which long ones would make slow. The timer counts what a busy
/// machine gives to others, too: at 10 s it has gone off beside builds for an input of 0.4 ms.
const LIMITS: [&str; 3] = ["-max_len=1024", "-timeout=60", "-rss_limit_mb=2048"];

const SECONDS_A_MINUTE: u64 = 60;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these; all by default.
    targets: Vec<String>,
    /// For how long, each. To libFuzzer 0 is without end.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// Instead: adds what was found and reaches more than the seeds do to the seeds.
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    timed("real parts", || needs::install(COMPILER).and_then(|()| CARGO_FUZZ.install()))?;
    timed("build", || step::run(&mut CARGO_FUZZ.command(&format!("build {BUILD}"))))?;
    let targets = if args.targets.is_empty() { all()? } else { args.targets.clone() };
    targets.iter().try_for_each(|target| {
        timed(target, || if args.keep { keep(target) } else { fuzz(target, args.minutes) })
    })
}

/// Every target has seeds.
fn all() -> Result<Vec<String>> {
    let folders = fs::read_dir(root().join("fuzz/seeds"))?;
    let names = folders.map(|folder| Ok(folder?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<String>>>()?;
    names.sort();
    Ok(names)
}

fn fuzz(target: &str, minutes: u64) -> Result<()> {
    let seconds = minutes * SECONDS_A_MINUTE;
    let corpus = folder(&format!("fuzz/corpus/{target}"))?;
    let said = step::target().join(format!("fuzz-{target}.log"));
    let mut command = CARGO_FUZZ.command(&format!("run {BUILD} {target}"));
    command.args([&corpus, &seeds(target)]).arg("--").args(LIMITS);
    command.args([format!("-max_total_time={seconds}"), "-print_final_stats=1".to_owned()]);
    command.stderr(fs::File::create(&said)?);
    let is_clean = command.status().context("can't start cargo-fuzz")?.success();
    let words = String::from_utf8_lossy(&fs::read(&said)?).into_owned();
    log::add(target, &log::Run::read(&words, seconds, is_clean))?;
    if !is_clean {
        bail!("{target} found something: its input and how to repeat it are in {}", said.display());
    }
    Ok(())
}

/// A merge takes, of the inputs that reach the same, the smallest; how often they reach it does
/// not count here, or thousands would be kept.
fn keep(target: &str) -> Result<()> {
    let corpus = folder(&format!("fuzz/corpus/{target}"))?;
    let mut command = CARGO_FUZZ.command(&format!("run {BUILD} {target}"));
    command.args([&seeds(target), &corpus]);
    step::run(command.args(["--", "-merge=1", "-use_counters=0"]).args(LIMITS))
}

fn seeds(target: &str) -> PathBuf {
    Path::new("fuzz/seeds").join(target)
}

/// A folder below the root, made if it is not there.
fn folder(path: &str) -> Result<PathBuf> {
    fs::create_dir_all(root().join(path))?;
    Ok(PathBuf::from(path))
}
