//! `GET /v1/status`: the cluster in one answer.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use bramble_cluster::api::{BackendFacts, NodeState, NodeStatus, Role, SiteStatus, Status};
use bramble_cluster::state::Member;
use bramble_config::Site;
use bramble_metrics::calendar::rfc3339;

use crate::app::App;
use crate::view::View;

pub(super) async fn status(State(app): State<Arc<App>>) -> Json<Status> {
    let view = app.view();
    let now = Instant::now();
    let nodes = view.snapshot.nodes.iter();
    Json(Status {
        revision: view.snapshot.revision,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sites: view.config.sites().iter().map(|declared| site(&view, declared)).collect(),
        nodes: nodes.map(|(name, entry)| node(&app, &view, name, &entry.record, now)).collect(),
        listeners: view.config.listeners().iter().map(|listener| listener.address).collect(),
    })
}

fn site(view: &View, declared: &Site) -> SiteStatus {
    let record = view.snapshot.site(&declared.name).record;
    let name = declared.name.clone();
    let key = record.current.as_ref().map(|id| format!("{name}/{id}"));
    let release = key.and_then(|key| view.snapshot.releases.get(&key));
    SiteStatus {
        name,
        hosts: declared.hosts.clone(),
        release: record.current,
        files: release.map_or(0, |entry| entry.record.files),
        bytes: release.map_or(0, |entry| entry.record.bytes),
        published_at: release.map(|entry| rfc3339(entry.record.at)),
        history: record.history,
    }
}

fn node(app: &App, view: &View, name: &str, member: &Member, now: Instant) -> NodeStatus {
    let heard = app.reports.of(name);
    let why_not = why_not_serving(app, view, name, now);
    NodeStatus {
        name: name.to_owned(),
        address: member.address,
        roles: member.roles.clone(),
        key: member.key.clone(),
        state: member.state,
        last_seen_s: heard.as_ref().map(|h| now.saturating_duration_since(h.at).as_secs_f64()),
        serving: why_not.is_none(),
        why_not,
        report: heard.map(|heard| heard.report).unwrap_or_default(),
    }
}

/// Why a node gets no traffic; None if it does.
pub(super) fn why_not_serving(app: &App, view: &View, name: &str, now: Instant) -> Option<String> {
    let member = &view.snapshot.nodes.get(name)?.record;
    let Some(heard) = app.reports.of(name) else {
        return Some("it was not heard of since the manager started".to_owned());
    };
    if !heard.is_live(now) {
        let silent_s = now.saturating_duration_since(heard.at).as_secs();
        return Some(format!("it was last heard of {silent_s} s ago"));
    }
    if !member.roles.contains(&Role::Worker) {
        return None;
    }
    if member.state == NodeState::Draining {
        return Some("it drains".to_owned());
    }
    if member.worker_address.is_none() {
        return Some("its worker does not listen yet".to_owned());
    }
    let trouble = heard.report.trouble.map(|trouble| format!(" ({trouble})")).unwrap_or_default();
    lacking(view, member).map(|why| why + &trouble).or_else(|| seen_down(app, view, name, now))
}

/// Which release it should have and hasn't.
pub(super) fn lacking(view: &View, member: &Member) -> Option<String> {
    let sites = view.config.sites().iter();
    let mut current =
        sites.filter_map(|site| Some((site, view.snapshot.site(&site.name).record.current?)));
    let published: Vec<_> = current.by_ref().collect();
    if published.is_empty() {
        return Some("nothing is published yet".to_owned());
    }
    let lacking = published.iter().find(|(_, release)| !member.releases.contains(release));
    lacking.map(|(site, release)| format!("it has not got release {release} of {} yet", site.name))
}

/// What live balancers say of it: all of them must say that it is up.
fn seen_down(app: &App, view: &View, name: &str, now: Instant) -> Option<String> {
    let balancers = view.snapshot.nodes.iter();
    let balancers = balancers.filter(|(_, entry)| entry.record.roles.contains(&Role::Balancer));
    let mut reports = balancers.filter_map(|(balancer, _)| {
        let report = app.reports.live(balancer, now)?;
        let facts = report.roles.into_iter().find(|facts| facts.role == Role::Balancer)?;
        Some((balancer, facts.server.backends))
    });
    reports.find_map(|(balancer, backends)| {
        let of_node = |facts: &&BackendFacts| facts.name == name && facts.pool.starts_with("site:");
        let mut facts = backends.iter().filter(of_node).peekable();
        if facts.peek().is_none() {
            return Some(format!("balancer {balancer} does not know it yet"));
        }
        let down = facts.find(|facts| facts.state != "up")?;
        let why = down.last_error.as_deref().unwrap_or("no error known");
        Some(format!("balancer {balancer} says {}: {why}", down.state))
    })
}
