//! `cargo xtask bench`: bramble and its peers side by side.
//!
//! A bench writes `target/bench/NAME.json`; CONTRIBUTING.md says what is in its rows.

mod balancing;
mod bar;
mod case;
mod cgroup;
mod client;
mod count;
mod cpu;
mod figure;
pub(crate) mod guard;
mod load;
mod measure;
mod memory;
mod network;
mod origin;
mod page;
mod peer;
mod process;
mod relay;
mod report;
mod running;
mod setup;
mod syscalls;
mod table;
mod users;
mod wire;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Where requests go and what visitors notice when workers are slow, fail or are too few:
    /// bramble, HAProxy, nginx and Apache before the same workers.
    Balancing(balancing::Args),
    /// Holds the instructions and system calls of a request against the recorded budget.
    Guard(guard::Args),
    /// The balancer's cost of a request, its memory and its files: bramble, nginx, HAProxy,
    /// Apache and Caddy side by side.
    Wire(wire::Args),
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Balancing(args) => balancing::run(args),
        Bench::Guard(args) => guard::run(args),
        Bench::Wire(args) => wire::run(args),
    }
}
