//! The checked configuration: nothing optional that has a default, every name resolved.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::plan::{AccessLog, Action, Limits, Link, Listener, Pool, Route, Serves, Timeouts};

/// The embedded configuration of `up` and `demo` as text; loads to [`Config::default`].
pub const DEFAULT_TEXT: &str = include_str!("default.toml");

/// A configuration that passed every check.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub(crate) threads: u16,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) sites: Vec<Site>,
    pub(crate) declared_routes: Vec<Route>,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) access_log: Option<AccessLog>,
    pub(crate) metrics: Option<Listener>,
}

/// A site as declared; which release it shows is state, not configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// How routes, `publish` and messages call it.
    pub name: String,
    /// Exact names or `*.domain`, lower case; empty means any host.
    pub hosts: Vec<String>,
    /// Folder that `run` serves, as written: relative to the config file's folder.
    pub root: Option<PathBuf>,
    /// Files tried for a folder, in order.
    pub index: Vec<String>,
    /// Page for 404, relative to the site.
    pub not_found: Option<String>,
    /// Pages for other statuses, relative to the site.
    pub error_pages: BTreeMap<u16, String>,
    /// Emulates one old board: so many requests a second, one after the other.
    pub rate_per_s: Option<u32>,
}

impl Config {
    /// Threads of the data plane; at least 1.
    #[must_use]
    pub fn threads(&self) -> u16 {
        self.threads
    }

    /// Peers whose `X-Forwarded-*` is believed.
    #[must_use]
    pub fn trusted_proxies(&self) -> &[IpAddr] {
        &self.trusted_proxies
    }

    /// Public addresses; at least one.
    #[must_use]
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Pools whose backends are listed in the file.
    #[must_use]
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// Sites in the file's order.
    #[must_use]
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The site of that name.
    #[must_use]
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.name == name)
    }

    /// Limits on everything that comes from outside.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Time limits.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// What is written about each request; none unless the file has the table.
    #[must_use]
    pub fn access_log(&self) -> Option<&AccessLog> {
        self.access_log.as_ref()
    }

    /// Where the metrics can be read; nowhere unless the file has the table.
    #[must_use]
    pub fn metrics(&self) -> Option<&Listener> {
        self.metrics.as_ref()
    }

    /// Routes of the file, in its order, without the implied ones; see [`Config::routes`].
    #[must_use]
    pub fn declared_routes(&self) -> &[Route] {
        &self.declared_routes
    }

    pub(crate) fn is_routed(&self, action: &Action) -> bool {
        self.declared_routes.iter().any(|route| route.action == *action)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threads: 1,
            trusted_proxies: Vec::new(),
            listeners: vec![Listener {
                name: "web".to_owned(),
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
                link: Link::Plain,
                serves: Serves::Routes,
            }],
            pools: Vec::new(),
            sites: vec![Site::any_host("default")],
            declared_routes: Vec::new(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            access_log: None,
            metrics: None,
        }
    }
}

impl Site {
    fn any_host(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            hosts: Vec::new(),
            root: None,
            index: default_index(),
            not_found: None,
            error_pages: BTreeMap::new(),
            rate_per_s: None,
        }
    }
}

pub(crate) fn default_index() -> Vec<String> {
    vec!["index.html".to_owned()]
}
