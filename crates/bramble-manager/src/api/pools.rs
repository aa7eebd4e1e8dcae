//! `GET /v1/pools`: each pool as declared, and as the balancers see it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use bramble_cluster::api::{BackendFacts, PoolBackend, PoolStatus, Role};
use bramble_config::plan::{Backend, Pool};
use serde::Serialize;

use crate::app::App;
use crate::plan;

pub(super) async fn pools(State(app): State<Arc<App>>) -> Json<Vec<PoolStatus>> {
    let view = app.view();
    let now = Instant::now();
    let pools = plan::pools(&view.config, &view.snapshot);
    Json(pools.iter().map(|pool| status(&app, pool, now)).collect())
}

/// Whether balancers say so, all that have heard of it.
pub(super) fn is_known_to_be_out(app: &App, pool: &str, backend: &Backend, now: Instant) -> bool {
    let seen = seen(app, pool, backend, now);
    !seen.is_empty() && seen.values().all(|facts| facts.state == "down" || facts.state == "ejected")
}

fn status(app: &App, pool: &Pool, now: Instant) -> PoolStatus {
    let backend = |backend: &Backend| PoolBackend {
        name: backend.name.clone(),
        address: backend.address,
        weight: f64::from(backend.weight) / 100.0,
        state: word(&backend.admin),
        set: backend.set,
        reserve: backend.reserve.as_ref().map(word),
        seen: seen(app, &pool.name, backend, now),
    };
    PoolStatus {
        name: pool.name.clone(),
        method: word(&pool.method),
        sticky: pool.sticky.as_ref().map(|sticky| sticky.cookie.clone()),
        backends: pool.backends.iter().map(backend).collect(),
    }
}

/// Balancer → what it last said of the backend.
fn seen(app: &App, pool: &str, backend: &Backend, now: Instant) -> BTreeMap<String, BackendFacts> {
    let address = backend.address.to_string();
    let is_it = |facts: &BackendFacts| {
        facts.pool == pool && facts.name == backend.name && facts.address == address
    };
    let view = app.view();
    let said = view.snapshot.nodes.keys().filter_map(|node| {
        let roles = app.reports.live(node, now)?.roles;
        let balancer = roles.into_iter().find(|facts| facts.role == Role::Balancer)?;
        let facts = balancer.server.backends.into_iter().find(is_it)?;
        Some((node.clone(), facts))
    });
    said.collect()
}

/// As the configuration has it.
fn word(value: &impl Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    word.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned()
}
