//! From a node plan to a node that runs it: one loop fetches releases, one pushes plans to
//! roles. A release that can't be had holds back only the roles that serve it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bramble_cluster::api::{NodePlan, Role};
use bramble_content::{DiskError, ReleaseError, ReleaseId, Releases, disk};
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::fetch::{FetchError, Source, fetch};
use crate::node::plan_path;
use crate::push::{Outcome, Pusher};
use crate::supervise::Process;

const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(10);
/// How long a role may still take for a plan when there is a newer one: one that hangs must not
/// keep that from the others.
const OUTDATED_LIMIT: Duration = Duration::from_secs(1);
/// Characters of a report that are for words.
const TROUBLE_CHARACTERS: usize = 1_000;

/// How far this node is, for its report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Revision of the plan that all roles run.
    pub applied: u64,
    /// Releases on disk that a role serves.
    pub releases: Vec<String>,
    /// Why a release is missing.
    pub fetch_trouble: Option<String>,
    /// Why a role does not run its plan.
    pub push_trouble: Option<String>,
    /// Why the node does not run from the file that lies in its place.
    pub upgrade_trouble: Option<String>,
}

impl Progress {
    /// All that is wrong, in words that a terminal can show: some are other processes'.
    pub fn trouble(&self) -> Option<String> {
        let all = [&self.fetch_trouble, &self.push_trouble, &self.upgrade_trouble];
        let troubles: Vec<&str> = all.into_iter().flatten().map(|t| &**t).collect();
        let words = troubles.join("; ");
        let shown = words.chars().filter(|c| !c.is_control()).take(TROUBLE_CHARACTERS);
        (!troubles.is_empty()).then(|| shown.collect())
    }
}

/// What both loops share; all on one thread.
pub struct Apply {
    data: PathBuf,
    releases: Releases,
    /// Held while blobs come in: what nothing refers to yet must not be pruned then.
    fetching: Arc<Mutex<()>>,
    /// Told when the disk is full; who knows what the roles use makes room.
    crowded: Notify,
    plan: watch::Sender<Option<NodePlan>>,
    held: watch::Sender<BTreeSet<ReleaseId>>,
    progress: watch::Sender<Progress>,
}

impl Apply {
    /// Goes on from what lies in the data folder.
    pub fn open(data: &Path, releases: Releases) -> Result<Self, ReleaseError> {
        let held = releases.list()?.into_iter().collect();
        Ok(Self {
            data: data.into(),
            releases,
            fetching: Arc::default(),
            crowded: Notify::new(),
            plan: watch::Sender::new(last_plan(data)),
            held: watch::Sender::new(held),
            progress: watch::Sender::default(),
        })
    }

    /// Where new plans go in.
    pub fn plan(&self) -> &watch::Sender<Option<NodePlan>> {
        &self.plan
    }

    /// How far it is.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Says from the first report on what the roles serve already: a worker of which nothing is
    /// known gets no traffic.
    pub fn begin(&self, pusher: &Pusher) {
        let releases = self.served(pusher);
        self.progress.send_if_modified(|now| replace(&mut now.releases, releases));
    }

    /// What came of an upgrade.
    pub fn note_upgrade(&self, trouble: Option<String>) {
        self.progress.send_if_modified(|now| replace(&mut now.upgrade_trouble, trouble));
    }

    /// Gets each plan's releases; without end. A plan with others ends what is on its way: its
    /// blobs come first, and those that are here stay.
    pub async fn fetch_all(&self, source: &impl Source) {
        let mut plans = self.plan.subscribe();
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LAST);
        loop {
            let wanted = releases_of(plans.borrow_and_update().as_ref());
            let is_other = |plan: &Option<NodePlan>| releases_of(plan.as_ref()) != wanted;
            let outcome = tokio::select! {
                outcome = self.fetch_missing(source, &wanted) => outcome,
                _ = plans.wait_for(is_other) => continue,
            };
            let trouble = outcome.err().map(|(id, error)| format!("release {id}: {error}"));
            let retry = trouble.as_ref().map(|words| {
                warn!("{words}");
                backoff.delay()
            });
            self.progress.send_if_modified(|now| replace(&mut now.fetch_trouble, trouble));
            let delay = async move {
                match retry {
                    Some(delay) => sleep(delay).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = delay => {}
                _ = plans.changed() => backoff.reset(),
            }
        }
    }

    /// Tries all; returns the last failure.
    async fn fetch_missing(
        &self,
        source: &impl Source,
        wanted: &[String],
    ) -> Result<(), (String, FetchError)> {
        let mut outcome = Ok(());
        let mut is_disk_full = false;
        for name in wanted {
            if let Err(error) = self.fetch_one(source, name).await {
                is_disk_full |= error.is_disk_full();
                outcome = Err((name.clone(), error));
            }
        }
        if is_disk_full {
            self.crowded.notify_one();
        }
        outcome
    }

    async fn fetch_one(&self, source: &impl Source, name: &str) -> Result<(), FetchError> {
        let id: ReleaseId = name.parse()?;
        let fetching = self.fetching.clone().lock_owned().await;
        fetch(source, &self.releases, &id, fetching).await?;
        self.held.send_if_modified(|held| held.insert(id));
        Ok(())
    }

