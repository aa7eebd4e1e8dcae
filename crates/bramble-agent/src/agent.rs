//! The node's life: roles start at once from what lies on disk, then plans are followed. For
//! another binary the roles make way one after the other, from the visitors inwards; at last the
//! agent becomes that program itself.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::future::Future;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use bramble_cluster::api::Role;
use bramble_cluster::link::Link;
use bramble_content::{BlobStore, DiskError, ReleaseError, Releases, StoreError};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::apply::Apply;
use crate::backoff::{Backoff, Spread};
use crate::join;
use crate::kept::{Kept, Program};
use crate::lock::{Lock, LockError};
use crate::node::{NodeError, NodeFile, control_path, role_name};
use crate::push::Pusher;
use crate::renew::renew;
use crate::report::Reporter;
use crate::supervise::{KeptRole, Launch, Process, Supervised};
use crate::upgrade::{self, UpgradeRequest};
use crate::watch::{poll, watch};

/// Above the manager's 20 s for a poll without news.
const POLL_LIMIT: Duration = Duration::from_secs(30);
const RETRY: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
/// A report is only good while it is fresh.
const REPORT_LIMIT: Duration = Duration::from_secs(5);
/// Looking for the identity of a node that has not joined yet.
const IDENTITY_INTERVAL: Duration = Duration::from_millis(200);

/// How a node is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its data folder, made by `join` or `up`.
    pub data: PathBuf,
    /// The `bramble` binary, to run roles with, and the arguments of this process.
    pub program: Program,
    /// How long a role that stops may drain.
    pub stop_ms: u64,
    /// Any number that other nodes don't have: it spreads their reconnects.
    pub seed: u64,
}

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The disk refused, or is full.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Another agent runs there.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It is no node, or a damaged one.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Signals can't be had.
    #[error("can't wait for signals: {0}")]
    Signal(std::io::Error),
    /// The releases can't be read.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The blobs can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs the node until `shutdown`, then stops its roles in order; goes on from what the program
/// before has `kept`. Needs a runtime of one thread, the process's first, that lives as long as the
/// process (see [`supervise`](crate::supervise)).
pub async fn run(
    options: Options,
    kept: Option<Kept>,
    mut upgrades: mpsc::Receiver<UpgradeRequest>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), AgentError> {
    let mut shutdown = pin!(shutdown);
    let mut kept = match kept {
        Some(kept) => kept,
        None => afresh(&options.data)?,
    };
    loop {
        let roles = match live(&options, kept.roles, &mut upgrades, shutdown.as_mut()).await? {
            Some(roles) => roles,
            None => return Ok(()),
        };
        kept = Kept { lock: kept.lock, roles };
        let error = kept.become_program(&options.program);
        warn!(%error, "the agent can't become the new program: it goes on");
    }
}

/// Whether a program could go on with this node: opens what it would, and changes nothing.
///
/// # Errors
/// Why not.
pub fn rehearse(data: &Path) -> Result<(), AgentError> {
    NodeFile::load(data)?;
    Apply::open(data, Releases::open(BlobStore::at(&data.join("content")))?)?;
    Ok(())
}

/// Until the end, or until the agent is to become another program.
async fn live(
    options: &Options,
    kept: BTreeMap<Role, KeptRole>,
    upgrades: &mut mpsc::Receiver<UpgradeRequest>,
    shutdown: impl Future<Output = ()>,
) -> Result<Option<BTreeMap<Role, KeptRole>>, AgentError> {
    let data = &options.data;
    let node = NodeFile::load(data)?;
    let releases = Releases::open(BlobStore::open(&data.join("content"))?)?;
    let apply = Apply::open(data, releases)?;
    let roles = start(options, &node, kept)?;
    let is_upgrade = tokio::select! {
        () = follow(options, &node, &apply, &roles) => false,
        () = shutdown => false,
        () = upgrade::upgrade(&roles, upgrades, &options.program, &apply) => true,
    };
    if is_upgrade {
        return Ok(Some(leave(roles).await));
    }
    info!("stopping");
    stop(roles).await;
    Ok(None)
}

