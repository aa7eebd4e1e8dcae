//! The backends of a pool as one core picks among them and judges them. Pure: time comes as an
//! argument, and what is sent over which connection is not known here.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::AdminState;

use super::latency::Latency;
use super::standing::{Standing, Weight, alike_s, ns};
use super::{Balancer, Candidate};
use crate::health::{Health, Verdict};

/// How far one answer moves what is usual.
const USUAL_STEP: f64 = 0.02;

/// A failure counts for so many usual answers, and for so many seconds at least.
const PENALTY: f64 = 20.0;
const PENALTY_MIN_S: f64 = 1.0;

/// One backend: what the operator wants of it, what checks say, what this core has found out.
pub(crate) struct Member {
    /// The same in each plan and process.
    pub(crate) id: u64,
    /// Hundredths: 100 is a load factor of 1.
    pub(crate) weight: u32,
    pub(crate) admin: AdminState,
    pub(crate) health: Arc<Health>,
    pub(crate) standing: Rc<Standing>,
}

/// What matters of a request to whom it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// What the pool hashes by.
    pub(crate) key: u64,
    /// It can be sent again if nothing comes of it.
    pub(crate) repeatable: bool,
}

/// Whom to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Picked {
    /// In the pool.
    pub(crate) place: usize,
    /// It may not be well again, and is asked to find that out.
    pub(crate) is_trial: bool,
}

/// What is known of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    /// How long after its request was sent it began, where nothing but the backend was waited for.
    pub(crate) began_after: Option<Duration>,
    /// Nobody else could be asked, so that it may have come late all the same.
    pub(crate) alone: bool,
    /// It does not say that the backend has failed.
    pub(crate) sound: bool,
}

/// What a pool's operator may set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How long a backend that can't be reached is left alone.
    pub(crate) retry: Duration,
    /// The least time that an answer may take before another backend is asked as well.
    pub(crate) hedge: Duration,
    /// How long whoever came back is spared: it gets its whole share only then.
    pub(crate) slow_start: Duration,
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
    /// Times are told from here.
    base: Instant,
    /// What a method sees, made anew in part for each pick.
    candidates: RefCell<Vec<Candidate>>,
    /// What answers of the pool take to begin, in seconds.
    usual_s: Cell<f64>,
    latency: Cell<Latency>,
    /// The same, of what nobody else can be asked for.
    latency_alone: Cell<Latency>,
}

impl Members {
    /// `base` is that of all standings.
    pub(crate) fn new(list: Vec<Member>, rules: Rules, balancer: Balancer, base: Instant) -> Self {
        let lightest = list.iter().map(|member| member.weight).min().unwrap_or(100).max(1);
        let candidate = |member: &Member| Candidate {
            id: member.id,
            weight: member.weight,
            unit: f64::from(lightest) / f64::from(member.weight.max(1)),
            ..Candidate::default()
        };
        Self {
            candidates: RefCell::new(list.iter().map(candidate).collect()),
            list,
            rules,
            base,
            balancer: RefCell::new(balancer),
            usual_s: Cell::default(),
            latency: Cell::default(),
            latency_alone: Cell::default(),
        }
    }

    /// Takes over how long answers usually take.
    pub(crate) fn following(self, old: &Self) -> Self {
        self.usual_s.set(old.usual_s.get());
        self.latency.set(old.latency.get());
        self.latency_alone.set(old.latency_alone.get());
        self
    }

    /// From where times are told.
    pub(crate) fn base(&self) -> Instant {
        self.base
    }

    /// The method with its counts.
    pub(crate) fn balancer(&self) -> Balancer {
        self.balancer.borrow().clone()
    }

    /// The backend for the next attempt, none of those `tried`. If none is fit, all that the
    /// operator enabled are tried all the same (Apache's `forcerecovery`): an error page is
    /// not better than a doubtful backend.
    pub(crate) fn pick(&self, asked: Asked, tried: &[usize], now: Instant) -> Option<Picked> {
        let fit = |member: &Member| member.is_enabled() && member.is_fit(asked.repeatable, now);
        let picked = self
            .pick_among(asked, tried, now, fit)
            .or_else(|| self.pick_among(asked, tried, now, Member::is_enabled))?;
        let member = self.list.get(picked)?;
        let (standing, passes) = (&member.standing, member.health.passes());
        let is_trial = standing.is_remarkable() && standing.is_due(now, passes);
        standing.picked(now, passes);
        Some(Picked { place: picked, is_trial })
    }

