//! The backends of a pool as one core picks among them and judges them. Pure: time comes as an
//! argument, and what is sent over which connection is not known here.

mod home;
mod ranked;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::AdminState;

use super::failures::Count;
use super::latency::Latency;
use super::standing::{Standing, Weight, alike_s, ns};
use super::{Balancer, Burden, Candidate, Rank, order};
use crate::health::{Health, Verdict};
pub(crate) use home::Homes;
use home::Way;

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
    pub(crate) rank: Rank,
    pub(crate) health: Arc<Health>,
    pub(crate) standing: Rc<Standing>,
}

/// What matters of a request to whom it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Place of the backend that its session is with.
    pub(crate) home: Option<usize>,
    /// What the pool hashes by.
    pub(crate) key: u64,
    /// It can be sent again if nothing comes of it.
    pub(crate) repeatable: bool,
}

/// Who takes one more request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pick<T = Picked> {
    Backend(T),
    /// Those who could have as many as they can work on.
    Full,
    /// There is none, or none that has not been tried.
    Nobody,
}

#[cfg(test)]
impl Pick {
    /// In the pool.
    pub(crate) fn place(self) -> Option<usize> {
        match self {
            Self::Backend(picked) => Some(picked.place),
            Self::Full | Self::Nobody => None,
        }
    }
}

/// Whom to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Picked {
    /// In the pool.
    pub(crate) place: usize,
    /// It has the session, so that nobody else has.
    pub(crate) is_home: bool,
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
    /// Where nobody is fit, all are asked.
    pub(crate) force_recovery: bool,
}