    /// Passes each plan to the roles, again when a role's process is another; without end.
    pub async fn push_all(
        &self,
        mut pusher: Pusher,
        roles: &BTreeMap<Role, watch::Receiver<Process>>,
    ) {
        let (mut plans, mut held) = (self.plan.subscribe(), self.held.subscribe());
        let mut done: Option<NodePlan> = None;
        loop {
            let plan = plans.borrow_and_update().clone();
            let here = held.borrow_and_update().clone();
            let mut retry = Duration::MAX;
            if let Some(plan) = plan {
                let pids = pids(roles);
                let outcome = tokio::select! {
                    outcome = pusher.push(&plan, &here, &pids) => outcome,
                    () = outdated(&mut plans) => continue,
                };
                retry = outcome.retry;
                if outcome.is_disk_full {
                    self.crowded.notify_one();
                }
                let is_new = outcome.complete && done.as_ref().is_none_or(|d| !same(d, &plan));
                self.note(&plan, outcome, &pusher);
                if is_new {
                    self.finish(&plan, done.as_ref(), &pusher);
                    done = Some(plan);
                }
            }
            tokio::select! {
                () = sleep(retry) => {}
                _ = plans.changed() => {}
                _ = held.changed() => {}
                () = self.crowded.notified() => self.make_room(&pusher),
            }
        }
    }

    fn note(&self, plan: &NodePlan, outcome: Outcome, pusher: &Pusher) {
        let served = self.served(pusher);
        self.progress.send_if_modified(|now| {
            let applied = if outcome.complete { plan.revision } else { now.applied };
            let new = Progress {
                applied,
                releases: served,
                fetch_trouble: now.fetch_trouble.clone(),
                push_trouble: outcome.trouble,
                upgrade_trouble: now.upgrade_trouble.clone(),
            };
            replace(now, new)
        });
    }

    fn served(&self, pusher: &Pusher) -> Vec<String> {
        let held = self.held.borrow().clone();
        held.iter().map(ReleaseId::to_string).filter(|id| pusher.serves(id)).collect()
    }

    /// The whole plan runs: it is what the node goes on from after a restart, and what only
    /// older plans needed may go.
    fn finish(&self, plan: &NodePlan, before: Option<&NodePlan>, pusher: &Pusher) {
        if let Err(error) = self.save(plan) {
            warn!(%error, "can't keep the plan");
        }
        info!(revision = plan.revision, "applied");
        let Ok(fetching) = self.fetching.clone().try_lock_owned() else { return };
        let latest = releases_of(self.plan.borrow().as_ref());
        let kept = [releases_of(Some(plan)), releases_of(before), latest].concat();
        let held = self.held.borrow().clone();
        let served = held.into_iter().filter(|id| pusher.serves(id.as_str()));
        let keep = served.chain(kept.iter().filter_map(|id| id.parse().ok())).collect();
        self.prune(keep, fetching);
    }

    /// On a full disk only what is whole and of use stays: what roles serve, and what the latest
    /// plan names. What came of a release that did not fit goes too, for it would keep the disk
    /// full until the release fits; the next try starts over.
    fn make_room(&self, pusher: &Pusher) {
        // A fetch that goes on asks again if it does not fit.
        let Ok(fetching) = self.fetching.clone().try_lock_owned() else { return };
        let latest = releases_of(self.plan.borrow().as_ref());
        let held = self.held.borrow().clone();
        let of_use = |id: &ReleaseId| pusher.uses(id.as_str()) || latest.contains(&id.to_string());
        self.prune(held.into_iter().filter(of_use).collect(), fetching);
    }

    /// Beside the loops: the disk takes long for it, and no report or plan may wait. What goes is
    /// out of what we hold at once, so that no role is told of it any more.
    fn prune(&self, keep: BTreeSet<ReleaseId>, fetching: impl Send + 'static) {
        self.held.send_if_modified(|held| {
            let before = held.len();
            held.retain(|id| keep.contains(id));
            held.len() != before
        });
        let releases = self.releases.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = releases.prune(&keep) {
                warn!(%error, "can't remove old releases");
            }
            drop(fetching);
        });
    }

    fn save(&self, plan: &NodePlan) -> Result<(), DiskError> {
        let path = node_plan_path(&self.data);
        let json = serde_json::to_vec(plan).map_err(|e| DiskError::at(&path)(e.into()))?;
        disk::replace(&path, &json)
    }
}

fn node_plan_path(data: &Path) -> PathBuf {
    data.join("plans/node.json")
}

/// What runs by now: each role starts from a plan of its own, which is newer than the node's
/// where another role could not follow. A node that has none waits for its manager.
fn last_plan(data: &Path) -> Option<NodePlan> {
    let own = [Role::Balancer, Role::Worker]
        .into_iter()
        .filter_map(|role| Some((role, read_json(&plan_path(data, role))?)));
    let own: BTreeMap<Role, _> = own.collect();
    let whole: Option<NodePlan> = read_json(&node_plan_path(data));
    if whole.is_none() && own.is_empty() {
        return None;
    }
    let (revision, releases, roles) = (0, Vec::new(), BTreeMap::new());
    let mut plan = whole.unwrap_or(NodePlan { revision, releases, roles });
    plan.roles.extend(own);
    Some(plan)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Returns when there has been a newer plan for a while.
async fn outdated(plans: &mut watch::Receiver<Option<NodePlan>>) {
    // Without a sender no newer one comes.
    if plans.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    sleep(OUTDATED_LIMIT).await;
}

fn releases_of(plan: Option<&NodePlan>) -> Vec<String> {
    plan.map(|plan| plan.releases.clone()).unwrap_or_default()
}

fn pids(roles: &BTreeMap<Role, watch::Receiver<Process>>) -> BTreeMap<Role, u32> {
    roles.iter().filter_map(|(role, process)| Some((*role, process.borrow().pid?))).collect()
}

fn same(a: &NodePlan, b: &NodePlan) -> bool {
    (a.revision, &a.releases, &a.roles) == (b.revision, &b.releases, &b.roles)
}

fn replace<T: PartialEq>(now: &mut T, new: T) -> bool {
    let changed = *now != new;
    *now = new;
    changed
}

#[cfg(test)]
mod tests;
