//! Changing the release of a site, in two phases.
//!
//! ```text
//! staged ──> workers fetch, verify, take it up ──> flip (one CAS) ──> balancers take it up
//!    └── no worker has it in time: as before ─┘
//! ```
//!
//! The balancer asks workers for one release by name, so visitors change over at the flip,
//! whatever the workers do. A worker that has not got it by then is left out until it has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use bramble_cluster::api::{NodeOutcome, NodeState, Published, Role};
use bramble_cluster::state::{Entry, Member, Release, Site, Snapshot, State, delete, put};
use bramble_cluster::store::{Change, Expected, StoreError};
use bramble_config::Config;
use bramble_content::{Manifest, ReleaseId};
use bramble_metrics::calendar::unix_now;

use crate::app::App;
use crate::live::LIVE;
use crate::prune::prune;
use crate::refusal::Refusal;
use crate::settle::{Standing, TICK, settle};
use crate::view::View;

/// Releases of a site to go back to.
const HISTORY: usize = 10;

/// Releases that were current before and that balancers which lag are still served.
const LATELY: usize = 2;

/// When what could not be taken back is tried again: first, and at last.
const UNSTAGE_AFTER: Duration = Duration::from_secs(1);
const UNSTAGE_AFTER_MAX: Duration = Duration::from_secs(60);
const LATER: &str = "what was staged can't be taken back now; it is tried again";

/// Why a release becomes current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Publish,
    Rollback,
}

/// Makes a release that lies in the content folder current.
pub(crate) async fn change_over(
    app: Arc<App>,
    site: String,
    release: ReleaseId,
    reason: Reason,
) -> Result<Published, Refusal> {
    let start = Instant::now();
    let Some(_claim) = app.claim(&site) else {
        let error = format!("the release of {site} is being changed by somebody else");
        return Err(Refusal::conflict(error, "wait for it to end, then repeat"));
    };
    let previous = app.view().snapshot.site(&site).record.current;
    let release_id = release.to_string();
    if previous.as_ref() != Some(&release_id) {
        change(&app, &site, release, reason).await?;
        prune(&app).await;
    }
    let settled = settle(&app).await;
    let nodes = outcomes(&app, &release_id, &settled);
    let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Published { site, release: release_id, previous, nodes, took_ms })
}

/// Prepares and flips; whatever fails, the site is left as it was.
async fn change(app: &App, site: &str, release: ReleaseId, reason: Reason) -> Result<(), Refusal> {
    let id = release.to_string();
    let flipped = match prepare(app, site, release).await {
        Ok(()) => flip(app, site, &id, reason).await,
        Err(refusal) => Err(refusal),
    };
    if flipped.is_err() {
        // Tried again later where it fails.
        let _ = take_back(app, site).await;
    }
    let revision = flipped?;
    tracing::info!(site, release = id, revision, "a site changed its release");
    app.seen(revision).await.map(drop)
}

/// Stages, and waits until all live workers can serve it. Without any, nothing is changed.
async fn prepare(app: &App, site: &str, release: ReleaseId) -> Result<(), Refusal> {
    let id = release.to_string();
    bring(app, site, release).await?;
    let start = Instant::now();
    let limit = Duration::from_secs(app.settings.prepare_limit_s);
    let mut seen = false;
    loop {
        let waited = start.elapsed();
        let Workers { ready, waiting, expected } = workers(app, &app.view(), &id);
        seen |= ready + waiting > 0;
        match (ready, waiting + expected) {
            (1.., 0) => return Ok(()),
            (1.., _) if waited >= limit => return Ok(()),
            // One that is there reports each second: who was not heard of by now is not there.
            (0, _) if !seen && waited >= LIVE.min(limit) => return Err(no_worker(app, site, 0)),
            (0, _) if waited >= limit => return Err(no_worker(app, site, waiting)),
            _ => tokio::time::sleep(TICK).await,
        }
    }
}

/// From here on the site names the release: until then nothing must be removed.
async fn bring(app: &App, site: &str, release: ReleaseId) -> Result<(), Refusal> {
    let _content = app.content.read().await;
    let id = release.to_string();
    let manifest = whole(app, release).await?;
    let revision = stage(app, site, &id, &manifest).await?;
    app.seen(revision).await.map(drop)
}

/// The release with all its blobs, durable in the content folder.
async fn whole(app: &App, release: ReleaseId) -> Result<Manifest, Refusal> {
    let releases = app.releases.clone();
    let staged = tokio::task::spawn_blocking(move || {
        let manifest = releases.manifest(&release)?;
        releases.stage(&manifest).map(|_| manifest)
    });
    staged.await.map_err(|e| Refusal::internal(&e))?.map_err(crate::api::from_content)
}

