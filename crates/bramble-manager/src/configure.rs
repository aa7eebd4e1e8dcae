//! Another configuration for the cluster: written, waited for, and taken back for all where a
//! balancer refuses it.

use std::sync::Arc;

use axum::http::StatusCode;
use bramble_cluster::api::Applied;
use bramble_cluster::state::{Configuration, Entry};
use bramble_cluster::store::{Expected, StoreError};
use bramble_config::Config;

use crate::app::App;
use crate::publish;
use crate::refusal::Refusal;
use crate::settle::{Standing, outcomes, settle};

/// What holds now.
pub(crate) async fn known(app: &App) -> Result<Entry<Configuration>, Refusal> {
    let known = app.state.record::<Configuration>("").await?;
    known.ok_or_else(|| Refusal::internal(&"the state has no configuration"))
}

/// Reads and checks a text; `file` is what messages call it.
pub(crate) fn load(text: &str, file: &str) -> Result<Config, Refusal> {
    bramble_config::load(text, file).map_err(|errors| {
        let hint = "nothing was changed";
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, errors.to_string(), hint)
    })
}

/// Writes what is wanted in the place of what is known, and waits for the balancers; one that
/// refuses it has it taken back for all.
pub(crate) async fn change(
    app: &Arc<App>,
    known: &Entry<Configuration>,
    wanted: &Configuration,
    changes: Vec<String>,
) -> Result<Applied, Refusal> {
    let revision = write(app, known, wanted).await?;
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
    publish::forget_history(app).await;
    Ok(Applied { revision, changes, nodes: outcomes(&balancers) })
}

async fn put_back(app: &App, written: u64, before: &Configuration) -> Result<(), Refusal> {
    let revision = app.state.put("", Expected::Revision(written), before).await?;
    app.seen(revision).await?;
    settle(app).await;
    Ok(())
}

async fn write(
    app: &App,
    known: &Entry<Configuration>,
    wanted: &Configuration,
) -> Result<u64, Refusal> {
    if *wanted == known.record {
        return Ok(known.revision);
    }
    app.state.put("", known.expected(), wanted).await.map_err(|error| match error {
        StoreError::Conflict { .. } => {
            let error = "somebody else changed the configuration at this moment";
            Refusal::conflict(error, "repeat with --dry-run to see what is left to change")
        }
        error => error.into(),
    })
}
