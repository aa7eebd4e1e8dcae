//! Publishing: a manifest comes in, blobs follow, then every visitor changes over at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use bramble_cluster::api::{PublishRequest, Published, RollbackRequest, Staged};
use bramble_cluster::state::Site;
use bramble_content::{Manifest, ReleaseId};

use super::content::from_content;
use super::payload::{Payload, Whole};
use crate::app::App;
use crate::prune;
use crate::publish::{self, Reason};
use crate::refusal::Refusal;

/// `POST /v1/sites/SITE/stage`
pub(super) async fn stage(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    Whole(text): Whole,
) -> Result<Json<Staged>, Refusal> {
    known(&app, &site)?;
    let manifest = Manifest::parse(&text)
        .map_err(|e| Refusal::bad(e.to_string(), "publish with the manager's bramble version"))?;
    let staged = take_in(&app, &manifest).await;
    if staged.as_ref().is_err_and(Refusal::is_disk_full) {
        prune::abandon(&app, |other| other.id() == manifest.id()).await;
    }
    staged.map(Json)
}

/// Nothing is removed meanwhile; later, the upload is known, so that what is not missing now
/// stays.
async fn take_in(app: &App, manifest: &Manifest) -> Result<Staged, Refusal> {
    let _content = app.content.read().await;
    app.uploading(manifest.id());
    let release = app.releases.record(manifest).map_err(from_content)?;
    let missing = app.releases.blobs().missing(manifest);
    let missing = missing.into_iter().map(|(hash, _)| hash.to_string()).collect();
    Ok(Staged { release: release.to_string(), missing })
}

/// `POST /v1/sites/SITE/publish`
pub(super) async fn publish(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    Payload(PublishRequest { release }): Payload<PublishRequest>,
) -> Result<Json<Published>, Refusal> {
    known(&app, &site)?;
    let not_an_id = |e| Refusal::bad(format!("{release}: {e}"), "stage a manifest first");
    let release: ReleaseId = release.parse().map_err(not_an_id)?;
    change_over(app, site, release, Reason::Publish).await
}

/// `POST /v1/sites/SITE/rollback`
pub(super) async fn rollback(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    Payload(RollbackRequest { release }): Payload<RollbackRequest>,
) -> Result<Json<Published>, Refusal> {
    known(&app, &site)?;
    let record = app.view().snapshot.site(&site).record;
    let history = &record.history;
    let wanted = release.as_ref().or(before(&record)).ok_or_else(|| {
        let error = format!("there is no release of {site} from before the current one");
        Refusal::conflict(error, "publish the folder that you want, or name a release with --to")
    })?;
    if !history.contains(wanted) {
        let kept = if history.is_empty() { "none".to_owned() } else { history.join(", ") };
        let error = format!("release {wanted} of {site} is not kept any more");
        return Err(Refusal::not_found(error, &format!("kept are, newest first: {kept}")));
    }
    let release = wanted.parse().map_err(|e| Refusal::internal(&e))?;
    change_over(app, site, release, Reason::Rollback).await
}

/// The release that was published before the current one.
fn before(site: &Site) -> Option<&String> {
    let mut history = site.history.iter();
    history.find(|id| Some(*id) == site.current.as_ref())?;
    history.next()
}

/// In a task of its own: a caller that goes away must not leave it half done.
async fn change_over(
    app: Arc<App>,
    site: String,
    release: ReleaseId,
    reason: Reason,
) -> Result<Json<Published>, Refusal> {
    let task = tokio::spawn(async move {
        let changed = publish::change_over(app.clone(), site, release.clone(), reason).await;
        if changed.as_ref().is_err_and(Refusal::is_disk_full) {
            prune::abandon(&app, |upload| upload.id() == release).await;
        }
        changed
    });
    task.await.map_err(|e| Refusal::internal(&e))?.map(Json)
}

fn known(app: &App, site: &str) -> Result<(), Refusal> {
    let view = app.view();
    if view.config.site(site).is_some() {
        return Ok(());
    }
    let names: Vec<_> = view.config.sites().iter().map(|site| site.name.as_str()).collect();
    let hint = if names.is_empty() {
        "the configuration has no site: add a [[site]] and apply it".to_owned()
    } else {
        format!("the sites are: {}", names.join(", "))
    };
    Err(Refusal::not_found(format!("there is no site {site}"), &hint))
}
