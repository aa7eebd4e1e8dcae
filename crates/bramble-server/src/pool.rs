//! One core's view of a pool: its backends, their idle connections and what happened to them.

mod backend;

use std::cell::RefCell;
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{self, HashBy, Method};

use crate::access_log::Fragment;
use crate::balance::{
    Asked, Balancer, Heard, Member, Members, Picked, Report, Rules, Turn, Weight, key_of,
};
use crate::health::Health;
use crate::prepared::PreparedPool;
use crate::retry::Budget;
pub(crate) use backend::{Backend, Link};

/// A set of backends and how one of them is picked.
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) logged: Rc<Fragment>,
    pub(crate) release: Option<String>,
    pub(crate) retries: u8,
    /// What the key of a request is made of, where its method needs one.
    pub(crate) hash_by: Option<HashBy>,
    pub(crate) budget: RefCell<Budget>,
    members: Members,
    backends: Vec<Rc<Backend>>,
}

impl Pool {
    /// Compiles the pool; counts and idle connections of backends that stay are kept.
    pub(crate) fn new(pool: &plan::Pool, prepared: &PreparedPool, old: Option<&Self>) -> Self {
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
        };
        let members = Members::new(backends.iter().map(member).collect(), rules, balancer, base);
        Self {
            name: pool.name.clone(),
            logged: Fragment::pool(&pool.name).into(),
            release: pool.release.clone(),
            retries: pool.retries.min(2),
            hash_by: (pool.method == Method::Hash).then(|| pool.hash_by.clone()),
            budget: RefCell::new(Budget::new(Instant::now())),
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
    ) -> Option<(Picked, Rc<Backend>)> {
        let picked = self.members.pick(asked, tried, now)?;
        Some((picked, self.backends.get(picked.place)?.clone()))
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
        turned(backend, turn, "a late answer");
    }

    /// For how long an answer may fail to begin before another backend is asked as well.
    pub(crate) fn patience(&self) -> Duration {
        self.members.patience()
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

fn member(backend: &Rc<Backend>) -> Member {
    Member {
        id: key_of(backend.plan.name.as_bytes()),
        weight: backend.plan.weight,
        admin: backend.plan.admin,
        health: backend.health.clone(),
        standing: backend.standing.clone(),
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
