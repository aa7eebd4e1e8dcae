//! `bramble apply`: a file becomes the cluster's configuration.

use std::path::PathBuf;

use bramble_cluster::api::{Applied, ApplyRequest};
use bramble_cluster::link::Link;

use super::data::Data;
use super::{config_file, outcome, print};
use crate::exit::Failure;
use crate::process;

/// Make a file the cluster's configuration, and show what that changes
///
/// A faulty file is refused and the running configuration stays. No request and no connection
/// is dropped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bramble apply examples/cluster.toml --dry-run\n  \
                        bramble apply examples/cluster.toml\n\n\
                        Exit codes: 0 applied or nothing to change, 1 failed, 2 faulty or \
                        unreadable file,\n            or usage, 3 refused, 4 manager unreachable")]
pub struct Args {
    /// The configuration; see docs/reference.md
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Show the changes and make none
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let (file, _) = config_file::read(&args.file)?;
    let request =
        ApplyRequest { text: file.text, file: file.name, dry_run: args.dry_run, reload: false };
    process::block_on(apply(&args.data, request, args.json))
}

/// Shows the changes, makes them unless it is a dry run, and says that it did.
pub async fn apply(data: &Data, request: ApplyRequest, json: bool) -> Result<(), Failure> {
    let manager = data.manager();
    let dry_run = request.dry_run;
    let shown = post(data, &manager, &ApplyRequest { dry_run: true, ..request.clone() }).await?;
    if !json {
        let mut changes = shown.changes.iter();
        changes.try_for_each(|change| print::line(format_args!("  {change}")))?;
    }
    let applied = if dry_run { shown } else { post(data, &manager, &request).await? };
    match (json, applied.changes.len()) {
        (true, _) => print::json(&applied)?,
        (_, 0) => print::line("nothing to change")?,
        (_, n) if dry_run => {
            print::line(format_args!("{}; nothing was changed", print::plural(n, "change")))?;
        }
        (_, n) => print::line(format_args!(
            "applied {} as revision {}",
            print::plural(n, "change"),
            applied.revision
        ))?,
    }
    if json { Ok(()) } else { outcome::print_late(&applied.nodes) }
}

async fn post(data: &Data, manager: &Link, request: &ApplyRequest) -> Result<Applied, Failure> {
    manager.post_json("/v1/apply", request).await.map_err(|error| data.failure(error))
}
