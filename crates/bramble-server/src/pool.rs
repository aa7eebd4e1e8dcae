//! One core's view of a pool: its backends, their idle connections and what happened to them.

mod backend;
mod ejection;
mod latency;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_config::plan;

use crate::access_log::Fragment;
use crate::balance::{Balancer, Candidate};
use crate::prepared::PreparedPool;
use crate::retry::Budget;
pub(crate) use backend::{Backend, InFlight, Link, Weight};
use latency::Latency;

/// A set of backends and how one of them is picked.
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) logged: Rc<Fragment>,
    pub(crate) release: Option<String>,
    pub(crate) retries: u8,
    pub(crate) budget: RefCell<Budget>,
    retry_after: Duration,
    hedge: Duration,
    latency: Cell<Latency>,
    /// The same, of what nobody else can be asked for.
    latency_alone: Cell<Latency>,
    backends: Vec<Rc<Backend>>,
    balancer: RefCell<Balancer>,
}

impl Pool {
    /// Compiles the pool; counts and idle connections of backends that stay are kept.
    pub(crate) fn new(pool: &plan::Pool, prepared: &PreparedPool, old: Option<&Self>) -> Self {
        let kept = |b: &plan::Backend| {
            old.and_then(|old| old.backends.iter().position(|o| o.is_same(b)).map(|i| (i, old)))
        };
        let mut order = Vec::new();
        let mut backends = Vec::new();
        for (plan, prepared) in pool.backends.iter().zip(&prepared.backends) {
            let found = kept(plan);
            order.push(found.map(|(i, _)| i));
            let old = found.and_then(|(i, old)| old.backends.get(i));
            backends.push(Rc::new(Backend::new(plan, prepared, &pool.name, old.map(Rc::as_ref))));
        }
        let same_method = old.filter(|_| pool.method == plan::Method::ByRequests);
        let mut balancer = match same_method {
            Some(old) => old.balancer.borrow().clone(),
            None => Balancer::new(pool.method),
        };
        balancer.reorder(&order);
        Self {
            name: pool.name.clone(),
            logged: Fragment::pool(&pool.name).into(),
            release: pool.release.clone(),
            retries: pool.retries.min(2),
            budget: RefCell::new(Budget::new(Instant::now())),
            retry_after: Duration::from_millis(pool.retry_ms),
            hedge: Duration::from_millis(pool.hedge_ms),
            latency: old.map(|old| old.latency.clone()).unwrap_or_default(),
            latency_alone: old.map(|old| old.latency_alone.clone()).unwrap_or_default(),
            backends,
            balancer: RefCell::new(balancer),
        }
    }

    /// The backend for the next attempt, none of those `tried`. If none is fit, all that the
    /// operator enabled are tried all the same (Apache's `forcerecovery`): an error page is
    /// not better than a doubtful backend.
    pub(crate) fn pick(&self, tried: &[usize], now: Instant) -> Option<(usize, Rc<Backend>)> {
        let fit = |b: &Backend| b.is_enabled() && b.is_fit(now);
        let picked =
            self.pick_among(tried, fit).or_else(|| self.pick_among(tried, Backend::is_enabled))?;
        let backend = self.backends.get(picked)?.clone();
        backend.picked(now);
        Some((picked, backend))
    }

    fn pick_among(&self, tried: &[usize], usable: impl Fn(&Backend) -> bool) -> Option<usize> {
        let candidates = self.backends.iter().enumerate().map(|(i, backend)| Candidate {
            weight: backend.plan.weight,
            usable: !tried.contains(&i) && usable(backend),
        });
        self.balancer.borrow_mut().pick(candidates)
    }

    /// A backend failed an attempt: if it seems to be down, or has raised doubts several times
    /// in a row, this core leaves it alone for a while.
    pub(crate) fn failed(&self, backend: &Backend, weight: Weight, why: &str, now: Instant) {
        match weight {
            Weight::None => {}
            Weight::Down => backend.down(why, now + self.retry_after),
            Weight::Doubt => backend.doubted(why, self.may_eject(), now),
        }
    }

    /// A backend gave a good answer, which began so long after its request was sent, where that
    /// is known. `alone`: nobody else could be asked, so that it may have come late all the same;
    /// such answers are measured by each other, since what they do may take longer.
    pub(crate) fn answered(
        &self,
        backend: &Backend,
        began_after: Option<Duration>,
        alone: bool,
        now: Instant,
    ) {
        let latency = if alone { &self.latency_alone } else { &self.latency };
        let usual = self.patience_of(latency.get());
        let is_late = alone && began_after.is_some_and(|time| time > usual);
        match began_after {
            _ if is_late => self.failed(backend, Weight::Doubt, "a late answer", now),
            None if backend.is_doubted() => {}
            _ => backend.answered(),
        }
        let mut estimate = latency.get();
        began_after.into_iter().for_each(|time| estimate.add(time));
        latency.set(estimate);
    }

    /// For how long an answer may fail to begin before another backend is asked as well. Twice
    /// the time within which 95 of 100 begin: so hedging never becomes a load of its own, however
    /// slow a pool's pages are (Dean and Barroso, The Tail at Scale, 2013).
    pub(crate) fn patience(&self) -> Duration {
        self.patience_of(self.latency.get())
    }

    fn patience_of(&self, latency: Latency) -> Duration {
        self.hedge.max(latency.p95().saturating_mul(2))
    }

    /// Whether another backend may be put out for its answers: half of them always stay, since
    /// what is slow or fails everywhere is not the fault of one.
    fn may_eject(&self) -> bool {
        let enabled = self.backends.iter().filter(|backend| backend.is_enabled());
        let (all, doubted) = enabled.fold((0, 0), |(all, doubted), backend| {
            (all + 1, doubted + usize::from(backend.is_doubted()))
        });
        (doubted + 1) * 2 <= all
    }

    pub(crate) fn backends(&self) -> &[Rc<Backend>] {
        &self.backends
    }
}

#[cfg(test)]
mod tests;
