//! Active health checks, made beside the cores so that they never hold a visitor up.
//!
//! What a check means for its backend is decided in `health`, what an answer means in `judge`.
//! Here they are timed, and where one was late the cores are asked whether visitors have had
//! answers meanwhile. What answers say of a backend's load goes to the cores; one that nobody has
//! heard of lately, while other balancers send requests to its pool, is asked for that alone.

mod ask;
mod judge;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use bramble_config::plan::{self, AdminState, HealthCheck};
use tokio::sync::mpsc::{Sender, WeakSender};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::balance::Report;
use crate::core::{Command, Roster};
use crate::health::{Finding, Health, Verdict};
use crate::prepared::{Prepared, PreparedBackend};
use ask::{Fault, FaultKind, ask};

/// How long cores may take to say what they have heard of a backend.
const HEARSAY: Duration = Duration::from_secs(1);

/// How often it is looked whether a backend is to be asked for its load.
const LOAD_LOOK: Duration = Duration::from_secs(1);

/// The checks of the plan in force; they end when this is dropped.
pub(crate) struct Checks {
    roster: Roster,
    running: Vec<Check>,
}

/// One backend's, over all plans that have it: plans may come faster than a check that hangs
/// ends, and it must end all the same.
struct Check {
    rule: HealthCheck,
    target: Rc<RefCell<Target>>,
    task: AbortHandle,
}

/// Whom to ask, as the newest plan has it.
struct Target {
    backend: PreparedBackend,
    /// All of its pool to which the operator lets requests go.
    pool: Rc<[Arc<Health>]>,
}

/// What a task is about, whatever plan comes.
struct Watch {
    name: String,
    address: SocketAddr,
    rule: HealthCheck,
    target: Rc<RefCell<Target>>,
    roster: Roster,
    /// Its last answer has said what it has to do.
    reports: Cell<bool>,
}

impl Checks {
    /// None yet, beside these cores.
    pub(crate) fn new(roster: Roster) -> Self {
        Self { roster, running: Vec::new() }
    }

    /// Checks every backend of every pool that asks for it, but for those that are stopped:
    /// newcomers at once, all at the pool's interval. Must be called inside a `LocalSet`.
    pub(crate) fn renew(&mut self, shared: &Arc<Prepared>) {
        let mut before = std::mem::take(&mut self.running);
        for (pool, prepared) in shared.plan.pools.iter().zip(&shared.pools) {
            let Some(rule) = &pool.health else { continue };
            let backends = || pool.backends.iter().zip(&prepared.backends);
            let enabled = backends().filter(|(plan, _)| plan.admin == AdminState::Enabled);
            let peers: Rc<[_]> = enabled.map(|(_, backend)| backend.health.clone()).collect();
            for (plan, backend) in backends() {
                if plan.admin == AdminState::Stopped {
                    // Whatever was known of it is old when it is enabled.
                    backend.health.record(Verdict::Checking, false);
                    continue;
                }
                let target = Target { backend: backend.clone(), pool: peers.clone() };
                let known = before.iter().position(|check| check.is_of(backend, rule));
                self.running.push(match known {
                    Some(i) => before.swap_remove(i).with(target),
                    None => Check::start(plan, target, rule, &self.roster),
                });
            }
        }
    }
}

impl Check {
    fn start(plan: &plan::Backend, target: Target, rule: &HealthCheck, roster: &Roster) -> Self {
        let target = Rc::new(RefCell::new(target));
        let watch = Watch {
            name: plan.name.clone(),
            address: plan.address,
            rule: rule.clone(),
            target: target.clone(),
            roster: roster.clone(),
            reports: Cell::default(),
        };
        Self { rule: rule.clone(), target, task: spawn_local(watch.run()).abort_handle() }
    }

    /// A verdict goes from plan to plan with the backend that it is about.
    fn is_of(&self, backend: &PreparedBackend, rule: &HealthCheck) -> bool {
        Arc::ptr_eq(&self.target.borrow().backend.health, &backend.health) && self.rule == *rule
    }