enum Found {
    At(usize),
    Full,
    Nobody,
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
    homes: Homes,
    balancer: RefCell<Balancer>,
    /// What the method counts of each.
    burden: Option<Burden>,
    /// Some come later than others.
    is_ordered: bool,
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
            rank: member.rank,
            ..Candidate::default()
        };
        Self {
            candidates: RefCell::new(list.iter().map(candidate).collect()),
            burden: balancer.burden(),
            is_ordered: order::matters(list.iter().map(|member| member.rank)),
            list,
            rules,
            homes: Homes::default(),
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

    /// Whether some come later than others.
    pub(crate) fn is_ordered(&self) -> bool {
        self.is_ordered
    }

    /// The method with its counts.
    pub(crate) fn balancer(&self) -> Balancer {
        self.balancer.borrow().clone()
    }

    /// The backend for the next attempt, none of those `tried`: that of its session, if it has one.
    /// If none is fit, all that the operator enabled are tried all the same, unless they are not to
    /// be (Apache's `forcerecovery`): an error page is not better than a doubtful backend.
    pub(crate) fn pick(&self, asked: Asked, tried: &[usize], now: Instant) -> Pick {
        let way = asked.home.map_or(Way::Elsewhere, |home| self.way(home, tried, now));
        let found = match way {
            Way::Elsewhere => self.pick_elsewhere(asked, tried, now),
            Way::Full => Found::Full,
            Way::Home(place) => Found::At(place),
            Way::Nowhere => Found::Nobody,
        };
        match found {
            Found::At(place) => {
                let is_home = way == Way::Home(place);
                self.picked(place, is_home, now).map_or(Pick::Nobody, Pick::Backend)
            }
            Found::Full => Pick::Full,
            Found::Nobody => Pick::Nobody,
        }
    }

    fn pick_elsewhere(&self, asked: Asked, tried: &[usize], now: Instant) -> Found {
        let fit = |member: &Member| member.is_enabled() && member.is_fit(asked.repeatable, now);
        match self.pick_among(asked, tried, now, fit) {
            Found::Nobody if self.rules.force_recovery => {
                self.pick_among(asked, tried, now, Member::is_enabled)
            }
            found => found,
        }
    }

    fn picked(&self, place: usize, is_home: bool, now: Instant) -> Option<Picked> {
        let member = self.list.get(place)?;
        let (standing, passes) = (&member.standing, member.health.passes());
        let is_trial = standing.is_remarkable() && standing.is_due(now, passes);
        standing.picked(now, passes);
        Some(Picked { place, is_home, is_trial })
    }

    fn pick_among(
        &self,
        asked: Asked,
        tried: &[usize],
        now: Instant,
        usable: impl Fn(&Member) -> bool,
    ) -> Found {
        let mut candidates = self.candidates.borrow_mut();
        let mut is_full = false;
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
            candidate.is_full = candidate.usable && !standing.has_room(now_ns);
            is_full |= candidate.is_full;
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
        if self.is_ordered {
            order::narrow(&mut candidates);
        }
        if is_full && !self.leave_full_out(&mut candidates, now_ns) {
            return Found::Full;
        }
        if let Some(burden) = self.burden {
            self.weigh(burden, &mut candidates);
        }
        let picked = self.balancer.borrow_mut().pick(asked.key, &mut candidates);
        picked.map_or(Found::Nobody, Found::At)
    }

    /// False: nobody is left. Where none of those who are full answers, one gets more: what waits
    /// there may wait for news.
    #[cold]
    fn leave_full_out(&self, candidates: &mut [Candidate], now_ns: u64) -> bool {
        if candidates.iter().any(|candidate| candidate.usable && !candidate.is_full) {
            candidates.iter_mut().for_each(|candidate| candidate.usable &= !candidate.is_full);
            return true;
        }
        let usual_s = self.usual_s.get();
        let is_silent = |standing: &Standing| standing.is_silent_though_full(usual_s, now_ns);
        let mut is_left = false;
        for (candidate, member) in candidates.iter_mut().zip(&self.list) {
            candidate.usable &= is_silent(&member.standing);
            if candidate.usable {
                member.standing.widen(now_ns);
            }
            is_left |= candidate.usable;
        }
        is_left
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

    /// Whether one more may go there.
    fn has_room(&self, place: usize, now: Instant) -> bool {
        let Some(Member { standing, .. }) = self.list.get(place) else { return false };
        let now_ns = self.since_base(now);
        let is_silent = || standing.is_silent_though_full(self.usual_s.get(), now_ns);
        let has_room = standing.has_room(now_ns);
        if !has_room && is_silent() {
            standing.widen(now_ns);
            return true;
        }
        has_room
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
        let Judged { standing, passes, retry_ms } = member;
        let was_doubted = standing.is_doubted();
        if weight != Weight::None {
            standing.add(true, self.since_base(now));
            standing.began_after(self.penalty_s(), self.usual_s.get(), self.since_base(now));
        }
        let until = now + retry_ms.map_or(self.rules.retry, Duration::from_millis);
        match weight {
            Weight::None => {}
            Weight::Down => standing.down(why, until, passes),
            Weight::Ejected => standing.ejected(why, until),
            Weight::Doubt => {
                let may_eject = self.may_eject();
                standing.doubted(why, may_eject, now);
                if may_eject && self.fails_often(standing, now) {
                    standing.fails_often(now);
                }
            }
        }
        (standing.is_doubted() && !was_doubted).then_some(Turn::Ejected)
    }

    /// A backend gave an answer. Those that nobody else could be asked for are measured by each
    /// other, since what they do may take longer.
    pub(crate) fn answered(&self, member: Judged<'_>, heard: Heard, now: Instant) -> Option<Turn> {
        let Heard { began_after, alone, sound } = heard;
        let latency = if alone { &self.latency_alone } else { &self.latency };
        let usual = self.patience_of(latency.get());
        let is_late =
            alone && began_after.is_some_and(|time| time > usual) && self.has_peer(member);
        // One error is mostly the page's own fault. Not so where it is half of all.
        let is_error = !sound && self.fails_often(member.standing, now);
        let was_doubted = member.standing.is_doubted();
        let mut turn = None;
        if !is_late && !is_error {
            member.standing.add(!sound, self.since_base(now));
        }
        match began_after {
            _ if is_late => turn = self.failed(member, Weight::Doubt, "a late answer", now),
            _ if is_error => turn = self.failed(member, Weight::Doubt, "too many errors", now),
            None if was_doubted => {}
            _ => {
                member.standing.answered(now);
                let is_back = was_doubted && !member.standing.is_doubted();
                turn = is_back.then_some(Turn::Back);
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

    /// What answers take to begin.
    pub(crate) fn usual(&self) -> Duration {
        Duration::try_from_secs_f64(self.usual_s.get()).unwrap_or_default()
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

    /// Whether it fails too often, and more so than others do.
    #[cold]
    fn fails_often(&self, standing: &Standing, now: Instant) -> bool {
        let now_ns = self.since_base(now);
        let others = self.list.iter().map(|member| &*member.standing);
        let others = others.filter(|other| !std::ptr::eq(*other, standing));
        let others = others.map(|other| other.count(now_ns)).fold(Count::default(), Count::and);
        standing.count(now_ns).is_too_bad(others)
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
            return self.is_fit_though_down();
        }
        !standing.is_remarkable() || self.is_fit_though(repeatable, now)
    }

    #[cold]
    fn is_fit_though_down(&self) -> bool {
        let ignores_errors = self.standing.ignores_errors();
        if !ignores_errors {
            self.standing.mark_down();
        }
        ignores_errors
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
    /// Its own retry time, if it has one.
    pub(crate) retry_ms: Option<u64>,
}

#[cfg(test)]
mod tests;
