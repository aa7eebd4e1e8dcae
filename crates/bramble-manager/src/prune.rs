//! Removing content that no site needs any more. Must not know how releases change.

use std::collections::BTreeSet;

use bramble_cluster::store::StoreError;
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
    let keep = match named(app).await {
        Ok(keep) => keep,
        Err(error) => return tracing::warn!(%error, "old content is not known; all is kept"),
    };
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

/// By sites, by what becomes theirs now, and by uploads that may. From the state and not from the
/// view, which may be older than the end of a change. What is staged and nobody waits for does
/// not count: on a full disk it could not be taken back before it made room.
async fn named(app: &App) -> Result<BTreeSet<ReleaseId>, StoreError> {
    let changing = app.changing();
    let snapshot = app.state.snapshot().await?;
    let named = snapshot.sites.iter().flat_map(|(name, entry)| {
        let site = &entry.record;
        let staged = site.staged.iter().filter(|_| changing.contains(name));
        site.history.iter().chain(&site.current).chain(&site.lately).chain(staged)
    });
    let mut named: BTreeSet<ReleaseId> = named.filter_map(|id| id.parse().ok()).collect();
    named.extend(app.uploads());
    Ok(named)
}
