//! A worker's plan: one listener for balancers alone, and the sites' files.

use std::collections::BTreeMap;
use std::path::Path;

use bramble_cluster::api::Role;
use bramble_cluster::state::{Member, Snapshot};
use bramble_config::plan::{self, Action, Link, Listener, Plan, Route, Serves};
use bramble_config::{Config, Site};

use super::{HEALTH_PATH, base, held};

/// None until the node said where its worker listens.
pub(super) fn plan(config: &Config, snapshot: &Snapshot, member: &Member) -> Option<Plan> {
    let address = member.worker_address?;
    let link = Link::Mutual { keys: keys(snapshot) };
    let sites: Vec<plan::Site> =
        config.sites().iter().filter_map(|declared| site(declared, snapshot, member)).collect();
    let served = |route: &Route| matches!(&route.action, Action::Site(name) if sites.iter().any(|site| site.name == *name));
    let mut routes = vec![health()];
    routes.extend(config.routes().into_iter().filter(served));
    let listener = Listener { name: "worker".to_owned(), address, link, serves: Serves::Routes };
    Some(Plan { listeners: vec![listener], routes, sites, ..base(config) })
}

/// Who may come: balancers, managers, and operators who check from outside.
fn keys(snapshot: &Snapshot) -> Vec<String> {
    let may_come = |member: &Member| {
        member.roles.iter().any(|role| matches!(role, Role::Balancer | Role::Manager))
    };
    let members = snapshot.nodes.values().map(|entry| &entry.record);
    let nodes = members.filter(|member| may_come(member)).map(|member| member.key.clone());
    nodes.chain(snapshot.operators.keys().cloned()).collect()
}

fn health() -> Route {
    let action = Action::Respond { status: 200, body: "ok\n".to_owned() };
    Route { hosts: Vec::new(), path_prefix: HEALTH_PATH.to_owned(), replace_prefix: None, action }
}

/// None before the first release.
fn site(declared: &Site, snapshot: &Snapshot, member: &Member) -> Option<plan::Site> {
    let record = snapshot.site(&declared.name).record;
    let releases = held(&record).into_iter().map(|id| {
        let folder = Path::new("content/releases").join(&id);
        (id, folder)
    });
    let releases: BTreeMap<_, _> = releases.collect();
    let current = record.current.or(record.staged)?;
    Some(plan::Site {
        name: declared.name.clone(),
        releases,
        current,
        index: declared.index.clone(),
        not_found: declared.not_found.clone(),
        error_pages: declared.error_pages.clone(),
        rate_per_s: member.worker_rate.or(declared.rate_per_s),
    })
}
