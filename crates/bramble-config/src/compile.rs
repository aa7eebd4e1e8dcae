//! Checked → plan: the routes that are meant without being written, and the plan of a
//! stand-alone process.
//!
//! Implied routes come after the declared ones, the most exact host first: exact names, then
//! wildcards from the longest, then sites for any host, then a sole pool.

use std::collections::BTreeMap;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::{Config, Site};
use crate::plan::{self, Action, Plan, Route};

/// Why a configuration can't run without a manager.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// In a cluster a site's content is published; stand-alone it is a folder.
    #[error("site `{site}` has no root: without a manager a site is a folder, add `root = \"…\"`")]
    NoRoot {
        /// Name of the site.
        site: String,
    },
}

impl Config {
    /// The plan of one process without a manager (`run --config`), revision 0.
    ///
    /// A site's root stands in it as written; the caller resolves it against the folder of the
    /// config file.
    ///
    /// # Errors
    /// When a site has no root.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        Ok(Plan {
            revision: 0,
            threads: self.threads,
            listeners: self.all_listeners(),
            routes: self.routes(),
            pools: self.pools.clone(),
            sites: self.sites.iter().map(folder).collect::<Result<_, _>>()?,
            limits: self.limits.clone(),
            timeouts: self.timeouts.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            access_log: self.access_log.clone(),
            identity: None,
        })
    }

    /// The public addresses, and the one for metrics.
    #[must_use]
    pub fn all_listeners(&self) -> Vec<plan::Listener> {
        self.listeners.iter().chain(&self.metrics).cloned().collect()
    }

    /// Every route in the order in which they are tried: the declared ones, then the implied.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        let mut routes = self.declared_routes.clone();
        let unrouted: Vec<&Site> = self.sites.iter().filter(|site| !self.has_route(site)).collect();
        routes.extend(unrouted.iter().filter_map(|site| exact_names(site)));
        routes.extend(wildcards(&unrouted));
        routes.extend(unrouted.iter().filter(|site| site.hosts.is_empty()).map(|site| any(site)));
        routes.extend(self.sole_pool());
        routes
    }

    fn has_route(&self, site: &Site) -> bool {
        self.is_routed(&Action::Site(site.name.clone()))
    }

    fn sole_pool(&self) -> Option<Route> {
        match self.pools.as_slice() {
            [pool] if self.declared_routes.is_empty() => {
                Some(root(Vec::new(), Action::Pool(pool.name.clone())))
            }
            _ => None,
        }
    }
}

fn exact_names(site: &Site) -> Option<Route> {
    let exact = site.hosts.iter().filter(|host| !host.starts_with('*'));
    let hosts: Vec<String> = exact.cloned().collect();
    (!hosts.is_empty()).then(|| root(hosts, Action::Site(site.name.clone())))
}

fn wildcards(sites: &[&Site]) -> Vec<Route> {
    let mut routes: Vec<Route> = sites
        .iter()
        .flat_map(|site| site.hosts.iter().map(move |host| (host, site)))
        .filter(|(host, _)| host.starts_with('*'))
        .map(|(host, site)| root(vec![host.clone()], Action::Site(site.name.clone())))
        .collect();
    routes.sort_by_key(|route| std::cmp::Reverse(route.hosts.first().map_or(0, String::len)));
    routes
}

fn any(site: &Site) -> Route {
    root(Vec::new(), Action::Site(site.name.clone()))
}

fn root(hosts: Vec<String>, action: Action) -> Route {
    Route { hosts, path_prefix: "/".to_owned(), replace_prefix: None, action }
}

fn folder(site: &Site) -> Result<plan::Site, PlanError> {
    let no_root = || PlanError::NoRoot { site: site.name.clone() };
    let root: PathBuf = site.root.clone().ok_or_else(no_root)?;
    Ok(plan::Site {
        name: site.name.clone(),
        releases: BTreeMap::from([(String::new(), root)]),
        current: String::new(),
        index: site.index.clone(),
        not_found: site.not_found.clone(),
        error_pages: site.error_pages.clone(),
        rate_per_s: site.rate_per_s,
    })
}
