//! Manifests and blobs, in and out.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bramble_content::store::BLOB_BYTES_MAX;
use bramble_content::{DiskError, Hash, ReleaseError, ReleaseId, StoreError};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::payload::{BODY_LIMIT, too_slow};
use crate::app::App;
use crate::prune;
use crate::refusal::Refusal;

/// Bytes of a blob read at a time.
const PART_BYTES: usize = 64 * 1024;

/// `GET /v1/release/ID`
pub(super) async fn release(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let unknown = || Refusal::not_found(format!("there is no release {id}"), "");
    let release: ReleaseId = id.parse().map_err(|_| unknown())?;
    let manifest = app.releases.manifest(&release).map_err(|error| match error {
        ReleaseError::Unknown { .. } => unknown(),
        error => from_content(error),
    })?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], manifest.to_string()).into_response())
}

/// `GET /v1/blob/HASH`
pub(super) async fn blob(
    State(app): State<Arc<App>>,
    Path(hash): Path<String>,
) -> Result<Response, Refusal> {
    let unknown = || Refusal::not_found(format!("there is no blob {hash}"), "publish it again");
    let blob: Hash = hash.parse().map_err(|_| unknown())?;
    let file = app.releases.blobs().open_blob(&blob).map_err(|error| match error {
        StoreError::Disk(DiskError::Io { source, .. })
            if source.kind() == std::io::ErrorKind::NotFound =>
        {
            unknown()
        }
        error => from_content(error),
    })?;
    let bytes = file.metadata().map_err(|e| Refusal::internal(&e))?.len();
    let parts = stream::try_unfold(File::from_std(file), |mut file| async move {
        let mut part = Vec::with_capacity(PART_BYTES);
        let read = file.read_buf(&mut part).await?;
        Ok::<_, std::io::Error>((read > 0).then_some((Bytes::from(part), file)))
    });
    let head = [
        (CONTENT_LENGTH, bytes.to_string()),
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
    ];
    Ok((head, Body::from_stream(parts)).into_response())
}

/// `PUT /v1/blob/HASH`
pub(super) async fn put_blob(
    State(app): State<Arc<App>>,
    Path(hash): Path<String>,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let no_hash = |_| Refusal::bad(format!("{hash} is no BLAKE3 hash"), "");
    let hash: Hash = hash.parse().map_err(no_hash)?;
    let kept = keep(&app, hash, body).await;
    if kept.as_ref().is_err_and(Refusal::is_disk_full) {
        prune::abandon(&app, |manifest| manifest.files().iter().any(|file| file.hash == hash))
            .await;
    }
    kept.map(|()| Json(json!({})))
}

async fn keep(app: &App, hash: Hash, body: Body) -> Result<(), Refusal> {
    let writer = app.releases.blobs().writer(hash, BLOB_BYTES_MAX);
    let mut writer = writer.map_err(from_content)?;
    let mut parts = body.into_data_stream();
    let mut next = async || tokio::time::timeout(BODY_LIMIT, parts.next()).await;
    while let Some(part) = next().await.map_err(|_| too_slow())? {
        let part =
            part.map_err(|e| Refusal::bad(format!("the blob was cut: {e}"), "send it again"))?;
        writer.write(&part).map_err(from_content)?;
    }
    // It syncs: the only part that the disk takes its time for. The content is held for no more
    // than that: a slow sender would keep all others from it.
    let content = app.content.clone().read_owned().await;
    let finished = tokio::task::spawn_blocking(move || {
        let _content = content;
        writer.finish()
    });
    let finished = finished.await;
    finished.map_err(|e| Refusal::internal(&e))?.map_err(from_content).map(drop)
}

/// What the content folder says, with the status that fits.
pub(crate) fn from_content(error: impl Into<ReleaseError>) -> Refusal {
    let error = error.into();
    let disk = match &error {
        ReleaseError::Disk(disk) | ReleaseError::Store(StoreError::Disk(disk)) => Some(disk),
        _ => None,
    };
    match (&error, disk) {
        (_, Some(DiskError::Full { .. })) => {
            Refusal::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string(), "")
        }
        (ReleaseError::Blob { .. } | ReleaseError::Unknown { .. }, _) => {
            Refusal::conflict(error.to_string(), "publish the folder again")
        }
        (ReleaseError::Store(StoreError::Mismatch { .. } | StoreError::Long { .. }), _) => {
            Refusal::bad(error.to_string(), "the file changed while it was sent: publish again")
        }
        _ => Refusal::internal(&error),
    }
}
