//! `POST /v1/edit`: one pool of the configuration changes. `GET /v1/configuration`: its text.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use bramble_cluster::api::{Applied, Configured, Edit, EditRequest};
use bramble_cluster::state::Configuration;
use bramble_config::plan::{AdminState, Backend, Pool, Reserve};
use bramble_config::{Config, EditError};

use super::payload::Payload;
use super::pools::is_known_to_be_out;
use crate::app::App;
use crate::configure::{self, load};
use crate::refusal::Refusal;

/// What messages call a text that stands in no file yet.
const EDITED: &str = "the changed configuration";

pub(super) async fn configuration(
    State(app): State<Arc<App>>,
) -> Result<Json<Configured>, Refusal> {
    let known = configure::known(&app).await?;
    let Configuration { text, file, .. } = known.record;
    Ok(Json(Configured { revision: known.revision, file, text }))
}

pub(super) async fn edit(
    State(app): State<Arc<App>>,
    Payload(request): Payload<EditRequest>,
) -> Result<Json<Applied>, Refusal> {
    // In a task of its own: a caller that goes away must not leave it half done.
    let task = tokio::spawn(async move { make(&app, &request).await });
    task.await.map_err(|e| Refusal::internal(&e))?.map(Json)
}

/// One after the other, so that two at once don't undo each other.
async fn make(app: &Arc<App>, request: &EditRequest) -> Result<Applied, Refusal> {
    let _alone = app.configuring.lock().await;
    let known = configure::known(app).await?;
    let text = edited(&request.edit, &known.record.text)?;
    let before = load(&known.record.text, &known.record.file)?;
    let after = load(&text, EDITED)?;
    if !request.force {
        keep_one_usable(app, &request.edit.pool, &before, &after)?;
    }
    let changes = before.diff(&after);
    if request.dry_run {
        return Ok(Applied { revision: known.revision, changes, nodes: Vec::new() });
    }
    let wanted = Configuration { text, ..known.record.clone() };
    let applied = configure::change(app, &known, &wanted, changes).await?;
    let (pool, changes) = (&request.edit.pool, applied.changes.len());
    tracing::info!(pool, changes, "a pool was changed");
    Ok(applied)
}

fn edited(edit: &Edit, text: &str) -> Result<String, Refusal> {
    if let Some(site) = edit.pool.strip_prefix("site:") {
        let error = format!("the pool {} is made of the workers of site {site}", edit.pool);
        let hint = "`bramble node drain|enable|remove NAME` is about workers";
        return Err(Refusal::conflict(error, hint));
    }
    edit.apply(text).map_err(|error| {
        let hint = error.help().unwrap_or_else(|| next_step(&error).to_owned());
        match error {
            EditError::Backend { .. } | EditError::Pool { .. } => {
                Refusal::not_found(error.to_string(), &hint)
            }
            _ => Refusal::bad(error.to_string(), &hint),
        }
    })
}

/// Where nothing that there is comes near.
fn next_step(error: &EditError) -> &'static str {
    match error {
        EditError::Backends => "use `bramble backend add|edit|remove`",
        EditError::Pool { .. } => {
            "there is none yet: `bramble export FILE`, add a [[pool]] to it and `bramble apply` it"
        }
        _ => "docs/reference.md has the keys",
    }
}

/// Refuses to take the last backend that can serve out of a pool that has one.
fn keep_one_usable(app: &App, name: &str, before: &Config, after: &Config) -> Result<(), Refusal> {
    let has_one = |config: &Config| {
        let pool = config.pools().iter().find(|pool| pool.name == name);
        pool.map(|pool| has_usable(app, pool))
    };
    if has_one(before) != Some(true) || has_one(after) != Some(false) {
        return Ok(());
    }
    let error = format!("pool {name} would be left without a backend that can serve");
    Err(Refusal::conflict(error, "add or enable another first, or repeat with --force"))
}

fn has_usable(app: &App, pool: &Pool) -> bool {
    let now = Instant::now();
    let mut enabled = pool.backends.iter().filter(|one| one.admin == AdminState::Enabled);
    // A spare without one to stand in for is asked by nobody.
    let has_part = |one: &Backend| {
        let mut others = pool.backends.iter().filter(|other| other.set == one.set);
        one.reserve != Some(Reserve::Spare) || others.any(|other| other.reserve.is_none())
    };
    enabled.any(|one| has_part(one) && !is_known_to_be_out(app, &pool.name, one, now))
}
