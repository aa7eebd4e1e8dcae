//! Removing content that no site needs any more. Must not know how releases change.

use std::collections::BTreeSet;

use bramble_content::{Manifest, ReleaseId};

use crate::app::App;

/// Gives up uploads that a full disk ended, so that what came of them makes room again.
pub(crate) async fn abandon(app: &App, ended: impl Fn(&Manifest) -> bool) {
    app.abandon(|release| app.releases.manifest(release).is_ok_and(|manifest| ended(&manifest)));
    prune(app).await;
}

/// Removes content that no site names any more; that it could not be is no reason to fail.
pub(crate) async fn prune(app: &App) {
    let view = app.view();
    let named = view.snapshot.sites.values().flat_map(|entry| {
        let site = &entry.record;
        site.history.iter().chain(&site.current).chain(&site.staged)
    });
    let mut keep: BTreeSet<ReleaseId> = named.filter_map(|id| id.parse().ok()).collect();
    keep.extend(app.uploads());
    let releases = app.releases.clone();
    let pruned = tokio::task::spawn_blocking(move || releases.prune(&keep)).await;
    match pruned {
        Ok(Ok(gone)) if gone.is_empty() => {}
        Ok(Ok(gone)) => tracing::info!(releases = gone.len(), "old content was removed"),
        Ok(Err(error)) => tracing::warn!(%error, "old content could not be removed"),
        Err(error) => tracing::error!(%error, "removing old content failed"),
    }
}
