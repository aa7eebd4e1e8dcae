//! Raw → checked: does it make sense, and if not, what would be right. One file a subject.
//!
//! Checks go on after a fault, so that one run reports all of them; what they return then is
//! thrown away.

mod access_log;
mod failing;
mod health;
pub(crate) mod host;
mod listener;
mod name;
mod number;
mod pool;
pub(crate) mod route;
mod site;
pub(crate) mod sticky;

use std::net::IpAddr;

use toml::Spanned;

use crate::config::Config;
use crate::error::{Finding, Findings};
use crate::raw::Raw;

pub(crate) fn check(raw: &Raw, findings: &mut Findings) -> Config {
    let listeners = listener::check(&raw.listener, findings);
    let metrics = raw.metrics.as_ref();
    let config = Config {
        metrics: metrics.and_then(|raw| listener::metrics(raw, &listeners, findings)),
        threads: number::in_range("threads", raw.threads.as_ref(), 1..=256, 1, findings),
        trusted_proxies: proxies(&raw.trusted_proxies, findings),
        listeners,
        pools: pool::check(&raw.pool, findings),
        sites: site::check(&raw.site, findings),
        declared_routes: route::check(raw, findings),
        limits: number::limits(&raw.limits, findings),
        timeouts: number::timeouts(&raw.timeouts, findings),
        access_log: raw.access_log.as_ref().map(|log| access_log::check(log, findings)),
    };
    if findings.is_empty() {
        route::check_reach(raw, &config, findings);
    }
    config
}

fn proxies(raw: &[Spanned<String>], findings: &mut Findings) -> Vec<IpAddr> {
    name::at_most("trusted_proxies", raw, 64, findings);
    raw.iter().filter_map(|text| proxy(text, findings)).collect()
}

fn proxy(text: &Spanned<String>, findings: &mut Findings) -> Option<IpAddr> {
    let parsed = text.as_ref().parse();
    if parsed.is_err() {
        let message = format!("`{}` is no IP address", text.as_ref());
        let help = "list single addresses as \"10.0.0.1\" or \"fd00::1\", without port or mask";
        findings.add(Finding::new(text.span(), message).label("not an address").help(help));
    }
    parsed.ok()
}
