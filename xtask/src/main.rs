//! The repository's own tools: `cargo xtask tidy|test|ci|bench|coverage|fuzz`.
//!
//! Knows cargo, the file tree and Debian's packages. Uses no crate of the product, so that it
//! builds in seconds and judges from outside.

// Rule Zero: a tool that reports to a terminal prints.
#![allow(clippy::print_stdout)]

mod bench;
mod ci;
mod coverage;
mod fuzz;
mod needs;
mod python;
mod step;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tools of this repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Measures against the peers.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Runs what must hold before a change is taken: formatting, lints, tidy, tests.
    Ci,
    /// Counts the lines of the HTTP crate that its tests reach.
    Coverage(coverage::Args),
    /// Runs the fuzz targets and writes docs/fuzzing.md's log.
    Fuzz(fuzz::Args),
    /// Builds the release binary and runs all tests with it.
    Test(test::Args),
    /// Checks arrows between crates, licences, bans, file sizes, module docs and links.
    Tidy,
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Bench(bench) => bench::run(&bench),
        Verb::Ci => ci::run(),
        Verb::Coverage(args) => coverage::run(&args),
        Verb::Fuzz(args) => fuzz::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::Tidy => tidy::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
