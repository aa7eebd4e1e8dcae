//! What balancer and workers did during a test, from two looks at the cluster.

use bramble_cluster::api::{NodeStatus, Role, RoleFacts, Status};
use bramble_load::{BalancerEvidence, LoadReport, NetworkEvidence, WorkerEvidence};
use bramble_metrics::ProcessFacts;
use tokio::time::Instant;

use super::cluster::workers;

/// The cluster at one moment.
pub(super) struct Look {
    at: Instant,
    status: Status,
    balancer: Option<ProcessFacts>,
}

/// What the balancer used between two looks.
#[derive(Clone, Copy, Default)]
pub(super) struct BalancerUse {
    pub(super) cpu_ms: u64,
    pub(super) rss_kib: u64,
}

impl Look {
    pub(super) fn new(status: Status) -> Self {
        let pid = balancer(&status).map(|facts| facts.pid);
        let balancer = pid.and_then(|pid| ProcessFacts::read(pid).ok());
        Self { at: Instant::now(), status, balancer }
    }
}

/// Adds what was seen to a report and has it judged again.
pub(super) fn judge(report: &mut LoadReport, before: &Look, after: &Look) -> BalancerUse {
    let used = balancer_use(before, after);
    let mut evidence = report.evidence();
    evidence.balancer = balancer(&after.status).map(|facts| BalancerEvidence {
        cpu_ms: used.cpu_ms,
        window_s: (after.at - before.at).as_secs_f64(),
        cores: u32::from(facts.server.threads.max(1)).min(machine_cores()),
    });
    evidence.workers = workers(&after.status).filter_map(|w| busy(w, &before.status)).collect();
    evidence.network = Some(NetworkEvidence {
        bytes_per_s: report.bytes as f64 / report.elapsed_s.max(0.001),
        // Loopback has no speed of its own.
        link_bits_per_s: None,
        retransmits: None,
    });
    report.judge(&evidence);
    used
}

fn balancer_use(before: &Look, after: &Look) -> BalancerUse {
    let cpu_ms = |look: &Look| look.balancer.as_ref().map_or(0, |facts| facts.cpu_ms);
    BalancerUse {
        cpu_ms: cpu_ms(after).saturating_sub(cpu_ms(before)),
        rss_kib: after.balancer.as_ref().map_or(0, |facts| facts.rss_kib),
    }
}

/// How busy a worker was: its place at the counter if it is slowed, its CPU otherwise. Both
/// from the clock of its own reports.
fn busy(worker: &NodeStatus, before: &Status) -> Option<WorkerEvidence> {
    let old = before.nodes.iter().find(|node| node.name == worker.name)?;
    let (old, new) = (role(old, Role::Worker)?, role(worker, Role::Worker)?);
    let window = new.uptime_ms.checked_sub(old.uptime_ms).filter(|ms| *ms > 0)?;
    let paced = new.server.busy_ms.saturating_sub(old.server.busy_ms);
    let cpu = new.cpu_ms.saturating_sub(old.cpu_ms);
    // Both add up over threads.
    let available = window * u64::from(new.server.threads.max(1));
    Some(WorkerEvidence {
        name: worker.name.clone(),
        busy_share: paced.max(cpu) as f64 / available as f64,
    })
}

/// The process of a role on a node.
pub(super) fn role(node: &NodeStatus, role: Role) -> Option<&RoleFacts> {
    node.report.roles.iter().find(|facts| facts.role == role)
}

fn balancer(status: &Status) -> Option<&RoleFacts> {
    status.nodes.iter().find_map(|node| role(node, Role::Balancer))
}

fn machine_cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}
