//! bramble: one binary that turns a handful of boards or VMs into a web cluster.

mod cli;
mod demo;
mod exit;
mod process;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