async fn stage(app: &App, site: &str, id: &str, manifest: &Manifest) -> Result<u64, Refusal> {
    let release =
        Release { at: unix_now(), files: manifest.files().len() as u64, bytes: manifest.bytes() };
    let name = format!("{site}/{id}");
    let known = app.state.record::<Release>(&name).await?;
    let entry = site_entry(app, site).await?;
    let staged = Site { staged: Some(id.to_owned()), ..entry.record.clone() };
    let mut changes = vec![put(site, entry.expected(), &staged)?];
    // One that could not be taken back.
    let other = entry.record.staged.filter(|other| other != id);
    let other = other.filter(|other| !entry.record.history.contains(other));
    changes.extend(other.map(|other| forget(site, &other)));
    if known.is_none() {
        changes.push(put(&name, Expected::Any, &release)?);
    }
    Ok(app.state.store().transact(changes).await?)
}

/// How many workers that are wanted stand how to a release.
#[derive(Default)]
struct Workers {
    ready: usize,
    /// Live, and can't serve it yet.
    waiting: usize,
    /// Not heard of yet.
    expected: usize,
}

fn workers(app: &App, view: &View, release: &str) -> Workers {
    let now = Instant::now();
    let mut workers = Workers::default();
    let wanted = |member: &Member| member.state == NodeState::Enabled;
    for (name, member) in members(&view.snapshot, Role::Worker).filter(|(_, m)| wanted(m)) {
        match app.reports.live(name, now) {
            Some(_) if holds(member, release) => workers.ready += 1,
            Some(_) => workers.waiting += 1,
            None if app.reports.is_expected(name, now) => workers.expected += 1,
            None => {}
        }
    }
    workers
}

fn no_worker(app: &App, site: &str, waiting: usize) -> Refusal {
    let error = if waiting == 0 {
        format!("{site} was not changed: no worker is there to serve it")
    } else {
        let limit_s = app.settings.prepare_limit_s;
        format!("{site} was not changed: no worker has the release after {limit_s} s")
    };
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error, "`bramble status` says why")
}

/// Takes back what was staged when a manager died over it: nobody waits for it any more. A disk
/// that is full for that is no reason not to start.
pub(crate) async fn unstage_all(state: &State) -> Result<(), StoreError> {
    for site in state.snapshot().await?.sites.keys() {
        match unstage(state, site).await {
            Err(error @ StoreError::Full { .. }) => tracing::warn!(site, %error, "{LATER}"),
            unstaged => unstaged?,
        }
    }
    Ok(())
}

/// Takes back what is staged and nobody waits for, as long as the manager runs: the disk may
/// have been full when its time was.
pub(crate) async fn unstage_later(app: Arc<App>) {
    let mut delay = UNSTAGE_AFTER;
    loop {
        tokio::time::sleep(delay).await;
        let view = app.view();
        let sites = view.snapshot.sites.iter();
        let mut done = true;
        for (site, _) in sites.filter(|(_, entry)| entry.record.staged.is_some()) {
            if let Some(_claim) = app.claim(site) {
                done &= take_back(&app, site).await;
            }
        }
        // A log on the same disk must not take what room there is.
        delay = if done { UNSTAGE_AFTER } else { (delay * 2).min(UNSTAGE_AFTER_MAX) };
    }
}

/// False: not now.
async fn take_back(app: &App, site: &str) -> bool {
    let unstaged = unstage(&app.state, site).await;
    unstaged.inspect_err(|error| tracing::warn!(site, %error, "{LATER}")).is_ok()
}

/// With its record, unless it is one to go back to.
async fn unstage(state: &State, site: &str) -> Result<(), StoreError> {
    loop {
        let Some(entry) = state.record::<Site>(site).await? else { return Ok(()) };
        let mut record = entry.record.clone();
        let Some(id) = record.staged.take() else { return Ok(()) };
        let mut changes = vec![put(site, entry.expected(), &record)?];
        if !record.history.contains(&id) {
            changes.push(forget(site, &id));
        }
        match state.store().transact(changes).await {
            Err(StoreError::Conflict { .. }) => {}
            unstaged => return unstaged.map(drop),
        }
    }
}

/// What visitors lose, and what is removed for good, when this becomes the configuration.
pub(crate) fn lost_with(app: &App, wanted: &Config) -> Vec<String> {
    let view = app.view();
    let dropped = view.config.sites().iter().filter(|site| wanted.site(&site.name).is_none());
    let lost = dropped.filter_map(|site| {
        let Site { current, history, .. } = view.snapshot.site(&site.name).record;
        let (current, older) = (current?, history.len().saturating_sub(1));
        let name = &site.name;
        Some(format!(
            "site {name}: visitors no longer get its release {current}, which is kept; \
             {older} older ones are removed for good"
        ))
    });
    lost.collect()
}

