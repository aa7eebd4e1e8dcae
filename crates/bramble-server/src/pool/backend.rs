//! One backend as one core knows it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{self, AdminState};
use bramble_metrics::Durations;
use bramble_metrics::facts::BackendFacts;
use bramble_net::Stream;
use bramble_net::tls::Connector;

use super::ejection::Ejection;
use crate::access_log::BackendFragments;
use crate::health::{Health, Verdict};
use crate::prepared::PreparedBackend;

/// What a failed attempt says about a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A slow or odd answer, or one that says that there is none: it may be the request's fault.
    Doubt,
    /// It can't be reached, or closes connections.
    Down,
    /// Nothing: the fault is ours.
    None,
}

/// One address in a pool.
pub(crate) struct Backend {
    pub(crate) plan: plan::Backend,
    pub(crate) logged: Rc<BackendFragments>,
    pub(crate) connector: Option<Connector>,
    pub(crate) health: Arc<Health>,
    state: Rc<State>,
}

/// What outlives a change of plan.
#[derive(Default)]
struct State {
    idle: RefCell<Vec<Idle>>,
    ejection: Cell<Ejection>,
    last_error: RefCell<Option<String>>,
    requests: Cell<u64>,
    errors: Cell<u64>,
    in_flight: Cell<u64>,
    first_bytes: RefCell<Durations>,
}

struct Idle {
    stream: Stream,
    since: Instant,
}

/// A connection to a backend.
pub(crate) struct Link {
    pub(crate) stream: Stream,
    /// It has served a request before, so its backend may have closed it meanwhile.
    pub(crate) reused: bool,
}

/// A request that a backend is working on.
pub(crate) struct InFlight(Rc<State>);

impl Backend {
    pub(super) fn new(
        plan: &plan::Backend,
        prepared: &PreparedBackend,
        pool: &str,
        old: Option<&Self>,
    ) -> Self {
        Self {
            plan: plan.clone(),
            logged: BackendFragments::new(pool, &plan.name).into(),
            connector: prepared.connector.clone(),
            health: prepared.health.clone(),
            state: old.map(|old| old.state.clone()).unwrap_or_default(),
        }
    }

    /// Same name, address and keys: counts and connections may be kept.
    pub(super) fn is_same(&self, other: &plan::Backend) -> bool {
        let own = &self.plan;
        own.name == other.name && own.address == other.address && own.link == other.link
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.plan.admin == AdminState::Enabled
    }

    pub(super) fn is_fit(&self, now: Instant) -> bool {
        self.health.verdict() == Verdict::Up && !self.is_avoided(now)
    }

    /// Whether its answers have put it out.
    pub(super) fn is_doubted(&self) -> bool {
        self.state.ejection.get().is_doubted()
    }

    fn is_avoided(&self, now: Instant) -> bool {
        self.state.ejection.get().is_out(now, self.health.passes())
    }

    /// It was picked for a request.
    pub(super) fn picked(&self, now: Instant) {
        self.judge(|ejection| ejection.begin(now, self.health.passes()));
    }

    /// It can't be reached: nobody goes there until then, or until a newer check has passed.
    pub(super) fn down(&self, why: &str, until: Instant) {
        self.erred(why);
        self.judge(|ejection| ejection.down(until, self.health.passes()));
        // What else is open to it is as doubtful.
        self.state.idle.borrow_mut().clear();
    }

    /// An answer of it was slow, odd or none. `may_eject`: enough others are left.
    pub(super) fn doubted(&self, why: &str, may_eject: bool, now: Instant) {
        self.erred(why);
        let was_doubted = self.is_doubted();
        self.judge(|ejection| ejection.doubt(may_eject, now));
        if self.is_doubted() && !was_doubted {
            tracing::warn!(backend = self.plan.name, why, "ejected");
            self.state.idle.borrow_mut().clear();
        }
    }

    /// A good answer came: whatever was held against the backend is forgotten.
    pub(super) fn answered(&self) {
        if self.is_doubted() {
            tracing::info!(backend = self.plan.name, "no longer ejected");
        }
        self.judge(Ejection::good);
    }

    fn erred(&self, why: &str) {
        self.state.errors.set(self.state.errors.get() + 1);
        *self.state.last_error.borrow_mut() = Some(why.to_owned());
    }

    fn judge(&self, by: impl FnOnce(&mut Ejection)) {
        let mut ejection = self.state.ejection.get();
        by(&mut ejection);
        self.state.ejection.set(ejection);
    }

    /// Counts a request until the result is dropped.
    pub(crate) fn begin(&self) -> InFlight {
        self.state.requests.set(self.state.requests.get() + 1);
        self.state.in_flight.set(self.state.in_flight.get() + 1);
        InFlight(self.state.clone())
    }

    /// Its answer has begun, so long after the end of the request.
    pub(crate) fn began_after(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.state.first_bytes.borrow_mut().record(us);
    }

    /// How soon its answers have begun.
    pub(crate) fn first_bytes(&self) -> Durations {
        self.state.first_bytes.borrow().clone()
    }

    /// The idle connection that was used last and still seems open.
    pub(crate) fn checkout(&self) -> Option<Link> {
        let mut idle = self.state.idle.borrow_mut();
        while let Some(Idle { mut stream, .. }) = idle.pop() {
            if !stream.is_stale() {
                return Some(Link { stream, reused: true });
            }
        }
        None
    }

    /// Keeps a connection for the next request; the oldest goes when there are too many, which
    /// is what the result says.
    pub(crate) fn check_in(&self, stream: Stream, now: Instant, limit: usize) -> bool {
        let mut idle = self.state.idle.borrow_mut();
        let is_full = idle.len() >= limit && !idle.is_empty();
        if is_full {
            idle.remove(0);
        }
        idle.push(Idle { stream, since: now });
        is_full
    }

    /// Closes connections that are idle for too long or were closed by the backend.
    pub(crate) fn prune(&self, now: Instant, limit: Duration) {
        let fresh = |i: &mut Idle| now.duration_since(i.since) < limit && !i.stream.is_stale();
        self.state.idle.borrow_mut().retain_mut(fresh);
    }

    pub(crate) fn facts(&self, pool: &str, now: Instant) -> BackendFacts {
        let state = match (self.plan.admin, self.health.verdict()) {
            (AdminState::Disabled, _) => "disabled",
            (AdminState::Draining, _) => "draining",
            (_, Verdict::Checking) => "checking",
            (_, Verdict::Down) => "down",
            (_, Verdict::Up) if self.is_doubted() => "ejected",
            (_, Verdict::Up) if self.is_avoided(now) => "down",
            (_, Verdict::Up) => "up",
        };
        BackendFacts {
            pool: pool.to_owned(),
            name: self.plan.name.clone(),
            address: self.plan.address.to_string(),
            state: state.to_owned(),
            requests: self.state.requests.get(),
            errors: self.state.errors.get(),
            in_flight: self.state.in_flight.get(),
            last_error: self.state.last_error.borrow().clone(),
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Backend").field(&self.plan.name).finish()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get().saturating_sub(1));
    }
}
