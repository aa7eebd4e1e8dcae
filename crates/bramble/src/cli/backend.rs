//! `bramble backend`: backends of a pool come and go, rest and weigh more or less.

mod args;

use bramble_cluster::api::{Change, Edit, Setting};
use clap::Subcommand;

use self::args::{Added, Backends, Edited, Weighed};
use super::edit::{self, How, help};
use crate::exit::Failure;

/// Add, change or remove backends of a pool; at once, and kept
///
/// They are known by name or by address. What is changed is the configuration in force: `bramble
/// export` shows it.
#[derive(Debug, clap::Args)]
#[command(after_help = help("Examples:\n  bramble backend add app 10.0.0.3:8080 --weight 2\n  \
                             bramble backend drain app b1 b2\n  bramble pool list"))]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Add backends; they get requests once their first check has passed
    #[command(after_help = help("Examples:\n  bramble backend add app 10.0.0.3:8080 --name b3\n  \
                                 bramble backend add app 10.0.0.3:8080 10.0.0.4:8080 --weight 2"))]
    Add(Added),
    /// Change keys of backends, as a file has them below [[pool.backend]]
    #[command(after_help = help("Examples:\n  bramble backend edit app b1 address=10.0.0.9:8080\n  \
                                 bramble backend edit app b1 b2 weight=2 state=draining"))]
    Edit(Edited),
    /// Take backends out of the pool
    #[command(after_help = help("Example:\n  bramble backend remove app b1 b2"))]
    Remove(Backends),
    /// Send backends no new requests; those in flight finish
    #[command(after_help = help("Example:\n  bramble backend drain app b1 b2"))]
    Drain(Backends),
    /// Send backends requests again
    #[command(after_help = help("Example:\n  bramble backend enable app b1 b2"))]
    Enable(Backends),
    /// Send backends nothing
    #[command(after_help = help("Example:\n  bramble backend disable app b1"))]
    Disable(Backends),
    /// Send backends nothing, not even to those whose session is there
    #[command(after_help = help("Example:\n  bramble backend stop app b1"))]
    Stop(Backends),
    /// Keep backends for when no other can serve; `edit POOL NAME reserve=` takes that back
    #[command(after_help = help("Example:\n  bramble backend standby app b3"))]
    Standby(Backends),
    /// Keep backends to stand in for one that can't serve; `edit POOL NAME reserve=` takes that back
    #[command(after_help = help("Example:\n  bramble backend spare app b3"))]
    Spare(Backends),
    /// Give backends another share of the requests
    #[command(after_help = help("Example:\n  bramble backend weight app b1=2.5 b2=1"))]
    Weight(Weighed),
}

pub fn run(args: Args) -> Result<(), Failure> {
    match args.verb {
        Verb::Add(added) => {
            let (how, pool, backends) = added.settle()?;
            change(&how, pool, Change::Add(backends))
        }
        Verb::Edit(edited) => {
            let (how, pool, wanted) = edited.settle()?;
            change(&how, pool, Change::Backends(wanted))
        }
        Verb::Remove(Backends { how, pool, names }) => change(&how, pool, Change::Remove(names)),
        Verb::Drain(backends) => set(backends, "state", "draining"),
        Verb::Enable(backends) => set(backends, "state", ""),
        Verb::Disable(backends) => set(backends, "state", "disabled"),
        Verb::Stop(backends) => set(backends, "state", "stopped"),
        Verb::Standby(backends) => set(backends, "reserve", "standby"),
        Verb::Spare(backends) => set(backends, "reserve", "spare"),
        Verb::Weight(Weighed { how, pool, weights }) => {
            let wanted = weights.into_iter().map(|(name, weight)| (name, vec![weight]));
            change(&how, pool, Change::Backends(wanted.collect()))
        }
    }
}

/// One key of each.
fn set(backends: Backends, key: &str, value: &str) -> Result<(), Failure> {
    let Backends { how, pool, names } = backends;
    let wanted = names.into_iter().map(|name| (name, vec![Setting::new(key, value)]));
    change(&how, pool, Change::Backends(wanted.collect()))
}

fn change(how: &How, pool: String, change: Change) -> Result<(), Failure> {
    edit::run(how, Edit { pool, change })
}
