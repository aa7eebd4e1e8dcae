//! `bramble up`: a cluster on this machine, made at the first start and kept over restarts.

mod again;
mod announce;
mod first;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use bramble_agent::Start;
use bramble_cluster::api::Role;

use super::data::Data;
use super::value::{self, WorkerRate};
use super::{agent, print};
use crate::exit::Failure;
use crate::process;

/// Start a cluster on this machine, and keep it running
///
/// The first start makes the data folder, the cluster's authority and its state. Later starts
/// go on where the last one ended. Ctrl-C and SIGTERM stop all roles in order, once the
/// requests in flight are answered.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bramble up\n  \
                        bramble up --data /var/lib/bramble --config examples/cluster.toml\n\n\
                        Exit codes: 0 stopped as asked, 1 could not start, 2 bad configuration \
                        or usage")]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// Configuration of a new cluster (see docs/reference.md); a built-in one without
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the built-in configuration listens for visitors, as 0.0.0.0:8080; port 0 takes a free
    /// one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", conflicts_with = "config")]
    listen: Option<SocketAddr>,
    /// What this first node runs; the manager must be among it [default: all three]
    #[arg(
        long,
        value_name = "ROLES",
        value_delimiter = ',',
        value_parser = value::role
    )]
    roles: Option<Vec<Role>>,
    /// Hold the worker to so many requests a second, as one old board; or off [default]
    #[arg(long, value_name = "N|off")]
    worker_rate: Option<WorkerRate>,
    /// The node's name [default: this machine's]
    #[arg(long, value_parser = agent::node_name)]
    name: Option<String>,
    /// Address of this machine that other nodes reach it at [default: 127.0.0.1]
    #[arg(long, value_name = "IP", value_parser = value::address)]
    address: Option<IpAddr>,
    #[command(flatten)]
    parent: agent::Parent,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    process::log(agent::LOG);
    let Some(start) = agent::start(&args.data.dir)? else { return Ok(()) };
    args.parent.follow()?;
    process::block_on(up(args, start))
}

async fn up(args: &Args, start: Start) -> Result<(), Failure> {
    // From here on Ctrl-C is waited for: a first start is not cut in the middle.
    let stop = process::stop_signal()?;
    let is_open = match (&start, args.data.dir.join("node.json").exists()) {
        (Start::GoesOn(_), _) => true,
        (_, true) => again::check(args)?,
        (_, false) => {
            first::make(args).await?;
            true
        }
    };
    agent::run(&args.data.dir, start, stop, announce::announce(&args.data, is_open)).await?;
    print::tell("all stopped");
    Ok(())
}
