//! State → what a node is to do: a pure function. The same state gives the same plans, on any
//! manager and after any restart.

mod balancer;
mod worker;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bramble_cluster::api::{NodePlan, Role};
use bramble_cluster::state::{Site, Snapshot};
use bramble_config::Config;
use bramble_config::plan::{Identity, Plan, Pool};

/// Where a worker answers the balancer's health check.
const HEALTH_PATH: &str = "/.bramble/health";

/// What a node is to do, without the revision that it is first known by: two of these are
/// equal when the node has nothing new to do.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeTask {
    /// To have on disk, sorted.
    pub releases: Vec<String>,
    /// Role → its plan with revision 0.
    pub plans: BTreeMap<Role, Plan>,
}

/// Compiles what a member is to do; None if there is no such member.
pub fn node_task(config: &Config, snapshot: &Snapshot, node: &str) -> Option<NodeTask> {
    let member = &snapshot.nodes.get(node)?.record;
    let is = |role| member.roles.contains(&role);
    let mut plans = BTreeMap::new();
    if is(Role::Balancer) {
        plans.insert(Role::Balancer, balancer::plan(config, snapshot));
    }
    let mut releases = Vec::new();
    if is(Role::Worker) {
        releases = config
            .sites()
            .iter()
            .flat_map(|site| held(&snapshot.site(&site.name).record))
            .collect();
        releases.sort_unstable();
        releases.dedup();
        plans.extend(worker::plan(config, snapshot, member).map(|plan| (Role::Worker, plan)));
    }
    Some(NodeTask { releases, plans })
}

/// All pools that balancers have.
pub fn pools(config: &Config, snapshot: &Snapshot) -> Vec<Pool> {
    balancer::pools(config, snapshot)
}

impl NodeTask {
    /// As it is sent, known by that revision.
    pub fn at(&self, revision: u64) -> Result<NodePlan, serde_json::Error> {
        let stamped = self.plans.iter().map(|(role, plan)| {
            let plan = Plan { revision, ..plan.clone() };
            serde_json::to_value(plan).map(|plan| (*role, plan))
        });
        let roles = stamped.collect::<Result<_, _>>()?;
        Ok(NodePlan { revision, releases: self.releases.clone(), roles })
    }
}

/// Releases of a site that workers hold: what visitors get, those that they get from balancers
/// that lag, the one that is next, and the one to go back to.
fn held(site: &Site) -> Vec<String> {
    let current = site.history.iter().position(|id| Some(id) == site.current.as_ref());
    let older = current.and_then(|at| site.history.get(at + 1));
    let shown = site.current.iter().chain(&site.lately);
    let mut held: Vec<String> = shown.chain(&site.staged).chain(older).cloned().collect();
    held.sort_unstable();
    held.dedup();
    held
}

/// What all roles share.
fn base(config: &Config) -> Plan {
    Plan {
        threads: config.threads(),
        limits: config.limits().clone(),
        timeouts: config.timeouts().clone(),
        identity: Some(Identity {
            certificate: PathBuf::from("identity/cert.pem"),
            key: PathBuf::from("identity/key.pem"),
        }),
        ..Plan::default()
    }
}