    /// Goes on with what the newest plan has prepared, as a renewed certificate.
    fn with(self, target: Target) -> Self {
        *self.target.borrow_mut() = target;
        self
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watch {
    async fn run(self) {
        // From one check's start to the next, however long one takes.
        let mut turns = every(Duration::from_millis(self.rule.interval_ms.max(10)));
        let mut looks = every(LOAD_LOOK);
        loop {
            tokio::select! {
                biased;
                _ = turns.tick() => self.turn().await,
                _ = looks.tick(), if self.reports.get() => self.look().await,
            }
        }
    }

    async fn turn(&self) {
        let backend = self.target.borrow().backend.clone();
        let began = Instant::now();
        let asked = ask(self.address, backend.connector.as_ref(), &self.rule).await;
        if let Ok(report) = &asked {
            self.reports.set(report.is_some());
        }
        let found = match &asked {
            Ok(_) => Finding::Passed,
            Err(Fault { kind: FaultKind::Own, .. }) => Finding::Nothing,
            Err(fault) if fault.is_late && self.is_heard_of(&backend.health, began).await => {
                Finding::Nothing
            }
            Err(Fault { kind: FaultKind::Unreachable, .. }) => Finding::Unreachable,
            Err(Fault { kind: FaultKind::Wrong, .. }) => Finding::Wrong,
        };
        let before = backend.health.verdict();
        let pool = self.target.borrow().pool.clone();
        let verdict = backend.health.observe(found, &pool, &self.rule);
        let report = asked.as_ref().ok().copied().flatten();
        let asked = asked.map(drop).map_err(|fault| fault.why);
        backend.health.note(asked.as_ref().err().map(|why| format!("check: {why}")));
        self.tell(asked, verdict, before);
        self.pass_on(report, &backend.health).await;
    }

    fn tell(&self, asked: Result<(), String>, verdict: Verdict, before: Verdict) {
        let (backend, address) = (&self.name, self.address);
        match asked {
            Ok(()) if verdict != before => {
                tracing::info!(backend, %address, up = true, "health");
            }
            Err(why) if verdict != before => {
                tracing::warn!(backend, %address, up = false, why, "health");
            }
            Err(why) => tracing::debug!(backend, %address, why, "a check that changes nothing"),
            Ok(()) => {}
        }
    }

    /// Whether a visitor's request to it was answered since then, on any core. Asked only when a
    /// check was late, so that requests write nothing that another core would see.
    async fn is_heard_of(&self, health: &Arc<Health>, since: Instant) -> bool {
        let question = |reply| Command::Heard(health.clone(), reply);
        let is_newer = |at: Option<Instant>| at.is_some_and(|at| at >= since);
        self.any_core_says(question, is_newer).await
    }

    /// Asks for its load where that is worth something.
    async fn look(&self) {
        let backend = self.target.borrow().backend.clone();
        let question = |reply| Command::WantsReport(backend.health.clone(), reply);
        if self.any_core_says(question, |wants| wants).await
            && let Ok(report) = ask(self.address, backend.connector.as_ref(), &self.rule).await
        {
            self.pass_on(report, &backend.health).await;
        }
    }

    /// Tells all cores what it has to do.
    async fn pass_on(&self, report: Option<Report>, health: &Arc<Health>) {
        let Some(report) = report else { return };
        let tell_all = async {
            for core in self.cores() {
                // One that has ended needs to know nothing.
                let _ = core.send(Command::Reported(health.clone(), report)).await;
            }
        };
        // One that hangs must not hold up what comes next.
        let _ = tokio::time::timeout(HEARSAY, tell_all).await;
    }

    async fn any_core_says<T>(
        &self,
        question: impl Fn(oneshot::Sender<T>) -> Command,
        is_yes: impl Fn(T) -> bool,
    ) -> bool {
        let ask_all = async {
            for core in self.cores() {
                let (reply, answer) = oneshot::channel();
                let asked = core.send(question(reply)).await;
                if asked.is_ok() && answer.await.is_ok_and(&is_yes) {
                    return true;
                }
            }
            false
        };
        tokio::time::timeout(HEARSAY, ask_all).await.unwrap_or(false)
    }

    fn cores(&self) -> Vec<Sender<Command>> {
        let all = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter_map(WeakSender::upgrade).collect()
    }
}

/// Turns that are not made up for if they were missed.
fn every(period: Duration) -> Interval {
    let mut turns = interval(period);
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    turns
}
