//! `cargo xtask bench`: bramble and its peers side by side.
//!
//! A bench writes `target/bench/NAME.json`: rows of `case`, `peer`, `figure`, `median`, `op`,
//! `bar`, `interval`, `repeats` and `unit`.

mod cpu;
mod figure;
mod load;
mod peer;
mod process;
mod report;
mod syscalls;
mod wire;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// The balancer's cost of a request: bramble, nginx, HAProxy and Apache before the same
    /// 8 backends.
    Wire(wire::Args),
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Wire(args) => wire::run(args),
    }
}
