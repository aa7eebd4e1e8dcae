//! Pools, their backends and their health check.

use std::collections::HashSet;
use std::net::SocketAddr;

use toml::Spanned;

use crate::check::{failing, health, host, listener, name, number, sticky};
use crate::error::{Finding, Findings};
use crate::plan::{
    AdminState, Backend, HashBy, Link, Method, Pool, force_recovery, hedge_ms, slow_start_ms,
};
use crate::raw;

const POOLS: usize = 256;
const BACKENDS: usize = 1024;
const MAX_REQUESTS: i64 = 65_536;
const RETRY_MS: u64 = 60_000;
const RETRIES: u8 = 1;

pub(crate) fn check(raw: &[Spanned<raw::Pool>], findings: &mut Findings) -> Vec<Pool> {
    name::at_most("pool", raw, POOLS, findings);
    name::check("pool", raw.iter().map(|pool| &pool.as_ref().name), findings);
    raw.iter().map(|pool| check_one(pool.as_ref(), findings)).collect()
}

fn check_one(raw: &raw::Pool, findings: &mut Findings) -> Pool {
    let pool = Pool {
        name: raw.name.as_ref().clone(),
        method: raw.method.map_or_else(Method::default, method),
        backends: backends(raw, findings),
        health: raw.health.as_ref().map(|health| health::check(health, findings)),
        sticky: raw.sticky.as_ref().map(|sticky| sticky::check(sticky, findings)),
        retry_ms: number::ms("retry_ms", &raw.retry_ms, RETRY_MS, findings),
        fail_on_status: failing::statuses(&raw.fail_on_status, findings),
        fail_on_timeout: raw.fail_on_timeout.unwrap_or_default(),
        retries: number::in_range("retries", raw.retries.as_ref(), 0..=7, RETRIES, findings),
        hedge_ms: number::ms("hedge_ms", &raw.hedge_ms, hedge_ms(), findings),
        slow_start_ms: slow_start(raw, findings),
        force_recovery: raw.force_recovery.unwrap_or_else(force_recovery),
        max_requests: max_requests(raw, findings),
        hash_by: raw.hash_by.as_ref().map_or_else(HashBy::default, |by| hash_by(by, findings)),
        release: None,
    };
    sticky::check_routes(raw, &pool, findings);
    pool
}

fn slow_start(raw: &raw::Pool, findings: &mut Findings) -> u64 {
    number::ms("slow_start_ms", &raw.slow_start_ms, slow_start_ms(), findings)
}

fn max_requests(raw: &raw::Pool, findings: &mut Findings) -> Option<u32> {
    let most = raw.max_requests.as_ref()?;
    Some(number::in_range("max_requests", Some(most), 1..=MAX_REQUESTS, 1, findings))
}

fn hash_by(raw: &raw::HashBy, findings: &mut Findings) -> HashBy {
    match raw {
        raw::HashBy::Client => HashBy::Client,
        raw::HashBy::Cookie(name) => HashBy::Cookie(token(name, findings)),
        raw::HashBy::Header(name) => HashBy::Header(token(name, findings)),
        raw::HashBy::Path => HashBy::Path,
    }
}

/// A name as fields and cookies have it (RFC 9110 section 5.6.2, RFC 6265 section 4.1.1).
fn token(name: &Spanned<String>, findings: &mut Findings) -> String {
    let text: &str = name.as_ref();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_token) {
        let message = format!("`{text}` is no name of a field or cookie");
        let help = "use letters, digits and `-`, as \"X-User\"";
        findings.add(Finding::new(name.span(), message).label("not a name").help(help));
    }
    text.to_owned()
}

fn method(raw: raw::Method) -> Method {
    match raw {
        raw::Method::Adaptive => Method::Adaptive,
        raw::Method::ByBusyness => Method::ByBusyness,
        raw::Method::ByRequests => Method::ByRequests,
        raw::Method::ByTraffic => Method::ByTraffic,
        raw::Method::First => Method::First,
        raw::Method::Hash => Method::Hash,
        raw::Method::Heartbeat => Method::Heartbeat,
        raw::Method::LeastRequests => Method::LeastRequests,
        raw::Method::RandomTwo => Method::RandomTwo,
    }
}

