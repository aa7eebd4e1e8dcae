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
/// Whoever calls must not hold the content.
pub(crate) async fn prune(app: &App) {
    let alone = app.content.clone().write_owned().await;
    let keep = named(app);
    let releases = app.releases.clone();
    let pruned = tokio::task::spawn_blocking(move || {
        // Until the disk is through, even if nobody waits for it any more.
        let _alone = alone;
        releases.prune(&keep)
    });
    match pruned.await {
        Ok(Ok(gone)) if gone.is_empty() => {}
        Ok(Ok(gone)) => tracing::info!(releases = gone.len(), "old content was removed"),
        Ok(Err(error)) => tracing::warn!(%error, "old content could not be removed"),
        Err(error) => tracing::error!(%error, "removing old content failed"),
    }
}

/// By sites and by uploads that may still become a site's.
fn named(app: &App) -> BTreeSet<ReleaseId> {
    let view = app.view();
    let sites = view.snapshot.sites.values().map(|entry| &entry.record);
    let named = sites.flat_map(|site| site.history.iter().chain(&site.current).chain(&site.staged));
    let mut named: BTreeSet<ReleaseId> = named.filter_map(|id| id.parse().ok()).collect();
    named.extend(app.uploads());
    named
}
