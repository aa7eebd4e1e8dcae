//! One backend as one core knows it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{self, AdminState, Reserve};
use bramble_metrics::Durations;
use bramble_metrics::facts::BackendFacts;
use bramble_net::Stream;
use bramble_net::tls::Connector;

use crate::access_log::BackendFragments;
use crate::balance::{Connecting, InFlight, Judged, Report, Standing};
use crate::health::{Health, Verdict};
use crate::lanes::Lanes;
use crate::prepared::PreparedBackend;

/// One address in a pool.
pub(crate) struct Backend {
    pub(crate) plan: plan::Backend,
    pub(crate) logged: Rc<BackendFragments>,
    pub(crate) connector: Option<Connector>,
    pub(crate) health: Arc<Health>,
    pub(super) standing: Rc<Standing>,
    links: Rc<Links>,
}

/// What outlives a change of plan, besides how it stands.
#[derive(Default)]
struct Links {
    idle: RefCell<Vec<Idle>>,
    first_bytes: RefCell<Durations>,
    heard: Cell<Option<Instant>>,
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

impl Backend {
    pub(super) fn new(
        plan: &plan::Backend,
        prepared: &PreparedBackend,
        pool: &str,
        old: Option<&Self>,
        base: Instant,
    ) -> Self {
        let standing = match old {
            Some(old) => old.standing.clone(),
            None => Rc::new(Standing::new(base)),
        };
        standing.ignore_errors(plan.ignore_errors);
        Self {
            plan: plan.clone(),
            logged: BackendFragments::new(pool, &plan.name).into(),
            connector: prepared.connector.clone(),
            health: prepared.health.clone(),
            standing,
            links: old.map(|old| old.links.clone()).unwrap_or_default(),
        }
    }

    /// Same name, address and keys: counts and connections may be kept.
    pub(super) fn is_same(&self, other: &plan::Backend) -> bool {
        let own = &self.plan;
        own.name == other.name && own.address == other.address && own.link == other.link
    }

    /// The same for whoever judges it.
    pub(super) fn judged(&self) -> Judged<'_> {
        let (standing, passes) = (&*self.standing, self.health.passes());
        Judged { standing, passes, retry_ms: self.plan.retry_ms }
    }

    /// What is open to it is as doubtful as it is.
    pub(super) fn forget_links(&self) {
        self.links.idle.borrow_mut().clear();
    }

    /// Counts together with the other cores from now on, of which this one has that number.
    pub(crate) fn join(&self, lanes: &Arc<Lanes>, own: usize) {
        self.standing.join(lanes, own);
    }

    /// Counts a request from its pick on, until the result is dropped; see [`Standing::begin`].
    pub(crate) fn begin(&self, is_whole: bool) -> InFlight {
        self.standing.begin(is_whole)
    }

    /// Counts a request for which a connection is opened; see [`Standing::connecting`].
    pub(crate) fn connecting(&self) -> Connecting {
        self.standing.connecting()
    }

    /// Its answer has begun, so long after the end of the request.
    pub(crate) fn began_after(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.links.first_bytes.borrow_mut().record(us);
    }

    /// An answer has begun with what it says of its load; its request is still counted here.
    #[cold]
    pub(crate) fn says(&self, load: &[u8], now: Instant) {
        if let Some(report) = Report::parse(load) {
            let others = self.standing.in_flight().saturating_sub(1);
            self.standing.reported(report, others, now);
        }
    }

    /// A request of a visitor was answered by it.
    pub(crate) fn has_answered(&self, now: Instant) {
        self.links.heard.set(Some(now));
    }

    /// When it last answered one, here.
    pub(crate) fn heard(&self) -> Option<Instant> {
        self.links.heard.get()
    }

    /// How soon its answers have begun.
    pub(crate) fn first_bytes(&self) -> Durations {
        self.links.first_bytes.borrow().clone()
    }

    /// The idle connection that was used last and still seems open.
    pub(crate) fn checkout(&self) -> Option<Link> {
        let mut idle = self.links.idle.borrow_mut();
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
        let mut idle = self.links.idle.borrow_mut();
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
        self.links.idle.borrow_mut().retain_mut(fresh);
    }

    pub(crate) fn facts(&self, pool: &str, now: Instant) -> BackendFacts {
        let standing = &self.standing;
        let state = match (self.plan.admin, self.health.verdict()) {
            (AdminState::Disabled, _) => "disabled",
            (AdminState::Draining, _) => "draining",
            (AdminState::Stopped, _) => "stopped",
            _ if self.plan.ignore_errors => self.duty(),
            (_, Verdict::Checking) => "checking",
            (_, Verdict::Down) => "down",
            (_, Verdict::Up) if standing.is_doubted() => "ejected",
            (_, Verdict::Up) if standing.is_avoided(now, self.health.passes()) => "down",
            (_, Verdict::Up) => self.duty(),
        };
        BackendFacts {
            pool: pool.to_owned(),
            name: self.plan.name.clone(),
            address: self.plan.address.to_string(),
            state: state.to_owned(),
            set: self.plan.set,
            requests: standing.requests(),
            errors: standing.errors(),
            in_flight: standing.in_flight(),
            last_error: self.health.fault().or_else(|| standing.last_error()),
        }
    }

    /// What it is there for, now that it is well.
    fn duty(&self) -> &'static str {
        match self.plan.reserve {
            None => "up",
            Some(Reserve::Spare) => "spare",
            Some(Reserve::Standby) => "standby",
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Backend").field(&self.plan.name).finish()
    }
}
