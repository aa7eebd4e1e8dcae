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

/// Can the node that lies in the folder start? Answers whether visitors can come then: the cluster
/// can be given another address for them only while it runs.
pub fn check(args: &Args) -> Result<bool, Failure> {
    let dir = &args.data.dir;
    let node = NodeFile::load(dir).map_err(Failure::failed)?;
    if !node.roles.contains(&Role::Manager) {
        let message = format!("{} is a node of a cluster that runs elsewhere", dir.display());
        let hint = format!("start it with `bramble join{}`", args.data.option());
        return Err(Failure::failed(message).hint(hint));
    }
    // A node that runs there holds its own ports: that it runs is the better message.
    let _lock = lock(dir)?;
    for address in node.managers.iter().copied().chain(node.worker_address()) {
        wait_until_free(address, "start again when it is free: other nodes know this address")?;
    }
    let is_open = check_visitors(args);
    tell_what_is_not_taken(args, &node);
    Ok(is_open)
}

/// Warns of what the balancer can't have yet; it goes on trying.
fn check_visitors(args: &Args) -> bool {
    let option = args.data.option();
    let change = format!(
        "give the listener another address by `bramble apply FILE{option}`; until then no visitor \
         gets in, and `bramble status{option}` says why"
    );
    let checks = visitors(&args.data.dir).into_iter().map(|a| wait_until_free(a, &change));
    let taken: Vec<Failure> = checks.filter_map(Result::err).collect();
    taken.iter().for_each(Failure::warn);
    taken.is_empty()
}

/// Roles of an agent that was killed may need a moment to end.
fn wait_until_free(address: SocketAddr, change: &str) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        match ports::check(address, change) {
            Err(_) if start.elapsed() < ENDING => std::thread::sleep(ENDING / 40),
            other => return other.map(drop),
        }
    }
}

/// Where the balancer listened the last time.
fn visitors(dir: &Path) -> Vec<SocketAddr> {
    let plan = std::fs::read(plan_path(dir, Role::Balancer)).ok();
    let plan: Option<Plan> = plan.and_then(|json| serde_json::from_slice(&json).ok());
    let listeners = plan.into_iter().flat_map(|plan| plan.listeners);
    listeners.map(|listener| listener.address).collect()
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
