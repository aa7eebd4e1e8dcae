//! bramble: one binary that turns a handful of boards or VMs into a web cluster.

mod activation;
mod cli;
mod demo;
mod exit;
mod notify;
mod process;
mod upgrade;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::try_parse().map(cli::Cli::run) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => failure.report(),
        Err(words) => cli::explain(&words),
    }
}
