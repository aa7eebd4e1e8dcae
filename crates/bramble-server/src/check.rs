//! Active health checks, made beside the cores so that they never hold a visitor up.

use std::sync::Arc;
use std::time::Duration;

use bramble_config::plan::{self, HealthCheck};
use bramble_http::{Limits, Parsed, ResponseHead, parse_response};
use bramble_net::Stream;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::health::Verdict;
use crate::prepared::{Prepared, PreparedBackend};

/// A head longer than this is not a healthy one.
const HEAD_BYTES: usize = 16 * 1024;

/// The checks of one plan; they end when this is dropped.
#[derive(Default)]
pub(crate) struct Checks {
    /// Aborted when dropped.
    _tasks: JoinSet<()>,
}

impl Checks {
    /// Starts to check every backend of every pool that asks for it, at once and then at the
    /// pool's interval. Must be called inside a `LocalSet`.
    pub(crate) fn start(shared: &Arc<Prepared>) -> Self {
        let mut tasks = JoinSet::new();
        for (pool, prepared) in shared.plan.pools.iter().zip(&shared.pools) {
            let Some(rule) = &pool.health else { continue };
            for (backend, prepared) in pool.backends.iter().zip(&prepared.backends) {
                tasks.spawn_local(watch(backend.clone(), prepared.clone(), rule.clone()));
            }
        }
        Self { _tasks: tasks }
    }
}

async fn watch(backend: plan::Backend, prepared: PreparedBackend, rule: HealthCheck) {
    // From one check's start to the next, however long one takes.
    let mut turns = tokio::time::interval(Duration::from_millis(rule.interval_ms.max(10)));
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        turns.tick().await;
        let passed = passes(&backend, &prepared, &rule).await;
        let before = prepared.health.verdict();
        let verdict = prepared.health.observe(passed, &rule);
        if verdict != before {
            let up = verdict == Verdict::Up;
            tracing::info!(backend = backend.name, address = %backend.address, up, "health");
        }
    }
}

async fn passes(backend: &plan::Backend, prepared: &PreparedBackend, rule: &HealthCheck) -> bool {
    let limit = Duration::from_millis(rule.timeout_ms);
    let status = tokio::time::timeout(limit, status(backend, prepared, rule)).await;
    matches!(status, Ok(Some(200..=399)))
}

/// The status of the answer to one GET over a connection of its own.
async fn status(
    backend: &plan::Backend,
    prepared: &PreparedBackend,
    rule: &HealthCheck,
) -> Option<u16> {
    let mut stream = Stream::connect(backend.address, prepared.connector.as_ref()).await.ok()?;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: bramble-health\r\nConnection: close\r\n\r\n",
        rule.path, rule.host
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut bytes = vec![0; HEAD_BYTES];
    let (mut len, mut head) = (0, ResponseHead::default());
    loop {
        let n = stream.read(bytes.get_mut(len..)?).await.ok()?;
        len += n;
        match parse_response(bytes.get(..len)?, &Limits::default(), false, &mut head).ok()? {
            Parsed::Complete if head.status < 200 => {
                bytes.copy_within(head.len..len, 0);
                len -= head.len;
            }
            Parsed::Complete => return Some(head.status),
            Parsed::Partial if n == 0 => return None,
            Parsed::Partial => {}
        }
    }
}
