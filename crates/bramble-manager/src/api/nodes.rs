//! What the operator wants of a node: drain, enable, remove.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Path, State};
use bramble_cluster::api::{NodeState, Role};
use bramble_cluster::state::{Member, delete};
use bramble_cluster::store::Expected;
use serde::Deserialize;
use serde_json::{Value, json};

use super::payload::Asked;
use super::status::{lacking, why_not_serving};
use crate::app::App;
use crate::refusal::Refusal;
use crate::settle::settle;
use crate::view::View;

#[derive(Deserialize)]
pub(super) struct Force {
    /// Do it even if nobody is left to serve.
    #[serde(default)]
    force: bool,
}

/// `POST /v1/nodes/NAME/drain`
pub(super) async fn drain(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Asked(Force { force }): Asked<Force>,
) -> Result<Json<Value>, Refusal> {
    refuse_without_worker(&app, &name)?;
    {
        let _leaving = app.leaving.lock().await;
        keep_one_serving(&app, &name, force)?;
        set_state(&app, &name, NodeState::Draining).await?;
    }
    settle(&app).await;
    Ok(Json(json!({})))
}

/// `POST /v1/nodes/NAME/enable`
pub(super) async fn enable(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    refuse_without_worker(&app, &name)?;
    set_state(&app, &name, NodeState::Enabled).await?;
    settle(&app).await;
    Ok(Json(json!({})))
}

/// `DELETE /v1/nodes/NAME`: its key is no member's any more; balancers drop it.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Asked(Force { force }): Asked<Force>,
) -> Result<Json<Value>, Refusal> {
    let view = app.view();
    let entry = view.snapshot.nodes.get(&name).ok_or_else(|| unknown(&app, &name))?;
    if entry.record.roles.contains(&Role::Manager) {
        let error = format!("{name} is the manager's node; the cluster can't be without it");
        return Err(Refusal::conflict(error, "drain it if it is to serve no more"));
    }
    {
        let _leaving = app.leaving.lock().await;
        keep_one_serving(&app, &name, force)?;
        let gone = delete::<Member>(&name, Expected::Any);
        let revision = app.state.store().transact(vec![gone]).await?;
        app.seen(revision).await?;
    }
    app.reports.remove(&name);
    tracing::info!(node = name, "a node was removed");
    settle(&app).await;
    Ok(Json(json!({})))
}

/// Only workers are sent requests by us: of another node it would be said, and nothing change.
fn refuse_without_worker(app: &App, name: &str) -> Result<(), Refusal> {
    let view = app.view();
    let member = &view.snapshot.nodes.get(name).ok_or_else(|| unknown(app, name))?.record;
    if member.roles.contains(&Role::Worker) {
        return Ok(());
    }
    let error = format!("{name} runs no worker, so that no requests are sent to it");
    let hint = "a balancer gets no visitors once their addresses lead elsewhere; \
                then stop it with Ctrl-C";
    Err(Refusal::conflict(error, hint))
}

async fn set_state(app: &App, name: &str, wanted: NodeState) -> Result<(), Refusal> {
    let set = |member: &mut Member| std::mem::replace(&mut member.state, wanted) != wanted;
    let entry = app.state.update::<Member>(name, set).await?;
    let entry = entry.ok_or_else(|| unknown(app, name))?;
    app.seen(entry.revision).await?;
    tracing::info!(node = name, state = ?wanted, "a node's state was set");
    Ok(())
}

/// Refuses to take the last worker that serves out of traffic. Of that one the state counts: it
/// may serve though we don't hear of it. Others must not be known to be away.
fn keep_one_serving(app: &App, name: &str, force: bool) -> Result<(), Refusal> {
    let view = app.view();
    let now = Instant::now();
    let is_away = |name: &str| {
        !app.reports.is_expected(name, now) && why_not_serving(app, &view, name, now).is_some()
    };
    let can_serve =
        |name: &str| view.snapshot.nodes.get(name).is_some_and(|m| can_serve(&view, &m.record));
    let mut others = view.snapshot.nodes.keys().filter(|other| *other != name);
    if force || !can_serve(name) || others.any(|other| can_serve(other) && !is_away(other)) {
        return Ok(());
    }
    let error = format!("{name} is the last worker that serves");
    Err(Refusal::conflict(error, "add another first, or repeat with --force"))
}

/// By the state alone: does the node hold what is current, and get traffic?
fn can_serve(view: &View, member: &Member) -> bool {
    member.roles.contains(&Role::Worker)
        && member.state == NodeState::Enabled
        && member.worker_address.is_some()
        && lacking(view, member).is_none()
}

fn unknown(app: &App, name: &str) -> Refusal {
    let names: Vec<_> = app.view().snapshot.nodes.keys().cloned().collect();
    Refusal::not_found(format!("there is no node {name}"), &format!("nodes: {}", names.join(", ")))
}
