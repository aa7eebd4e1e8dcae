//! What a node says of itself: each second, and at once when it got further.

use std::collections::BTreeMap;
use std::time::Duration;

use bramble_cluster::api::{NodeReport, Role, RoleFacts, ServerFacts};
use bramble_cluster::link::Link;
use bramble_metrics::{HostFacts, ProcessFacts};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::debug;

use crate::apply::Progress;
use crate::control::Control;
use crate::node::NodeFile;
use crate::supervise::Process;

const INTERVAL: Duration = Duration::from_secs(1);
/// Changes that come together are told together.
const GATHER: Duration = Duration::from_millis(20);

/// Gathers and sends the reports of one node.
pub struct Reporter {
    node: NodeFile,
    roles: Vec<(Role, Control, watch::Receiver<Process>)>,
    /// For a role that is too busy to answer.
    last: BTreeMap<Role, RoleFacts>,
}

impl Reporter {
    /// Of this node's roles.
    pub fn new(
        node: NodeFile,
        data: &std::path::Path,
        roles: &BTreeMap<Role, watch::Receiver<Process>>,
    ) -> Self {
        let role = |(role, process): (&Role, &watch::Receiver<Process>)| {
            (*role, Control::new(data, *role), process.clone())
        };
        Self { node, roles: roles.iter().map(role).collect(), last: BTreeMap::new() }
    }

    /// Sends reports; without end. A manager that does not take them misses nothing: the next
    /// one says all.
    pub async fn run(mut self, link: &Link, mut progress: watch::Receiver<Progress>) {
        loop {
            let next = Instant::now() + INTERVAL;
            let state = progress.borrow_and_update().clone();
            let report = self.report(&state).await;
            if let Err(error) = link.post_json::<Value>("/v1/report", &report).await {
                debug!(%error, "report not sent");
            }
            tokio::select! {
                () = sleep_until(next) => {}
                _ = progress.changed() => sleep(GATHER).await,
            }
        }
    }

    /// The node now.
    pub async fn report(&mut self, progress: &Progress) -> NodeReport {
        let all = join_all(self.roles.iter().map(|(role, control, process)| {
            let process = *process.borrow();
            facts(*role, control, process, self.last.get(role))
        }));
        let roles: Vec<RoleFacts> = all.await.into_iter().flatten().collect();
        self.last = roles.iter().map(|facts| (facts.role, facts.clone())).collect();
        let host = HostFacts::read().unwrap_or_default();
        NodeReport {
            applied: progress.applied,
            releases: progress.releases.clone(),
            worker_address: self.node.worker_address(),
            roles,
            trouble: progress.trouble(),
            load1: host.load1,
            mem_available_kib: host.mem_available_kib,
        }
    }
}

/// None while the role has no process. If it does not answer, what it last said: all figures
/// of one moment.
async fn facts(
    role: Role,
    control: &Control,
    process: Process,
    last: Option<&RoleFacts>,
) -> Option<RoleFacts> {
    let pid = process.pid?;
    let server = match role {
        Role::Manager => ServerFacts::default(),
        Role::Balancer | Role::Worker => match (control.facts().await, last) {
            (Ok(facts), _) => facts,
            (Err(_), Some(last)) if last.pid == pid => return Some(last.clone()),
            (Err(_), _) => ServerFacts::default(),
        },
    };
    let cost = ProcessFacts::read(pid).unwrap_or_default();
    let uptime = process.started.map(|started| started.elapsed()).unwrap_or_default();
    Some(RoleFacts {
        role,
        pid,
        restarts: process.restarts,
        uptime_ms: u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX),
        cpu_ms: cost.cpu_ms,
        rss_kib: cost.rss_kib,
        server,
    })
}

#[cfg(test)]
mod tests;
