//! Pools as tables. Pure.

use bramble_cluster::api::{BackendFacts, PoolBackend, PoolStatus};

use crate::cli::print::Column::{Number, Text};
use crate::cli::print::{Table, count, in_set};

/// One part a pool.
pub fn all(pools: &[PoolStatus]) -> String {
    match pools.is_empty() {
        true => "there is no pool\n".to_owned(),
        false => pools.iter().map(pool).collect::<Vec<_>>().join("\n"),
    }
}

fn pool(pool: &PoolStatus) -> String {
    let mut table = Table::new([
        Text("backend"),
        Text("address"),
        Text("state"),
        Number("weight"),
        Number("requests"),
        Number("errors"),
        Number("in flight"),
        Text("last error"),
    ]);
    pool.backends.iter().for_each(|backend| table.row(row(backend)));
    let sticky = pool.sticky.as_ref().map(|cookie| format!(", sticky by {cookie}"));
    format!("pool {}: {}{}\n{table}", pool.name, pool.method, sticky.unwrap_or_default())
}

fn row(backend: &PoolBackend) -> [String; 8] {
    let sum = |of: fn(&BackendFacts) -> u64| match backend.seen.is_empty() {
        true => "-".to_owned(),
        false => count(backend.seen.values().map(of).sum()),
    };
    [
        backend.name.clone(),
        backend.address.to_string(),
        in_set(state(backend), backend.set),
        format!("{:.2}", backend.weight),
        sum(|facts| facts.requests),
        sum(|facts| facts.errors),
        sum(|facts| facts.in_flight),
        last_error(backend),
    ]
}

/// What the operator wants, or else what balancers find; who says so where they differ.
fn state(backend: &PoolBackend) -> String {
    let mut found = backend.seen.values().map(|facts| facts.state.as_str());
    match found.next() {
        _ if backend.state != "enabled" => backend.state.clone(),
        None => "unknown".to_owned(),
        Some(state) if found.all(|other| other == state) => state.to_owned(),
        Some(_) => told(backend, |facts| Some(facts.state.as_str())),
    }
}

fn last_error(backend: &PoolBackend) -> String {
    let mut errors = backend.seen.values().filter_map(|facts| facts.last_error.as_deref());
    match (errors.next(), backend.seen.len()) {
        (None, _) => String::new(),
        (Some(error), 1) => error.to_owned(),
        _ => told(backend, |facts| facts.last_error.as_deref()),
    }
}

/// Who says what.
fn told(backend: &PoolBackend, what: impl Fn(&BackendFacts) -> Option<&str>) -> String {
    let said = backend.seen.iter();
    let said = said.filter_map(|(who, facts)| Some(format!("{} ({who})", what(facts)?)));
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
