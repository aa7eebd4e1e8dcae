//! `POST /v1/report`: what a node says of itself. Kept in memory; only what plans are made of
//! goes into the state, and only when it changes.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::{Extension, Json};
use bramble_cluster::api::{NodePlan, NodeReport, Role};
use bramble_cluster::state::Member;
use serde_json::{Value, json};

use super::payload::Payload;
use super::{Caller, not_a_member};
use crate::app::App;
use crate::refusal::Refusal;
use crate::settle::running;

/// Releases in one report at most.
const RELEASES: usize = 1_000;

pub(super) async fn report(
    State(app): State<Arc<App>>,
    Extension(Caller(node)): Extension<Caller>,
    Payload(report): Payload<NodeReport>,
) -> Result<Json<Value>, Refusal> {
    if report.releases.len() > RELEASES {
        let error = format!("a report may name {RELEASES} releases at most");
        return Err(Refusal::bad(error, "remove releases that no site needs any more"));
    }
    let Some(plan) = app.plan(&node)? else { return Err(not_a_member()) };
    app.reports.insert(&node, report.clone(), Instant::now());
    let known = app.view();
    let changes = known.snapshot.nodes.get(&node).is_some_and(|entry| {
        let mut member = entry.record.clone();
        take_in(&mut member, &report, &plan)
    });
    if changes {
        let take_in = |member: &mut Member| take_in(member, &report, &plan);
        if let Some(entry) = app.state.update::<Member>(&node, take_in).await? {
            // So that the plan that the node asks for next builds on what it said.
            app.seen(entry.revision).await?;
        }
    }
    Ok(Json(json!({})))
}

/// Is there anything in the report that plans are made of?
fn take_in(member: &mut Member, report: &NodeReport, plan: &NodePlan) -> bool {
    let before = member.clone();
    member.worker_address = report.worker_address.or(member.worker_address);
    member.releases = servable(&member.releases, report, plan);
    *member != before
}

/// Releases that can be asked of the node's worker: they lie on its disk, and either its
/// worker runs a plan that names them or it did so before. A release that is only on the disk
/// would be answered with an error until the worker took its new plan.
fn servable(before: &[String], report: &NodeReport, plan: &NodePlan) -> Vec<String> {
    let runs_plan = running(report, Role::Worker) == plan.revision;
    let is_served = |release: &String| {
        before.contains(release) || (runs_plan && plan.releases.contains(release))
    };
    let mut servable: Vec<_> = report.releases.iter().filter(|r| is_served(r)).cloned().collect();
    servable.sort_unstable();
    servable.dedup();
    servable
}

#[cfg(test)]
mod tests;