fn backends(raw: &raw::Pool, findings: &mut Findings) -> Vec<Backend> {
    if raw.backend.is_empty() {
        let message = format!("pool `{}` has no backend", raw.name.as_ref());
        let help = "add [[pool.backend]] with address = \"127.0.0.1:9001\" below it";
        findings.add(Finding::new(raw.name.span(), message).label("empty pool").help(help));
    }
    name::at_most("pool.backend", &raw.backend, BACKENDS, findings);
    let names = raw.backend.iter().filter_map(|backend| backend.as_ref().name.as_ref());
    name::check("backend", names, findings);
    let mut seen = HashSet::new();
    raw.backend.iter().filter_map(|one| backend(one.as_ref(), &mut seen, findings)).collect()
}

fn backend(
    raw: &raw::Backend,
    seen: &mut HashSet<SocketAddr>,
    findings: &mut Findings,
) -> Option<Backend> {
    let weight = weight(raw.weight.as_ref(), findings);
    let address = backend_address(&raw.address, seen, findings)?;
    let name = raw.name.as_ref().map_or_else(|| address.to_string(), |name| name.as_ref().clone());
    let admin = raw.state.map_or_else(AdminState::default, admin_state);
    let routes = [raw.route.as_ref(), raw.redirect.as_ref()];
    let [route, redirect] = routes.map(|route| sticky::route(route, findings));
    Some(Backend {
        name,
        address,
        weight,
        admin,
        link: Link::Plain,
        set: number::in_range("set", raw.set.as_ref(), 0..=99, 0, findings),
        reserve: raw.reserve,
        ignore_errors: raw.ignore_errors,
        connect_ms: number::own_ms("connect_ms", &raw.connect_ms, findings),
        first_byte_ms: number::own_ms("first_byte_ms", &raw.first_byte_ms, findings),
        retry_ms: number::own_ms("retry_ms", &raw.retry_ms, findings),
        host: raw.host.as_ref().map(|one| host::authority(one, findings)),
        route,
        redirect,
    })
}

fn backend_address(
    raw: &Spanned<String>,
    seen: &mut HashSet<SocketAddr>,
    findings: &mut Findings,
) -> Option<SocketAddr> {
    let address = listener::address(raw, findings)?;
    let (message, label, help) = if address.ip().is_unspecified() {
        let message = format!("nobody can connect to {address}");
        (message, "stands for any address", "give the address that the backend has")
    } else if !seen.insert(address) {
        let message = format!("{address} is a backend of this pool already");
        (message, "used twice", "leave one out; for more requests to it raise its `weight`")
    } else {
        return Some(address);
    };
    findings.add(Finding::new(raw.span(), message).label(label).help(help));
    Some(address)
}

/// In hundredths, which is what Apache's counting works with.
fn weight(raw: Option<&Spanned<f64>>, findings: &mut Findings) -> u32 {
    let Some(raw) = raw else { return 100 };
    let value = *raw.as_ref();
    let hundredths = (value * 100.0).round();
    if !(1.0..=100.0).contains(&value) {
        let message = format!("`weight` is {value}");
        findings.add(number::out_of_range(raw, message, "1.00", "100.00"));
        return 100;
    }
    if (value * 100.0 - hundredths).abs() > 1e-6 {
        let message = format!("`weight` is {value}: it has more than two decimals");
        let help = format!("write {:.2}", hundredths / 100.0);
        findings.add(Finding::new(raw.span(), message).label("too fine").help(help));
    }
    // Within 100..=10,000 after the check above, so the cast loses nothing.
    hundredths as u32
}

fn admin_state(raw: raw::State) -> AdminState {
    match raw {
        raw::State::Disabled => AdminState::Disabled,
        raw::State::Draining => AdminState::Draining,
        raw::State::Enabled => AdminState::Enabled,
        raw::State::Stopped => AdminState::Stopped,
    }
}