/// Of sites that the configuration does not name only what is current stays, to be there when it
/// names them again. One that is being changed just now keeps all until the next time.
pub(crate) async fn forget_history(app: &Arc<App>) {
    let view = app.view();
    for site in view.snapshot.sites.keys().filter(|site| view.config.site(site).is_none()) {
        let Some(_claim) = app.claim(site) else { continue };
        match forget_history_of(app, site).await {
            Ok(0) => {}
            Ok(releases) => tracing::info!(site, releases, "a site is not configured any more"),
            Err(error) => tracing::warn!(site, %error, "old releases can't be removed now"),
        }
    }
    prune(app).await;
}

async fn forget_history_of(app: &App, site: &str) -> Result<usize, StoreError> {
    let entry = site_entry(app, site).await?;
    let mut record = entry.record.clone();
    let current = |id: &String| Some(id) == entry.record.current.as_ref();
    let (history, gone): (Vec<_>, Vec<_>) = record.history.into_iter().partition(current);
    if gone.is_empty() {
        return Ok(0);
    }
    (record.history, record.lately) = (history, Vec::new());
    let mut changes = vec![put(site, entry.expected(), &record)?];
    changes.extend(gone.iter().map(|id| forget(site, id)));
    app.state.store().transact(changes).await?;
    Ok(gone.len())
}

fn forget(site: &str, id: &str) -> Change {
    delete::<Release>(&format!("{site}/{id}"), Expected::Any)
}

/// The one step that counts.
async fn flip(app: &App, site: &str, id: &str, reason: Reason) -> Result<u64, Refusal> {
    let entry = site_entry(app, site).await?;
    let mut record = entry.record.clone();
    if record.staged.take().as_deref() != Some(id) {
        let error = format!("the release of {site} was changed by somebody else");
        return Err(Refusal::conflict(error, "see `bramble status`, then repeat"));
    }
    let before = record.current.replace(id.to_owned());
    record.lately.splice(0..0, before);
    record.lately.retain(|lately| lately != id);
    record.lately.truncate(LATELY);
    let gone = remember(&mut record.history, id, reason);
    let mut changes = vec![put(site, entry.expected(), &record)?];
    changes.extend(gone.iter().map(|id| forget(site, id)));
    Ok(app.state.store().transact(changes).await?)
}

/// In the order of publishing, so that each rollback goes further back. Answers what goes; the
/// current one never does: it is the newest, or one of those that were there.
fn remember(history: &mut Vec<String>, id: &str, reason: Reason) -> Vec<String> {
    let is_known = history.iter().any(|known| known == id);
    if reason == Reason::Publish || !is_known {
        history.retain(|known| known != id);
        history.insert(0, id.to_owned());
    }
    history.split_off(history.len().min(HISTORY))
}

async fn site_entry(app: &App, site: &str) -> Result<Entry<Site>, StoreError> {
    let entry = app.state.record(site).await?;
    Ok(entry.unwrap_or(Entry { record: Site::default(), revision: 0 }))
}

/// How each worker and balancer came through.
fn outcomes(app: &App, release: &str, balancers: &BTreeMap<String, Standing>) -> Vec<NodeOutcome> {
    let view = app.view();
    let now = Instant::now();
    let nodes = view.snapshot.nodes.iter().map(|(name, entry)| (name, &entry.record));
    let concerned = nodes.filter(|(_, member)| member.roles.iter().any(|r| *r != Role::Manager));
    let outcomes = concerned.map(|(name, member)| {
        let error = trouble(app, name, member, release, now)
            .or_else(|| balancers.get(name).and_then(Standing::error));
        NodeOutcome { node: name.clone(), ok: error.is_none(), error }
    });
    outcomes.collect()
}

fn trouble(app: &App, name: &str, member: &Member, release: &str, now: Instant) -> Option<String> {
    if !member.roles.contains(&Role::Worker) || holds(member, release) {
        return None;
    }
    let Some(report) = app.reports.live(name, now) else {
        return Some("it is not heard of; it gets the release when it is back".to_owned());
    };
    let why = report.trouble.unwrap_or_else(|| "it is still fetching".to_owned());
    Some(format!("{why}; it gets no traffic until it has the release"))
}

fn members(snapshot: &Snapshot, role: Role) -> impl Iterator<Item = (&str, &Member)> {
    let members = snapshot.nodes.iter().map(|(name, entry)| (name.as_str(), &entry.record));
    members.filter(move |(_, member)| member.roles.contains(&role))
}

fn holds(member: &Member, release: &str) -> bool {
    member.releases.iter().any(|held| held == release)
}

#[cfg(test)]
mod tests;
