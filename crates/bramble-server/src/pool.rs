//! One core's view of a pool: its backends, their idle connections and what happened to them.

mod backend;
mod line;

use std::cell::RefCell;
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{self, HashBy, Method};

use crate::access_log::Fragment;
use crate::balance::{
    Asked, Balancer, Heard, Homes, Member, Members, Pick, Picked, Rank, Report, Rules, Turn,
    Weight, key_of,
};
use crate::health::Health;
use crate::prepared::PreparedPool;
use crate::retry::Budget;
use crate::sticky::{Session, Sticky};
pub(crate) use backend::{Backend, Link};
pub(crate) use line::{Line, Place};

/// A set of backends and how one of them is picked.
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) logged: Rc<Fragment>,
    pub(crate) release: Option<String>,
    pub(crate) retries: u8,
    /// An answer that does not begin in time says that its backend is down.
    pub(crate) fail_on_timeout: bool,
    /// Statuses that eject a backend at once.
    fail_on_status: Box<[u16]>,
    /// What the key of a request is made of, where its method needs one.
    pub(crate) hash_by: Option<HashBy>,
    /// Its sessions, if it has such.
    pub(crate) sticky: Option<Sticky>,
    pub(crate) budget: RefCell<Budget>,
    /// Who waits for room.
    pub(crate) line: Rc<Line>,
    members: Members,
    backends: Vec<Rc<Backend>>,
}

impl Pool {
    /// Compiles the pool; counts and idle connections of backends that stay are kept.
    pub(crate) fn new(
        pool: &plan::Pool,
        prepared: &PreparedPool,
        threads: u16,
        old: Option<&Self>,
    ) -> Self {
        let kept = |b: &plan::Backend| {
            old.and_then(|old| old.backends.iter().position(|o| o.is_same(b)).map(|i| (i, old)))
        };
        let base = old.map_or_else(Instant::now, |old| old.members.base());
        let is_changed = old.is_some();
        let mut order = Vec::new();
        let mut backends = Vec::new();
        for (plan, prepared) in pool.backends.iter().zip(&prepared.backends) {
            let found = kept(plan);
            order.push(found.map(|(i, _)| i));
            let old = found.and_then(|(i, old)| old.backends.get(i));
            let old = old.map(Rc::as_ref);
            let backend = Backend::new(plan, prepared, &pool.name, old, base);
            backend.standing.limit_to(pool.max_requests.map(|most| share(most, threads)));
            if is_changed && old.is_none() {
                backend.standing.mark_down();
            }
            backends.push(Rc::new(backend));
        }
        let kept = old.map(|old| old.members.balancer()).filter(|kept| kept.is_of(pool.method));
        // Each core and process draws by itself.
        let seed = || RandomState::new().hash_one(&pool.name);
        let mut balancer = kept.unwrap_or_else(|| Balancer::new(pool.method, seed()));
        balancer.reorder(&order);
        let rules = Rules {
            retry: Duration::from_millis(pool.retry_ms),
            hedge: Duration::from_millis(pool.hedge_ms),
            slow_start: Duration::from_millis(pool.slow_start_ms),
            force_recovery: pool.force_recovery,
        };
        let sticky = Sticky::new(pool);
        let members = Members::new(backends.iter().map(member).collect(), rules, balancer, base)
            .with_homes(sticky.as_ref().map(|sticky| homes(pool, sticky)).unwrap_or_default());
        Self {
            name: pool.name.clone(),
            logged: Fragment::pool(&pool.name).into(),
            release: pool.release.clone(),
            retries: pool.retries.min(7),
            fail_on_timeout: pool.fail_on_timeout,
            fail_on_status: pool.fail_on_status.as_slice().into(),
            hash_by: (pool.method == Method::Hash).then(|| pool.hash_by.clone()),
            sticky,
            budget: RefCell::new(Budget::new(Instant::now())),
            line: old.map(|old| old.line.clone()).unwrap_or_default(),
            members: match old {
                Some(old) => members.following(&old.members),
                None => members,
            },
            backends,
        }
    }

    /// The backend for the next attempt, none of those `tried`.
    pub(crate) fn pick(
        &self,
        asked: Asked,
        tried: &[usize],
        now: Instant,
    ) -> Pick<(Picked, Rc<Backend>)> {
        match self.members.pick(asked, tried, now) {
            Pick::Backend(picked) => {
                let found = self.backends.get(picked.place).cloned();
                found.map_or(Pick::Nobody, |backend| Pick::Backend((picked, backend)))
            }
            Pick::Full => Pick::Full,
            Pick::Nobody => Pick::Nobody,
        }
    }

    /// A backend may have room again.
    #[inline]
    pub(crate) fn may_have_room(&self, now: Instant) {
        if !self.line.is_empty() {
            self.line.call(self.usual(), now);
        }
    }

