//! `GET /v1/watch`: every change of the state, a JSON line each, without end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bramble_cluster::api::Revision;
use bramble_cluster::store::Watch;
use futures_util::stream;
use serde::Deserialize;

use super::payload::Asked;
use crate::app::App;
use crate::refusal::Refusal;

/// An empty line after so long a silence: it finds watchers that went away unseen.
const HEARTBEAT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
pub(super) struct After {
    /// The last revision seen.
    #[serde(default)]
    after: u64,
}

pub(super) async fn watch(
    State(app): State<Arc<App>>,
    Asked(After { after }): Asked<After>,
) -> Result<Response, Refusal> {
    let changes = app.state.store().watch(after, "").await?;
    let lines = stream::try_unfold(changes, |mut changes| async move {
        let lines = next(&mut *changes).await?;
        Ok::<_, io::Error>(Some((lines, changes)))
    });
    let kind = [(CONTENT_TYPE, "application/jsonl")];
    Ok((kind, Body::from_stream(lines)).into_response())
}

async fn next(changes: &mut dyn Watch) -> io::Result<Bytes> {
    match tokio::time::timeout(HEARTBEAT, changes.next()).await {
        Err(_) => Ok(Bytes::from_static(b"\n")),
        Ok(batch) => lines(&batch.map_err(io::Error::other)?),
    }
}

fn lines(batch: &[Revision]) -> io::Result<Bytes> {
    let mut lines = Vec::new();
    for revision in batch {
        serde_json::to_writer(&mut lines, revision)?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}