    fn pick_among(
        &self,
        asked: Asked,
        tried: &[usize],
        now: Instant,
        usable: impl Fn(&Member) -> bool,
    ) -> Option<usize> {
        let mut candidates = self.candidates.borrow_mut();
        let usual_s = self.usual_s.get();
        let alike_s = alike_s(usual_s);
        let now_ns = self.since_base(now);
        for (candidate, member) in candidates.iter_mut().zip(&self.list) {
            let standing = &*member.standing;
            candidate.usable = usable(member);
            candidate.waiting = standing.waiting();
            if standing.elsewhere().is_known() {
                standing.add_elsewhere(candidate, now_ns);
            }
            let (silent_s, expected_s) =
                (standing.silent_s(now_ns), standing.expected_s(usual_s, now_ns));
            let is_silent = silent_s > alike_s && silent_s > expected_s;
            candidate.expected_s = if is_silent { silent_s } else { expected_s };
            (candidate.turn, candidate.waiting_unit) = (candidate.weight, candidate.unit);
            if standing.is_remarkable() {
                self.remark(candidate, member, now);
            }
        }
        for place in tried {
            candidates.get_mut(*place).into_iter().for_each(|candidate| candidate.usable = false);
        }
        self.balancer.borrow_mut().pick(asked.key, &mut candidates)
    }

    /// What there is to know of a backend, where there is anything.
    #[cold]
    fn remark(&self, candidate: &mut Candidate, member: &Member, now: Instant) {
        let Member { standing, health, .. } = member;
        // Whoever may be well again is to be found out about at once.
        if standing.is_due(now, health.passes()) {
            candidate.expected_s = 0.0;
        }
        let spared = standing.spared(self.rules.slow_start, now);
        if spared > 0.0 {
            candidate.waiting_unit = candidate.unit / (1.0 - spared);
            // Of hundredths, of which there are a hundred at least.
            candidate.turn = (f64::from(candidate.weight) * (1.0 - spared)).max(1.0) as u32;
        }
        standing.mark_usual();
    }

    fn since_base(&self, now: Instant) -> u64 {
        ns(now.saturating_duration_since(self.base))
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
        if weight != Weight::None {
            standing.began_after(self.penalty_s(), self.usual_s.get(), self.since_base(now));
        }
        match weight {
            Weight::None => {}
            Weight::Down => standing.down(why, now + self.rules.retry, passes),
            Weight::Doubt => standing.doubted(why, self.may_eject(), now),
        }
        (standing.is_doubted() && !was_doubted).then_some(Turn::Ejected)
    }

    /// A backend gave an answer. Those that nobody else could be asked for are measured by each
    /// other, since what they do may take longer.
    pub(crate) fn answered(&self, member: Judged<'_>, heard: Heard, now: Instant) -> Option<Turn> {
        let Heard { began_after, alone, sound } = heard;
        let latency = if alone { &self.latency_alone } else { &self.latency };
        let usual = self.patience_of(latency.get());
        let is_late = alone && began_after.is_some_and(|time| time > usual);
        let was_doubted = member.standing.is_doubted();
        let mut turn = None;
        match began_after {
            _ if is_late => turn = self.failed(member, Weight::Doubt, "a late answer", now),
            None if was_doubted => {}
            _ => {
                member.standing.answered(now);
                turn = was_doubted.then_some(Turn::Back);
            }
        }
        let is_failing = member.standing.is_failing(sound);
        match began_after {
            _ if is_failing => {
                let now_ns = self.since_base(now);
                member.standing.began_after(self.penalty_s(), self.usual_s.get(), now_ns);
            }
            Some(time) => self.learn(member.standing, time.as_secs_f64(), now),
            None => {}
        }
        let mut estimate = latency.get();
        began_after.into_iter().for_each(|time| estimate.add(time));
        latency.set(estimate);
        turn
    }

    /// What a failure counts for: many times what answers take, so that whoever fails fast does not
    /// attract requests by that.
    fn penalty_s(&self) -> f64 {
        (self.usual_s.get() * PENALTY).max(PENALTY_MIN_S)
    }

    /// An answer took so long.
    fn learn(&self, standing: &Standing, s: f64, now: Instant) {
        standing.began_after(s, self.usual_s.get(), self.since_base(now));
        let usual = self.usual_s.get();
        let step = if usual > 0.0 { USUAL_STEP } else { 1.0 };
        self.usual_s.set(usual + (s - usual) * step);
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

    /// What can't be repeated does not go to one that may still be ill.
    fn is_fit(&self, repeatable: bool, now: Instant) -> bool {
        let standing = &self.standing;
        if self.health.verdict() != Verdict::Up {
            standing.mark_down();
            return false;
        }
        !standing.is_remarkable() || self.is_fit_though(repeatable, now)
    }

    #[cold]
    fn is_fit_though(&self, repeatable: bool, now: Instant) -> bool {
        let (standing, passes) = (&self.standing, self.health.passes());
        standing.mark_up(now);
        !standing.is_avoided(now, passes) && (repeatable || !standing.keeps_away(now, passes))
    }
}

/// Whoever is judged, which may be a backend of an older plan.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) standing: &'a Standing,
    /// Checks of it that have passed so far.
    pub(crate) passes: u32,
}

#[cfg(test)]
mod tests;