fn afresh(data: &Path) -> Result<Kept, AgentError> {
    let lock = Lock::take(data)?;
    prepare(data, &NodeFile::load(data)?)?;
    Ok(Kept { lock, roles: BTreeMap::new() })
}

/// Sockets of processes that are gone would only be in the way.
fn prepare(data: &Path, node: &NodeFile) -> Result<(), DiskError> {
    let run = data.join("run");
    DirBuilder::new().recursive(true).mode(0o700).create(&run).map_err(DiskError::at(&run))?;
    for role in &node.roles {
        let _ = fs::remove_file(control_path(data, *role));
    }
    Ok(())
}

fn start(
    options: &Options,
    node: &NodeFile,
    mut kept: BTreeMap<Role, KeptRole>,
) -> Result<BTreeMap<Role, Supervised>, AgentError> {
    let launch = Launch {
        executable: options.program.executable.clone(),
        data: options.data.clone(),
        stop: Duration::from_millis(options.stop_ms),
    };
    let start = |&role: &Role| {
        let kept = kept.remove(&role).unwrap_or_default();
        Ok((role, Supervised::start(launch.clone(), role, kept).map_err(AgentError::Signal)?))
    };
    node.roles.iter().map(start).collect()
}

/// Without supervision nothing must be waited for until the next agent has it.
async fn leave(roles: BTreeMap<Role, Supervised>) -> BTreeMap<Role, KeptRole> {
    let mut kept = BTreeMap::new();
    for (role, supervised) in roles {
        kept.insert(role, supervised.leave().await);
    }
    kept
}

/// The roles from the visitors inwards: who passes requests on goes first, who answers them
/// after it, and the manager, which hears of it all, at last.
async fn stop(mut roles: BTreeMap<Role, Supervised>) {
    for role in [Role::Balancer, Role::Worker, Role::Manager] {
        if let Some(supervised) = roles.remove(&role) {
            supervised.stop().await;
            info!(role = role_name(role), "stopped");
        }
    }
}

async fn follow(
    options: &Options,
    node: &NodeFile,
    apply: &Apply,
    roles: &BTreeMap<Role, Supervised>,
) {
    let processes: BTreeMap<Role, watch::Receiver<Process>> =
        roles.iter().map(|(role, supervised)| (*role, supervised.subscribe())).collect();
    let pusher = Pusher::open(&options.data, &node.roles);
    apply.begin(&pusher);
    tokio::join!(apply.push_all(pusher, &processes), follow_manager(options, apply, &processes),);
}

/// All that needs a manager, under one certificate after the other.
async fn follow_manager(
    options: &Options,
    apply: &Apply,
    processes: &BTreeMap<Role, watch::Receiver<Process>>,
) {
    loop {
        let (node, links) = joined(&options.data).await;
        let Links { blobs, plans, reports } = &links;
        let retry = Spread::new(RETRY, options.seed);
        let reporter = Reporter::new(node, &options.data, processes);
        tokio::select! {
            () = watch(async |after| poll(plans, after).await, apply.plan(), retry) => {}
            () = apply.fetch_all(blobs) => {}
            () = reporter.run(reports, apply.progress()) => {}
            () = renew(blobs, &options.data) => info!("certificate renewed"),
        }
    }
}

/// Ways to the manager, each with its own time limit and its own connections.
struct Links {
    blobs: Link,
    plans: Link,
    reports: Link,
}

fn links(data: &Path) -> Result<(NodeFile, Links), join::JoinError> {
    let links = Links {
        blobs: join::link(data)?,
        plans: join::link(data)?.with_time_limit(POLL_LIMIT),
        reports: join::link(data)?.with_time_limit(REPORT_LIMIT),
    };
    Ok((NodeFile::load(data)?, links))
}

/// Waits until the node has its identity: that of the first node is made by its own manager.
async fn joined(data: &Path) -> (NodeFile, Links) {
    let mut is_told = false;
    loop {
        match links(data) {
            Ok(joined) => return joined,
            Err(error) if !is_told => warn!("no membership yet: {error}"),
            Err(_) => {}
        }
        is_told = true;
        sleep(IDENTITY_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests;
