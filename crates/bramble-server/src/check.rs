//! Active health checks, made beside the cores so that they never hold a visitor up.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bramble_config::plan::{self, HealthCheck};
use bramble_http::{Asked, Limits, Parsed, ResponseHead, parse_response};
use bramble_net::Stream;
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::MissedTickBehavior;

use crate::prepared::{Prepared, PreparedBackend};

/// A head longer than this is not a healthy one.
const HEAD_BYTES: usize = 16 * 1024;

/// The checks of the plan in force; they end when this is dropped.
#[derive(Default)]
pub(crate) struct Checks(Vec<Check>);

/// One backend's, over all plans that have it: plans may come faster than a check that hangs
/// ends, and it must end all the same.
struct Check {
    rule: HealthCheck,
    backend: Rc<RefCell<PreparedBackend>>,
    task: AbortHandle,
}

impl Checks {
    /// Checks every backend of every pool that asks for it: newcomers at once, all at the
    /// pool's interval. Must be called inside a `LocalSet`.
    pub(crate) fn renew(&mut self, shared: &Arc<Prepared>) {
        let mut before = std::mem::take(&mut self.0);
        for (pool, prepared) in shared.plan.pools.iter().zip(&shared.pools) {
            let Some(rule) = &pool.health else { continue };
            for (plan, backend) in pool.backends.iter().zip(&prepared.backends) {
                let known = before.iter().position(|check| check.is_of(backend, rule));
                self.0.push(match known {
                    Some(i) => before.swap_remove(i).with(backend),
                    None => Check::start(plan, backend, rule),
                });
            }
        }
    }
}

impl Check {
    fn start(plan: &plan::Backend, backend: &PreparedBackend, rule: &HealthCheck) -> Self {
        let backend = Rc::new(RefCell::new(backend.clone()));
        let task = spawn_local(watch(plan.clone(), backend.clone(), rule.clone()));
        Self { rule: rule.clone(), backend, task: task.abort_handle() }
    }

    /// A verdict goes from plan to plan with the backend that it is about.
    fn is_of(&self, backend: &PreparedBackend, rule: &HealthCheck) -> bool {
        Arc::ptr_eq(&self.backend.borrow().health, &backend.health) && self.rule == *rule
    }

    /// Goes on with what the newest plan has prepared, as a renewed certificate.
    fn with(self, backend: &PreparedBackend) -> Self {
        *self.backend.borrow_mut() = backend.clone();
        self
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(plan: plan::Backend, backend: Rc<RefCell<PreparedBackend>>, rule: HealthCheck) {
    // From one check's start to the next, however long one takes.
    let mut turns = tokio::time::interval(Duration::from_millis(rule.interval_ms.max(10)));
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        turns.tick().await;
        let prepared = backend.borrow().clone();
        let passed = passes(&plan, &prepared, &rule).await;
        let before = prepared.health.verdict();
        let verdict = prepared.health.observe(passed.is_ok(), &rule);
        let (backend, address) = (&plan.name, plan.address);
        match passed {
            _ if verdict == before => {}
            Ok(()) => tracing::info!(backend, %address, up = true, "health"),
            Err(why) => tracing::warn!(backend, %address, up = false, why, "health"),
        }
    }
}

/// Or why it does not.
async fn passes(
    backend: &plan::Backend,
    prepared: &PreparedBackend,
    rule: &HealthCheck,
) -> Result<(), String> {
    let limit = Duration::from_millis(rule.timeout_ms);
    match tokio::time::timeout(limit, status(backend, prepared, rule)).await {
        Ok(Ok(200..=399)) => Ok(()),
        Ok(Ok(status)) => Err(format!("GET {} was answered with {status}", rule.path)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} ms", rule.timeout_ms)),
    }
}

/// The status of the answer to one GET over a connection of its own.
async fn status(
    backend: &plan::Backend,
    prepared: &PreparedBackend,
    rule: &HealthCheck,
) -> io::Result<u16> {
    let mut stream = Stream::connect(backend.address, prepared.connector.as_ref()).await?;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: bramble-health\r\nConnection: close\r\n\r\n",
        rule.path, rule.host
    );
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = vec![0; HEAD_BYTES];
    let (mut len, mut head) = (0, ResponseHead::default());
    loop {
        let read = bytes.get(..len).unwrap_or_default();
        let parsed = parse_response(read, &Limits::default(), Asked::default(), &mut head);
        match parsed.map_err(io::Error::other)? {
            Parsed::Complete if head.status < 200 => {
                bytes.copy_within(head.len..len, 0);
                len -= head.len;
            }
            Parsed::Complete => return Ok(head.status),
            Parsed::Partial => match stream.read(bytes.get_mut(len..).unwrap_or_default()).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => len += n,
            },
        }
    }
}
