//! `bramble status`: sites, nodes and backends as they are, and what is wrong.

pub mod table;

use std::time::Duration;

use bramble_cluster::api::Status;

use super::data::Data;
use super::print;
use crate::exit::Failure;
use crate::process;

const INTERVAL: Duration = Duration::from_secs(1);

/// A manager that hangs must not stop the watch.
const WATCH_LIMIT: Duration = Duration::from_secs(3);

/// To the top left.
const HOME: &str = "\x1b[H";
/// Clears to the end of the line.
const END_OF_LINE: &str = "\x1b[K";
/// Clears what is below.
const BELOW: &str = "\x1b[J";

/// Show the cluster: sites, nodes, backends, and what is wrong
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bramble status\n  bramble status --watch\n\n\
                        Exit codes: 0 shown, 1 not written, 2 usage, 4 manager unreachable")]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Print JSON
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Show it anew each second, with rates, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    process::block_on(status(args))
}

async fn status(args: &Args) -> Result<(), Failure> {
    let first: Result<Status, _> = args.data.manager().get_json("/v1/status").await;
    let first = first.map_err(|error| args.data.failure(error))?;
    match args {
        Args { json: true, .. } => print::json(&first),
        Args { watch: true, .. } => {
            let stop = process::stop_signal()?;
            tokio::select! {
                ended = watch(&args.data, first) => ended,
                () = stop => Ok(()),
            }
        }
        _ => print::text(table::all(&first, None)),
    }
}

/// Until nobody looks on.
async fn watch(data: &Data, first: Status) -> Result<(), Failure> {
    let manager = data.manager().with_time_limit(WATCH_LIMIT);
    let mut is_read = draw(&table::all(&first, None))?;
    let mut last = first;
    while is_read {
        tokio::time::sleep(INTERVAL).await;
        is_read = match manager.get_json::<Status>("/v1/status").await {
            Ok(status) => {
                let is_read = draw(&table::all(&status, Some(&last)))?;
                last = status;
                is_read
            }
            Err(error) => draw(&format!("{error}\nwhat was running runs on; asking again\n"))?,
        };
    }
    Ok(())
}

/// Over what was there before, without a flicker; elsewhere than on a terminal, below it.
fn draw(text: &str) -> Result<bool, Failure> {
    if !print::is_watched() {
        return print::draw(format_args!("{text}\n"));
    }
    let lines: String = text.lines().map(|line| format!("{line}{END_OF_LINE}\n")).collect();
    print::draw(format_args!("{HOME}{lines}{BELOW}"))
}
