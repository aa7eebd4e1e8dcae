//! A later start: the state is the truth, and what it needs must be free.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bramble_agent::NodeFile;
use bramble_agent::node::plan_path;
use bramble_cluster::api::Role;
use bramble_config::plan::Plan;

use super::Args;
use crate::cli::new_node::lock;
use crate::cli::{ports, print};
use crate::exit::Failure;

/// How long a port may be held by what was killed just before.
const ENDING: Duration = Duration::from_secs(2);

/// Can the node that lies in the folder start?
pub fn check(args: &Args) -> Result<(), Failure> {
    let dir = &args.data.dir;
    let node = NodeFile::load(dir).map_err(Failure::failed)?;
    if !node.roles.contains(&Role::Manager) {
        let message = format!("{} is a node of a cluster that runs elsewhere", dir.display());
        let hint = format!("start it with `bramble join{}`", args.data.option());
        return Err(Failure::failed(message).hint(hint));
    }
    // A node that runs there holds its own ports: that it runs is the better message.
    let _lock = lock(dir)?;
    for address in addresses(dir, &node) {
        wait_until_free(address)?;
    }
    tell_what_is_not_taken(args, &node);
    Ok(())
}

/// Roles of an agent that was killed may need a moment to end.
fn wait_until_free(address: SocketAddr) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        let checked =
            ports::check(address, "start again when it is free: other nodes know this address");
        match checked {
            Err(_) if start.elapsed() < ENDING => std::thread::sleep(ENDING / 40),
            other => return other.map(drop),
        }
    }
}

fn addresses(dir: &Path, node: &NodeFile) -> Vec<SocketAddr> {
    let plan = std::fs::read(plan_path(dir, Role::Balancer)).ok();
    let plan: Option<Plan> = plan.and_then(|json| serde_json::from_slice(&json).ok());
    let listeners = plan.into_iter().flat_map(|plan| plan.listeners);
    let public = listeners.map(|listener| listener.address);
    public.chain(node.managers.iter().copied()).chain(node.worker_address()).collect()
}

/// Nothing that was said is passed over in silence.
fn tell_what_is_not_taken(args: &Args, node: &NodeFile) {
    let dir = args.data.dir.display();
    if let Some(config) = &args.config {
        let config = config.display();
        print::note(format_args!(
            "note: {dir} holds a cluster; if {config} changed since, use `bramble apply {config}`"
        ));
    }
    let ignored = ignored(args, node).join(", ");
    if !ignored.is_empty() {
        print::note(format_args!("note: {dir} holds a cluster; for a new one only: {ignored}"));
    }
}

/// Options that want something else than the node is. What can't be told from its file is named
/// whenever it is given.
fn ignored(args: &Args, node: &NodeFile) -> Vec<&'static str> {
    let is_same_set = |roles: &Vec<Role>| {
        let set = |roles: &[Role]| roles.iter().copied().collect::<BTreeSet<_>>();
        set(roles) == set(&node.roles)
    };
    let options = [
        ("--address", args.address.is_some_and(|address| address != node.address)),
        ("--listen", args.listen.is_some()),
        ("--name", args.name.as_ref().is_some_and(|name| *name != node.name)),
        ("--roles", args.roles.as_ref().is_some_and(|roles| !is_same_set(roles))),
        ("--worker-rate", args.worker_rate.is_some()),
    ];
    options.into_iter().filter_map(|(option, is_ignored)| is_ignored.then_some(option)).collect()
}

#[cfg(test)]
mod tests;
