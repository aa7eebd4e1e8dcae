//! Waiting until balancers run what the state says, and what became of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bramble_cluster::api::{NodeOutcome, NodeReport, Role};

use crate::app::App;

/// How long balancers may take to apply a plan.
const LIMIT: Duration = Duration::from_secs(5);

/// Conditions are looked at so often: they change with the state and with time alone.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// How a balancer stands to the plan that the state gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Runs,
    Lags,
    /// It lags, and says why.
    Refuses(String),
    /// Not heard of; it may serve on with what it had.
    Silent,
}

impl Standing {
    /// Why visitors who come by this balancer don't get what the state says.
    pub(crate) fn error(&self) -> Option<String> {
        match self {
            Self::Runs => None,
            Self::Lags => Some("its balancer lags behind".to_owned()),
            Self::Refuses(words) => Some(format!("its balancer does not take the plan: {words}")),
            Self::Silent => {
                Some("its balancer is not heard of; it changes over when it is back".to_owned())
            }
        }
    }
}

/// Waits until every live balancer runs what the state says now; answers how all stand.
pub(crate) async fn settle(app: &App) -> BTreeMap<String, Standing> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let now = Instant::now();
        let standings = standings(app, now);
        let waits = |s: &Standing| matches!(s, Standing::Lags | Standing::Refuses(_));
        if now >= deadline || !standings.values().any(waits) {
            return standings;
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Revision of the plan that one role of a node runs: the others may be held up by something
/// that is none of its business.
pub(crate) fn running(report: &NodeReport, role: Role) -> u64 {
    let facts = report.roles.iter().find(|facts| facts.role == role);
    facts.map_or(report.applied, |facts| facts.server.revision)
}

/// As answered to the operator.
pub(crate) fn outcomes(standings: &BTreeMap<String, Standing>) -> Vec<NodeOutcome> {
    let outcome = |(node, standing): (&String, &Standing)| {
        let error = standing.error();
        NodeOutcome { node: node.clone(), ok: error.is_none(), error }
    };
    standings.iter().map(outcome).collect()
}

fn standings(app: &App, now: Instant) -> BTreeMap<String, Standing> {
    let view = app.view();
    let nodes = view.snapshot.nodes.iter();
    let balancers = nodes.filter(|(_, entry)| entry.record.roles.contains(&Role::Balancer));
    balancers.map(|(name, _)| (name.clone(), standing(app, name, now))).collect()
}

fn standing(app: &App, name: &str, now: Instant) -> Standing {
    let Some(report) = app.reports.live(name, now) else {
        let is_expected = app.reports.is_expected(name, now);
        return if is_expected { Standing::Lags } else { Standing::Silent };
    };
    let plan = app.plan(name).ok().flatten();
    match report.trouble {
        _ if plan.is_none_or(|plan| running(&report, Role::Balancer) == plan.revision) => {
            Standing::Runs
        }
        Some(words) => Standing::Refuses(words),
        None => Standing::Lags,
    }
}
