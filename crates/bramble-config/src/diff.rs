//! What changes from one configuration to another, in lines that a human reads.

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

use crate::config::{Config, Site};
use crate::plan::{
    Action, Backend, CheckMethod, HashBy, HealthCheck, Listener, Method, Pool, Reserve, Route,
    Sticky,
};

/// A part of a configuration as text: its name (`pool web`) and its fields.
#[derive(Default)]
struct Part {
    name: String,
    /// When the parent comes or goes as a whole, that is said once, not for each child.
    parent: Option<String>,
    fields: Vec<(String, String)>,
}

impl Config {
    /// The changes that lead from this configuration to `new`, one line each, as
    /// `pool web: retry_ms 60000 → 5000` or `site blog: added`.
    #[must_use]
    pub fn diff(&self, new: &Self) -> Vec<String> {
        let (before, after) = (parts(self), parts(new));
        let mut lines = only_in(&before, &after, "removed");
        for part in &after {
            lines.extend(find(&before, &part.name).iter().flat_map(|old| changes(old, part)));
        }
        lines.extend(only_in(&after, &before, "added"));
        lines.extend(order_of_routes(&self.declared_routes, &new.declared_routes));
        lines
    }
}

fn only_in(these: &[Part], those: &[Part], verb: &str) -> Vec<String> {
    let is_alone = |part: &&Part| {
        let parent_stays = part.parent.as_ref().is_none_or(|name| find(those, name).is_some());
        parent_stays && find(those, &part.name).is_none()
    };
    these.iter().filter(is_alone).map(|part| format!("{}: {verb}", part.name)).collect()
}

fn find<'a>(parts: &'a [Part], name: &str) -> Option<&'a Part> {
    parts.iter().find(|part| part.name == name)
}

fn changes(old: &Part, new: &Part) -> Vec<String> {
    let prefix = if new.name.is_empty() { String::new() } else { format!("{}: ", new.name) };
    let pairs = old.fields.iter().zip(&new.fields).filter(|(old, new)| old != new);
    pairs.map(|(old, new)| format!("{prefix}{} {} → {}", new.0, old.1, new.1)).collect()
}

/// Routes are tried in order, so their order is a fact of its own.
fn order_of_routes(old: &[Route], new: &[Route]) -> Option<String> {
    let kept = |routes: &[Route], others: &[Route]| -> Vec<String> {
        let others: Vec<String> = others.iter().map(route_name).collect();
        routes.iter().map(route_name).filter(|name| others.contains(name)).collect()
    };
    (kept(old, new) != kept(new, old)).then(|| "routes: order changed".to_owned())
}

fn parts(config: &Config) -> Vec<Part> {
    let mut parts = vec![
        top(config),
        Part::of("limits", &config.limits),
        Part::of("timeouts", &config.timeouts),
    ];
    parts.extend(config.access_log.iter().map(|log| Part::of("access_log", log)));
    parts.extend(config.metrics.iter().map(listener));
    parts.extend(config.listeners.iter().map(listener));
    for one in &config.pools {
        parts.push(pool(one));
        parts.extend(one.backends.iter().map(|member| backend(one, member)));
    }
    parts.extend(config.sites.iter().map(site));
    parts.extend(config.declared_routes.iter().map(route));
    parts
}

fn top(config: &Config) -> Part {
    Part::new("")
        .with("threads", config.threads)
        .with("trusted_proxies", list(config.trusted_proxies.iter()))
}

fn listener(listener: &Listener) -> Part {
    Part::new(format!("listener {}", listener.name)).with("address", listener.address)
}

fn pool(pool: &Pool) -> Part {
    Part::new(format!("pool {}", pool.name))
        .with("method", method(pool.method))
        .with("retry_ms", pool.retry_ms)
        .with("fail_on_status", list(pool.fail_on_status.iter()))
        .with("fail_on_timeout", pool.fail_on_timeout)
        .with("retries", pool.retries)
        .with("hedge_ms", pool.hedge_ms)
        .with("slow_start_ms", pool.slow_start_ms)
        .with("max_requests", optional(pool.max_requests))
        .with("force_recovery", pool.force_recovery)
        .with("hash_by", hash_by(&pool.hash_by))
        .with("health", optional(pool.health.as_ref().map(health)))
        .with("sticky", optional(pool.sticky.as_ref().map(sticky)))
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Adaptive => "adaptive",
        Method::ByBusyness => "by_busyness",
        Method::ByRequests => "by_requests",
        Method::ByTraffic => "by_traffic",
        Method::First => "first",
        Method::Hash => "hash",
        Method::Heartbeat => "heartbeat",
        Method::LeastRequests => "least_requests",
        Method::RandomTwo => "random_two",
    }
}

