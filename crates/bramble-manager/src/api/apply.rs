//! `POST /v1/apply`: a configuration becomes the cluster's, or is shown what it would change.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bramble_cluster::api::{Applied, ApplyRequest};
use bramble_cluster::state::Configuration;
use bramble_config::Config;

use super::payload::Payload;
use crate::app::App;
use crate::configure::{self, load};
use crate::publish;
use crate::refusal::Refusal;

pub(super) async fn apply(
    State(app): State<Arc<App>>,
    Payload(request): Payload<ApplyRequest>,
) -> Result<Json<Applied>, Refusal> {
    // In a task of its own: a caller that goes away must not leave it half done.
    let task = tokio::spawn(async move { make(&app, &request).await });
    task.await.map_err(|e| Refusal::internal(&e))?.map(Json)
}

async fn make(app: &Arc<App>, request: &ApplyRequest) -> Result<Applied, Refusal> {
    let wanted = load(&request.text, &request.file)?;
    let _alone = app.configuring.lock().await;
    let known = configure::known(app).await?;
    if request.reload {
        refuse_if_changed_elsewhere(&known.record, &wanted)?;
    }
    let mut changes = load(&known.record.text, &known.record.file)?.diff(&wanted);
    changes.extend(publish::lost_with(app, &wanted));
    if request.dry_run {
        return Ok(Applied { revision: known.revision, changes, nodes: Vec::new() });
    }
    let applied = configure::change(app, &known, &record(request, &known.record), changes).await?;
    let (file, changes) = (&request.file, applied.changes.len());
    tracing::info!(file, changes, "a configuration was applied");
    Ok(applied)
}

/// Its file's text is remembered as loaded when it is the file that the cluster came up with.
fn record(request: &ApplyRequest, known: &Configuration) -> Configuration {
    let mut record = Configuration { text: request.text.clone(), ..known.clone() };
    if request.reload || request.file == record.file {
        record.loaded = request.text.clone();
        record.file = request.file.clone();
    }
    record
}

/// `reload` would silently undo what was changed by another way since, unless the file has all
/// of it.
fn refuse_if_changed_elsewhere(known: &Configuration, wanted: &Config) -> Result<(), Refusal> {
    if known.text == known.loaded {
        return Ok(());
    }
    let before = load(&known.loaded, &known.file)?;
    let now = load(&known.text, &known.file)?;
    let changes = before.diff(&now);
    if changes.is_empty() || now.diff(wanted).is_empty() {
        return Ok(());
    }
    let list = changes.iter().map(|change| format!("\n  {change}")).collect::<String>();
    let error =
        format!("the configuration was changed elsewhere since {} was read:{list}", known.file);
    let hint = "`bramble export` writes the configuration in force: take these changes into the \
                file, or use `bramble apply`, which shows all that it changes";
    Err(Refusal::conflict(error, hint))
}
