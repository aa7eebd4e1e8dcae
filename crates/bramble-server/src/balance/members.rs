//! The backends of a pool as one core picks among them and judges them. Pure: time comes as an
//! argument, and what is sent over which connection is not known here.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::AdminState;

use super::latency::Latency;
use super::standing::{Standing, Weight};
use super::{Balancer, Candidate};
use crate::health::{Health, Verdict};

/// One backend: what the operator wants of it, what checks say, what this core has found out.
pub(crate) struct Member {
    /// Hundredths: 100 is a load factor of 1.
    pub(crate) weight: u32,
    pub(crate) admin: AdminState,
    pub(crate) health: Arc<Health>,
    pub(crate) standing: Rc<Standing>,
}

/// What a pool's operator may set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How long a backend that can't be reached is left alone.
    pub(crate) retry: Duration,
    /// The least time that an answer may take before another backend is asked as well.
    pub(crate) hedge: Duration,
}

/// Whether answers have put a backend out, or brought it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Back,
    Ejected,
}

/// All backends of a pool.
pub(crate) struct Members {
    list: Vec<Member>,
    rules: Rules,
    balancer: RefCell<Balancer>,
    latency: Cell<Latency>,
    /// The same, of what nobody else can be asked for.
    latency_alone: Cell<Latency>,
}

impl Members {
    pub(crate) fn new(list: Vec<Member>, rules: Rules, balancer: Balancer) -> Self {
        Self {
            list,
            rules,
            balancer: RefCell::new(balancer),
            latency: Cell::default(),
            latency_alone: Cell::default(),
        }
    }

    /// Takes over how long answers usually take.
    pub(crate) fn following(self, old: &Self) -> Self {
        self.latency.set(old.latency.get());
        self.latency_alone.set(old.latency_alone.get());
        self
    }

    /// The method with its counts.
    pub(crate) fn balancer(&self) -> Balancer {
        self.balancer.borrow().clone()
    }

    /// The backend for the next attempt, none of those `tried`. If none is fit, all that the
    /// operator enabled are tried all the same (Apache's `forcerecovery`): an error page is
    /// not better than a doubtful backend.
    pub(crate) fn pick(&self, tried: &[usize], now: Instant) -> Option<usize> {
        let fit = |member: &Member| member.is_enabled() && member.is_fit(now);
        let picked =
            self.pick_among(tried, fit).or_else(|| self.pick_among(tried, Member::is_enabled))?;
        let member = self.list.get(picked)?;
        member.standing.picked(now, member.health.passes());
        Some(picked)
    }

    fn pick_among(&self, tried: &[usize], usable: impl Fn(&Member) -> bool) -> Option<usize> {
        let candidates = self.list.iter().enumerate().map(|(i, member)| Candidate {
            weight: member.weight,
            usable: !tried.contains(&i) && usable(member),
        });
        self.balancer.borrow_mut().pick(candidates)
    }

    /// A backend failed an attempt: if it seems to be down, or has raised doubts several times
    /// in a row, this core leaves it alone for a while.
    pub(crate) fn failed(
        &self,
        member: Judged<'_>,
        weight: Weight,
        why: &str,
        now: Instant,
    ) -> Option<Turn> {
        let Judged { standing, passes } = member;
        let was_doubted = standing.is_doubted();
        match weight {
            Weight::None => {}
            Weight::Down => standing.down(why, now + self.rules.retry, passes),
            Weight::Doubt => standing.doubted(why, self.may_eject(), now),
        }
        (standing.is_doubted() && !was_doubted).then_some(Turn::Ejected)
    }

    /// A backend gave a good answer, which began so long after its request was sent, where that
    /// is known. `alone`: nobody else could be asked, so that it may have come late all the same;
    /// such answers are measured by each other, since what they do may take longer.
    pub(crate) fn answered(
        &self,
        member: Judged<'_>,
        began_after: Option<Duration>,
        alone: bool,
        now: Instant,
    ) -> Option<Turn> {
        let latency = if alone { &self.latency_alone } else { &self.latency };
        let usual = self.patience_of(latency.get());
        let is_late = alone && began_after.is_some_and(|time| time > usual);
        let was_doubted = member.standing.is_doubted();
        let mut turn = None;
        match began_after {
            _ if is_late => turn = self.failed(member, Weight::Doubt, "a late answer", now),
            None if was_doubted => {}
            _ => {
                member.standing.answered();
                turn = was_doubted.then_some(Turn::Back);
            }
        }
        let mut estimate = latency.get();
        began_after.into_iter().for_each(|time| estimate.add(time));
        latency.set(estimate);
        turn
    }

    /// For how long an answer may fail to begin before another backend is asked as well. Twice
    /// the time within which 95 of 100 begin: so hedging never becomes a load of its own, however
    /// slow a pool's pages are (Dean and Barroso, The Tail at Scale, 2013).
    pub(crate) fn patience(&self) -> Duration {
        self.patience_of(self.latency.get())
    }

    fn patience_of(&self, latency: Latency) -> Duration {
        self.rules.hedge.max(latency.p95().saturating_mul(2))
    }

    /// Whether another backend may be put out for its answers: half of them always stay, since
    /// what is slow or fails everywhere is not the fault of one.
    fn may_eject(&self) -> bool {
        let enabled = self.list.iter().filter(|member| member.is_enabled());
        let (all, doubted) = enabled.fold((0, 0), |(all, doubted), member| {
            (all + 1, doubted + usize::from(member.standing.is_doubted()))
        });
        (doubted + 1) * 2 <= all
    }
}

impl Member {
    fn is_enabled(&self) -> bool {
        self.admin == AdminState::Enabled
    }

    fn is_fit(&self, now: Instant) -> bool {
        self.health.verdict() == Verdict::Up && !self.standing.is_avoided(now, self.health.passes())
    }
}

/// Whoever is judged, which may be a backend of an older plan.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) standing: &'a Standing,
    /// Checks of it that have passed so far.
    pub(crate) passes: u32,
}