fn hash_by(by: &HashBy) -> String {
    match by {
        HashBy::Client => "client".to_owned(),
        HashBy::Cookie(name) => format!("cookie {name}"),
        HashBy::Header(name) => format!("header {name}"),
        HashBy::Path => "path".to_owned(),
    }
}

fn health(check: &HealthCheck) -> String {
    format!(
        "{} every {} ms within {} ms, {} up, {} down",
        question(check),
        check.interval_ms,
        check.timeout_ms,
        check.passes,
        check.fails
    )
}

/// What is asked, and which answer is expected.
fn question(check: &HealthCheck) -> String {
    let HealthCheck { method, host, path, body, .. } = check;
    if *method == CheckMethod::Tcp {
        return method.to_string();
    }
    let text = body.as_ref().map(|text| format!(" with {text:?}")).unwrap_or_default();
    format!("{method} {host}{path} → {}{text}", list(check.status.iter()))
}

fn sticky(sticky: &Sticky) -> String {
    let Sticky { cookie, parameter, separator, set, failover } = sticky;
    let separator = separator.map(String::from).unwrap_or_default();
    let set = if *set { ", set here" } else { "" };
    let failover = if *failover { "" } else { ", without failover" };
    format!("cookie {cookie}, parameter {parameter}, separator {separator:?}{set}{failover}")
}

fn backend(pool: &Pool, backend: &Backend) -> Part {
    let weight = format!("{}.{:02}", backend.weight / 100, backend.weight % 100);
    Part::new(format!("pool {}: backend {}", pool.name, backend.name))
        .child_of(format!("pool {}", pool.name))
        .with("address", backend.address)
        .with("weight", weight)
        .with("state", format!("{:?}", backend.admin).to_lowercase())
        .with("route", optional(backend.route.as_ref()))
        .with("redirect", optional(backend.redirect.as_ref()))
        .with("connect_ms", optional(backend.connect_ms))
        .with("first_byte_ms", optional(backend.first_byte_ms))
        .with("retry_ms", optional(backend.retry_ms))
        .with("host", optional(backend.host.as_ref()))
        .with("set", backend.set)
        .with("reserve", optional(backend.reserve.map(reserve)))
        .with("ignore_errors", backend.ignore_errors)
}

fn reserve(reserve: Reserve) -> &'static str {
    match reserve {
        Reserve::Spare => "spare",
        Reserve::Standby => "standby",
    }
}

fn site(site: &Site) -> Part {
    Part::new(format!("site {}", site.name))
        .with("hosts", hosts(&site.hosts))
        .with("root", optional(site.root.as_ref().map(|root| root.display())))
        .with("index", list(site.index.iter()))
        .with("not_found", optional(site.not_found.as_ref()))
        .with(
            "error_pages",
            list(site.error_pages.iter().map(|(status, page)| format!("{status} {page}"))),
        )
        .with("rate_per_s", optional(site.rate_per_s))
}

fn route(route: &Route) -> Part {
    let action = match &route.action {
        Action::Pool(pool) => match &route.replace_prefix {
            Some(base) => format!("pool {pool} as {base}"),
            None => format!("pool {pool}"),
        },
        Action::Redirect { status, location, keep_path } => {
            let behind = if *keep_path { " and what follows" } else { "" };
            format!("redirect {status} {location}{behind}")
        }
        Action::Respond { status, body } => format!("respond {status} {body:?}"),
        Action::Site(site) => format!("site {site}"),
    };
    Part::new(route_name(route)).with("leads to", action)
}

/// No two routes share it: the second would never be reached, which is refused.
fn route_name(route: &Route) -> String {
    format!("route {} {}", hosts(&route.hosts), route.path_prefix)
}

fn hosts(hosts: &[String]) -> String {
    if hosts.is_empty() { "any host".to_owned() } else { list(hosts.iter()) }
}

fn list(items: impl Iterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

fn optional(value: Option<impl Display>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

impl Part {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A table of numbers, field by field.
    fn of(name: &str, table: &impl Serialize) -> Self {
        let fields = match serde_json::to_value(table) {
            Ok(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        fields.iter().fold(Self::new(name), |part, (key, value)| part.with(key, value))
    }

    fn child_of(mut self, parent: String) -> Self {
        self.parent = Some(parent);
        self
    }

    fn with(mut self, field: &str, value: impl Display) -> Self {
        self.fields.push((field.to_owned(), value.to_string()));
        self
    }
}

#[cfg(test)]
mod tests;
