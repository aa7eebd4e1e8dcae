//! `POST /v1/apply`: a configuration becomes the cluster's, or is shown what it would change.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bramble_cluster::api::{Applied, ApplyRequest};
use bramble_cluster::state::{Configuration, Entry};
use bramble_cluster::store::{Expected, StoreError};
use bramble_config::Config;

use super::payload::Payload;
use crate::app::App;
use crate::publish;
use crate::refusal::Refusal;
use crate::settle::{Standing, outcomes, settle};

pub(super) async fn apply(
    State(app): State<Arc<App>>,
    Payload(request): Payload<ApplyRequest>,
) -> Result<Json<Applied>, Refusal> {
    let wanted = load(&request.text, &request.file)?;
    let known = app.state.record::<Configuration>("").await?;
    let known = known.ok_or_else(|| Refusal::internal(&"the state has no configuration"))?;
    if request.reload {
        refuse_if_changed_elsewhere(&known.record)?;
    }
    let mut changes = load(&known.record.text, &known.record.file)?.diff(&wanted);
    changes.extend(publish::lost_with(&app, &wanted));
    if request.dry_run {
        return Ok(Json(Applied { revision: known.revision, changes, nodes: Vec::new() }));
    }
    // In a task of its own: a caller that goes away must not leave it half done.
    let task = tokio::spawn(async move { make(&app, &request, &known, changes).await });
    task.await.map_err(|e| Refusal::internal(&e))?.map(Json)
}

/// Writes it and waits for the balancers; one that refuses it has it taken back for all.
async fn make(
    app: &Arc<App>,
    request: &ApplyRequest,
    known: &Entry<Configuration>,
    changes: Vec<String>,
) -> Result<Applied, Refusal> {
    let revision = write(app, request, known).await?;
    app.seen(revision).await?;
    let balancers = settle(app).await;
    let refusing = balancers.iter().find_map(|(name, standing)| match standing {
        Standing::Refuses(words) => Some((name, words)),
        _ => None,
    });
    if let Some((node, words)) = refusing.filter(|_| revision != known.revision) {
        put_back(app, revision, &known.record).await?;
        let error = format!("the balancer of {node} does not take this configuration: {words}");
        let hint = "the one from before holds again; mend the cause or the file, then repeat";
        return Err(Refusal::conflict(error, hint));
    }
    tracing::info!(file = request.file, changes = changes.len(), "a configuration was applied");
    publish::forget_history(app).await;
    Ok(Applied { revision, changes, nodes: outcomes(&balancers) })
}

async fn put_back(app: &App, written: u64, before: &Configuration) -> Result<(), Refusal> {
    let revision = app.state.put("", Expected::Revision(written), before).await?;
    app.seen(revision).await?;
    settle(app).await;
    Ok(())
}

/// Its file's text is remembered as loaded when it is the file that the cluster came up with.
async fn write(
    app: &App,
    request: &ApplyRequest,
    known: &Entry<Configuration>,
) -> Result<u64, Refusal> {
    let mut record = Configuration { text: request.text.clone(), ..known.record.clone() };
    if request.reload || request.file == record.file {
        record.loaded = request.text.clone();
        record.file = request.file.clone();
    }
    if record == known.record {
        return Ok(known.revision);
    }
    app.state.put("", known.expected(), &record).await.map_err(|error| match error {
        StoreError::Conflict { .. } => {
            let error = "somebody else changed the configuration at this moment";
            Refusal::conflict(error, "repeat with --dry-run to see what is left to change")
        }
        error => error.into(),
    })
}

fn load(text: &str, file: &str) -> Result<Config, Refusal> {
    bramble_config::load(text, file).map_err(|errors| {
        let hint = "nothing was changed";
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, errors.to_string(), hint)
    })
}

/// `reload` would silently undo what was changed by another way since.
fn refuse_if_changed_elsewhere(known: &Configuration) -> Result<(), Refusal> {
    if known.text == known.loaded {
        return Ok(());
    }
    let before = load(&known.loaded, &known.file)?;
    let changes = before.diff(&load(&known.text, &known.file)?);
    if changes.is_empty() {
        return Ok(());
    }
    let list = changes.iter().map(|change| format!("\n  {change}")).collect::<String>();
    let error =
        format!("the configuration was changed elsewhere since {} was read:{list}", known.file);
    let hint =
        "take these changes into the file and use `bramble apply`, which shows all that it changes";
    Err(Refusal::conflict(error, hint))
}
