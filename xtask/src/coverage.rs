//! `cargo xtask coverage`: how many lines of the HTTP crate its own tests reach.
//!
//! Not reached are `classes` and `class` in scan.rs: the compiler runs them, and the tests hold
//! the table that comes of it against the RFC, byte by byte. Nor is `extension` in encoding.rs: what
//! a file's name ends in is asked by `bramble-server`, whose scenarios try all three.

use anyhow::Result;

use crate::needs::{self, Need};
use crate::step::{self, timed};
use crate::tools::Tool;

const LLVM_COV: Tool = Tool { name: "cargo-llvm-cov", version: "0.9.1" };

/// Readers of what the pinned toolchain writes: its LLVM is the one that
/// `rustc --version --verbose` names.
const LLVM: &[Need] = &[Need { program: "llvm-cov-22", package: "llvm-22" }];

/// Percent of the lines.
const BAR: &str = "95";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Shows each file's lines with how often each was run, instead of a row a file.
    #[arg(long)]
    lines: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    timed("real parts", || needs::install(LLVM).and_then(|()| LLVM_COV.install()))?;
    timed("coverage", || {
        let mut command = LLVM_COV.command("--release --package bramble-http --fail-under-lines");
        command.args([BAR, if args.lines { "--text" } else { "--summary-only" }]);
        command.env("LLVM_COV", "/usr/bin/llvm-cov-22");
        command.env("LLVM_PROFDATA", "/usr/bin/llvm-profdata-22");
        step::run(&mut command)
    })
}