    /// What answers take to begin.
    pub(crate) fn usual(&self) -> Duration {
        self.members.usual()
    }

    /// Whether another than those `tried` may be asked beside them; see [`Members::has_equals`].
    pub(crate) fn has_equals(&self, asked: Asked, tried: &[usize]) -> bool {
        let members = &self.members;
        !members.is_ordered() || members.has_equals(asked, tried, Instant::now())
    }

    /// A backend failed an attempt.
    pub(crate) fn failed(&self, backend: &Backend, weight: Weight, why: &str, now: Instant) {
        let turn = self.members.failed(backend.judged(), weight, why, now);
        if weight == Weight::Down {
            backend.forget_links();
        }
        turned(backend, turn, why);
    }

    /// A backend gave an answer; see [`Members::answered`].
    pub(crate) fn answered(&self, backend: &Backend, heard: Heard, now: Instant) {
        let turn = self.members.answered(backend.judged(), heard, now);
        turned(backend, turn, "late answers, or too many errors");
    }

    /// Whether a session that has lost its backend goes to another.
    pub(crate) fn fails_over(&self) -> bool {
        self.members.fails_over()
    }

    /// Whether whose session is with the backend should still wait for it.
    pub(crate) fn is_home(&self, backend: &Rc<Backend>, now: Instant) -> bool {
        self.place(backend).is_some_and(|place| self.members.is_home(place, now))
    }

    /// What the answer of a backend sets, unless the session is with it already.
    #[inline]
    pub(crate) fn cookie(&self, session: Session, backend: &Rc<Backend>) -> Option<&str> {
        let sticky = self.sticky.as_ref().filter(|sticky| sticky.sets())?;
        let place = self.place(backend).filter(|place| session.home != Some(*place))?;
        sticky.cookie(place, session.is_secure)
    }

    fn place(&self, backend: &Rc<Backend>) -> Option<usize> {
        self.backends.iter().position(|own| Rc::ptr_eq(own, backend))
    }

    /// For how long an answer may fail to begin before another backend is asked as well.
    pub(crate) fn patience(&self) -> Duration {
        self.members.patience()
    }

    /// Whether an answer with this status ejects its backend at once.
    #[inline]
    pub(crate) fn ejects_for(&self, status: u16) -> bool {
        // Of most answers that is one comparison.
        status >= 400 && self.fail_on_status.contains(&status)
    }

    /// Whether backends get hosts of their own.
    pub(crate) fn names_hosts(&self) -> bool {
        self.backends.iter().any(|backend| backend.plan.host.is_some())
    }

    /// A check was told by the backend of this health, which is asked for no request of ours with
    /// that, what it has to do.
    pub(crate) fn reported(&self, by: &Arc<Health>, report: Report, now: Instant) {
        if let Some(backend) = self.backend_of(by) {
            backend.standing.reported(report, backend.standing.in_flight(), now);
        }
    }

    /// Whether other balancers ask the pool, and the backend of this health has not said lately what
    /// it has to do.
    pub(crate) fn wants_report(&self, of: &Arc<Health>, now: Instant) -> bool {
        let is_unheard = |backend: &Rc<Backend>| !backend.standing.has_reported(now);
        self.backend_of(of).is_some_and(is_unheard)
            && self.backends.iter().any(|backend| backend.standing.is_asked_by_others(now))
    }

    fn backend_of(&self, health: &Arc<Health>) -> Option<&Rc<Backend>> {
        self.backends.iter().find(|backend| Arc::ptr_eq(&backend.health, health))
    }

    pub(crate) fn backends(&self) -> &[Rc<Backend>] {
        &self.backends
    }
}

/// What each thread may give.
fn share(most: u32, threads: u16) -> u32 {
    most.div_ceil(u32::from(threads.max(1)))
}

fn member(backend: &Rc<Backend>) -> Member {
    Member {
        id: key_of(backend.plan.name.as_bytes()),
        weight: backend.plan.weight,
        admin: backend.plan.admin,
        rank: Rank { set: backend.plan.set, reserve: backend.plan.reserve },
        health: backend.health.clone(),
        standing: backend.standing.clone(),
    }
}

fn homes(pool: &plan::Pool, sticky: &Sticky) -> Homes {
    let redirect = |backend: &plan::Backend| sticky.place(backend.redirect.as_ref()?.as_bytes());
    Homes {
        redirects: pool.backends.iter().map(redirect).collect(),
        failover: pool.sticky.as_ref().is_none_or(|sticky| sticky.failover),
    }
}

fn turned(backend: &Backend, turn: Option<Turn>, why: &str) {
    match turn {
        None => {}
        Some(Turn::Back) => tracing::info!(backend = backend.plan.name, "no longer ejected"),
        Some(Turn::Ejected) => {
            tracing::warn!(backend = backend.plan.name, why, "ejected");
            backend.forget_links();
        }
    }
}

#[cfg(test)]
mod tests;
