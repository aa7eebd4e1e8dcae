//! A balancer's plan: the public listeners, and before each site a pool of the workers that
//! hold its current release.

use bramble_cluster::api::{NodeState, Role};
use bramble_cluster::state::{Member, Snapshot};
use bramble_config::plan::{Action, AdminState, Backend, HealthCheck, Link, Plan, Pool, Route};
use bramble_config::{Config, Site};

use super::{HEALTH_PATH, base};

/// Hundredths: every worker counts the same.
const WEIGHT: u32 = 100;

/// Short, for the health check looks at each backend twice a second anyway.
const RETRY_MS: u64 = 1_000;

/// Those of the sites, and those that are declared.
pub(super) fn pools(config: &Config, snapshot: &Snapshot) -> Vec<Pool> {
    let sites = config.sites().iter().filter_map(|site| site_pool(site, snapshot));
    sites.chain(config.pools().iter().cloned()).collect()
}

pub(super) fn plan(config: &Config, snapshot: &Snapshot) -> Plan {
    let mut routes = vec![hidden()];
    routes.extend(config.routes().into_iter().map(|route| through_pool(route, snapshot)));
    Plan {
        listeners: config.all_listeners(),
        routes,
        pools: pools(config, snapshot),
        trusted_proxies: config.trusted_proxies().to_vec(),
        // Visitors are the balancers': a worker's requests are these again, and health checks.
        access_log: config.access_log().cloned(),
        ..base(config)
    }
}

/// What balancers and workers say to each other is not for visitors.
fn hidden() -> Route {
    let action = Action::Respond { status: 404, body: "not found\n".to_owned() };
    Route { hosts: Vec::new(), path_prefix: "/.bramble".to_owned(), replace_prefix: None, action }
}

fn through_pool(route: Route, snapshot: &Snapshot) -> Route {
    let Action::Site(site) = route.action else { return route };
    let action = match snapshot.site(&site).record.current {
        Some(_) => Action::Pool(pool_name(&site)),
        None => Action::Respond {
            status: 503,
            body: format!(
                "Nothing was published to the site {site} yet.\n\
                 Publish a folder with: bramble publish DIR --site {site}\n"
            ),
        },
    };
    Route { action, ..route }
}

/// None before the first release.
fn site_pool(site: &Site, snapshot: &Snapshot) -> Option<Pool> {
    let release = snapshot.site(&site.name).record.current?;
    let members = snapshot.nodes.iter().map(|(name, entry)| (name, &entry.record));
    let backends = members.filter_map(|(name, member)| backend(name, member, &release)).collect();
    Some(Pool {
        name: pool_name(&site.name),
        backends,
        health: Some(health(site)),
        retry_ms: RETRY_MS,
        retries: 2,
        release: Some(release),
        ..Pool::default()
    })
}

fn pool_name(site: &str) -> String {
    format!("site:{site}")
}

/// A worker takes part when it said where it listens and that it holds the release.
fn backend(name: &str, member: &Member, release: &str) -> Option<Backend> {
    let takes_part =
        member.roles.contains(&Role::Worker) && member.releases.iter().any(|held| held == release);
    let address = member.worker_address.filter(|_| takes_part)?;
    Some(Backend {
        name: name.to_owned(),
        address,
        weight: WEIGHT,
        admin: match member.state {
            NodeState::Draining => AdminState::Draining,
            NodeState::Enabled => AdminState::Enabled,
        },
        set: 0,
        reserve: None,
        ignore_errors: false,
        link: Link::Mutual { keys: vec![member.key.clone()] },
        connect_ms: None,
        first_byte_ms: None,
        retry_ms: None,
        host: None,
        route: None,
        redirect: None,
    })
}

fn health(site: &Site) -> HealthCheck {
    let exact = site.hosts.iter().find(|host| !host.starts_with('*'));
    HealthCheck {
        path: HEALTH_PATH.to_owned(),
        host: exact.map_or("bramble", String::as_str).to_owned(),
        interval_ms: 500,
        ..HealthCheck::default()
    }
}
