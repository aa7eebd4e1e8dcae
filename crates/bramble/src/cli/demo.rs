//! `bramble demo`: the whole story on one machine, measured.

use std::path::PathBuf;

use super::value::WorkerRate;
use crate::demo;
use crate::exit::Failure;
use crate::process;

/// Show the whole story on this machine: start, publish, load, grow, lose a worker, reload
///
/// Takes at most 90 s, needs no root and no configuration, and writes demo-report.html and
/// demo-report.json.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bramble demo\n  bramble demo --worker-rate off --stay\n\n\
                        Exit codes: 0 all of it went as claimed, 1 something did not, 2 usage")]
pub struct Args {
    /// Requests a second that a worker is slowed to, as one old board; or `off`
    #[arg(long, value_name = "N|off", default_value = "160")]
    worker_rate: WorkerRate,
    /// Leave the cluster up at the end
    #[arg(long)]
    stay: bool,
    /// Folder to write the reports to
    #[arg(long, value_name = "DIR", default_value = ".")]
    report: PathBuf,
}

pub fn run(args: Args) -> Result<(), Failure> {
    process::log("error");
    let options =
        demo::Options { worker_rate: args.worker_rate.0, stay: args.stay, report: args.report };
    process::block_on(demo::run(options))
}
