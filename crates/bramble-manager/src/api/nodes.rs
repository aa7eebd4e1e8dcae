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
use super::status::why_not_serving;
use crate::app::App;
use crate::refusal::Refusal;
use crate::settle::settle;

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
    keep_one_serving(&app, &name, force)?;
    set_state(&app, &name, NodeState::Draining).await
}

/// `POST /v1/nodes/NAME/enable`
pub(super) async fn enable(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    set_state(&app, &name, NodeState::Enabled).await
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
    keep_one_serving(&app, &name, force)?;
    let revision = app.state.store().transact(vec![delete::<Member>(&name, Expected::Any)]).await?;
    app.seen(revision).await?;
    app.reports.remove(&name);
    tracing::info!(node = name, "a node was removed");
    settle(&app).await;
    Ok(Json(json!({})))
}

async fn set_state(app: &App, name: &str, wanted: NodeState) -> Result<Json<Value>, Refusal> {
    let set = |member: &mut Member| std::mem::replace(&mut member.state, wanted) != wanted;
    let entry = app.state.update::<Member>(name, set).await?;
    let entry = entry.ok_or_else(|| unknown(app, name))?;
    app.seen(entry.revision).await?;
    tracing::info!(node = name, state = ?wanted, "a node's state was set");
    settle(app).await;
    Ok(Json(json!({})))
}

/// Refuses to take the last worker that serves out of traffic.
fn keep_one_serving(app: &App, name: &str, force: bool) -> Result<(), Refusal> {
    let view = app.view();
    let now = Instant::now();
    let serves = |name: &str, member: &Member| {
        member.roles.contains(&Role::Worker) && why_not_serving(app, &view, name, now).is_none()
    };
    let mut serving =
        view.snapshot.nodes.iter().filter(|(name, entry)| serves(name, &entry.record));
    let is_last = serving.next().is_some_and(|(last, _)| last == name) && serving.next().is_none();
    if is_last && !force {
        let error = format!("{name} is the last worker that serves");
        return Err(Refusal::conflict(error, "add another first, or repeat with --force"));
    }
    Ok(())
}

fn unknown(app: &App, name: &str) -> Refusal {
    let names: Vec<_> = app.view().snapshot.nodes.keys().cloned().collect();
    Refusal::not_found(format!("there is no node {name}"), &format!("nodes: {}", names.join(", ")))
}
