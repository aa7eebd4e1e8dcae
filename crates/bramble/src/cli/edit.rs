//! What all verbs share that change one pool of the cluster's configuration.

use bramble_cluster::api::{Applied, Edit, EditRequest};
use bramble_cluster::link::LinkError;

use super::data::Data;
use super::{outcome, print};
use crate::exit::Failure;
use crate::process;

/// How a change is made.
#[derive(Clone, Debug, clap::Args)]
pub struct How {
    #[command(flatten)]
    pub data: Data,
    /// Show the changes and make none
    #[arg(long)]
    dry_run: bool,
    /// Do it even if the pool is left without a backend that can serve
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The same for all of them.
pub fn help(example: &str) -> String {
    format!(
        "{example}\n\nExit codes: 0 done or nothing to change, 1 failed, 2 usage, 3 unknown pool \
         or backend,\n            or refused, 4 manager unreachable"
    )
}

/// Makes the change and says what it came to.
pub fn run(how: &How, edit: Edit) -> Result<(), Failure> {
    let request = EditRequest { edit, dry_run: how.dry_run, force: how.force };
    let applied: Applied = process::block_on(async {
        let answer = how.data.manager().post_json("/v1/edit", &request).await;
        answer.map_err(|error| failure(&how.data, error))
    })?;
    if how.json { print::json(&applied) } else { tell(&applied, how.dry_run) }
}

/// With the next step for who has no cluster but a `bramble run`.
pub fn failure(data: &Data, error: LinkError) -> Failure {
    let is_run = matches!(error, LinkError::Unreachable { .. }) && !data.has_node();
    let failure = data.failure(error);
    if !is_run {
        return failure;
    }
    failure.hint(
        "name a cluster's data folder with --data DIR; for `bramble run --config FILE` the file is \
         the truth: change it there and send HUP to the process",
    )
}

fn tell(applied: &Applied, dry_run: bool) -> Result<(), Failure> {
    let mut changes = applied.changes.iter();
    changes.try_for_each(|change| print::line(format_args!("  {change}")))?;
    let revision = applied.revision;
    match applied.changes.len() {
        0 => print::line("nothing to change"),
        n if dry_run => {
            print::line(format_args!("{}; nothing was changed", print::plural(n, "change")))
        }
        n => {
            let changes = print::plural(n, "change");
            print::line(format_args!("applied {changes} as revision {revision}"))
        }
    }?;
    outcome::print_late(&applied.nodes)
}
