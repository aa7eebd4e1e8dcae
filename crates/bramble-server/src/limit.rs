//! How many requests a backend is given at a time, learned from how long its answers take. Pure.
//!
//! ```text
//!   takes │                ╱        beyond what it can work on at a time a request waits at the
//!         │              ╱          backend, and answers take the longer the more there are
//!         │────────────╱
//!         └────────────┼──────────> requests there
//!                  what it can
//! ```
//! Nothing is looked at until so many are there that somebody finds no room. Then answers to the
//! first requests, which found few others, are held against those to the last. From there on, as
//! long as it is that busy, every two seconds half as many are let in for some answers: if those
//! take as long, what it can is more than the limit; if they take half as long, it is at most half.
//!
//! How long they take is reckoned from the requests there and the answers a second (Little's law):
//! times of answers alone would tell of the quick ones first. (The gradient of Netflix's
//! concurrency-limits, with both times from the same seconds: a page that is slow today may have
//! been quick yesterday.)

mod span;

use span::Span;

/// Before anything is known, and so many are few then.
const FIRST: f64 = 64.0;
const FIRST_FEW: u32 = 8;
const LEAST: f64 = 1.0;
const MOST: f64 = 65_536.0;
/// Answers that say how long answers take.
const ANSWERS: u32 = 24;
/// The part of the time that answers may take less with half as many: then more can be sent.
const ALIKE: f64 = 0.9;
/// Of the first, so many at most.
const KEPT: u32 = 64;
const GROWTH: f64 = 1.5;
/// So many times what it can is sent, and of its square root that much more: nobody is idle while
/// the next request is on its way, and reckoning is no better than that.
const SHARE: f64 = 1.35;
const SLACK: f64 = 0.5;
/// What changes the limit by less than that is not repeated at once, but after this time, and so many
/// times what the trial took.
const NEAR_LESS: f64 = 0.8;
const NEAR_MORE: f64 = 1.4;
const PERIOD_NS: u64 = 2_000_000_000;
const REST: f64 = 8.0;
/// Those beyond half should have their answers within so many times what that takes at the pace of
/// late. Where they don't, they are none that wait for each other: news, for instance.
const DRAIN: f64 = 2.0;
/// Whoever has not been found full for so long is not looked at.
const QUIET_NS: u64 = 500_000_000;

/// What is learned of one backend. Times are nanoseconds from some instant on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    most: f64,
    phase: Phase,
    /// Somebody found it full.
    full_at_ns: u64,
    /// The next trial.
    trial_at_ns: u64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Somebody knows it.
    Fixed,
    /// Seconds that answers took, and how many, to the first and to the last.
    First { few: (f64, u32), many: (f64, u32) },
    /// It is known, and has not been reached lately.
    Quiet,
    /// As many as may be.
    Whole(Span),
    /// No more until half are left.
    Draining { whole: Span, until_ns: u64 },
    /// Half of them.
    Half { whole: Span, half: Span },
}

impl Default for Limit {
    fn default() -> Self {
        let phase = Phase::First { few: (0.0, 0), many: (0.0, 0) };
        Self { most: FIRST, phase, full_at_ns: 0, trial_at_ns: 0 }
    }
}

impl Limit {
    /// One that is not learned.
    pub(crate) fn fixed(most: u32) -> Self {
        Self { most: f64::from(most), phase: Phase::Fixed, ..Self::default() }
    }

    /// With fewer there is room, and no call of [`Limit::has_room`] is needed.
    #[inline]
    pub(crate) fn roomy(&self) -> u32 {
        match self.phase {
            Phase::First { .. } | Phase::Fixed | Phase::Quiet => self.most as u32,
            Phase::Draining { .. } | Phase::Half { .. } | Phase::Whole(_) => 0,
        }
    }

    /// Whether one more may go to a backend that has so many.
    pub(crate) fn has_room(&mut self, there: u32, now_ns: u64) -> bool {
        self.judge_draining(there, now_ns);
        let most = match &mut self.phase {
            Phase::First { .. } | Phase::Fixed | Phase::Quiet => self.most as u32,
            Phase::Whole(span) => {
                span.pass(there, now_ns);
                self.most as u32
            }
            Phase::Draining { .. } => 0,
            Phase::Half { half, .. } => {
                half.pass(there, now_ns);
                self.half()
            }
        };
        if there >= most {
            self.full_at_ns = now_ns;
            if matches!(self.phase, Phase::Quiet) {
                self.phase = Phase::Whole(Span::new(now_ns));
            }
        }
        there < most
    }

    /// All that there are wait for news while others want in, and nothing says that they are too
    /// many: some more are let in.
    pub(crate) fn widen(&mut self, now_ns: u64) {
        if !self.is_fixed() {
            self.grow(now_ns);
        }
    }

    /// Whether somebody has set it.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.phase, Phase::Fixed)
    }

    /// An answer has taken so many seconds to begin, whose request was one of `of`; with it there
    /// are `there`.
    pub(crate) fn heard(&mut self, s: f64, of: u32, there: u32, now_ns: u64) {
        match &mut self.phase {
            Phase::First { few, .. } if of <= FIRST_FEW => add(few, s),
            Phase::First { many, .. } if f64::from(of) > self.most / 2.0 => {
                add(many, s);
                self.judge_first(now_ns);
            }
            Phase::First { .. } | Phase::Fixed | Phase::Quiet => {}
            Phase::Whole(span) => {
                span.answer(there, now_ns);
                self.judge_whole(there, now_ns);
            }
            Phase::Draining { .. } => self.judge_draining(there.saturating_sub(1), now_ns),
            Phase::Half { half, .. } => {
                half.answer(there, now_ns);
                self.judge_half(now_ns);
            }
        }
    }

    /// The first are held against the last.
    fn judge_first(&mut self, now_ns: u64) {
        let Phase::First { few, many } = self.phase else { return };
        if many.1 < ANSWERS || few.1 < FIRST_FEW {
            return;
        }
        let ratio = mean(few) / mean(many);
        if ratio > ALIKE {
            self.most = (self.most * GROWTH).min(MOST);
            self.phase = Phase::First { few, many: (0.0, 0) };
        } else {
            self.settle(self.most * ratio, now_ns);
        }
    }

    fn judge_whole(&mut self, there: u32, now_ns: u64) {
        let Phase::Whole(span) = self.phase else { return };
        if self.is_quiet(now_ns) {
            self.phase = Phase::Quiet;
        } else if there > self.most as u32 {
            // Those of a higher limit are still there.
            self.phase = Phase::Whole(Span::new(now_ns));
        } else if now_ns >= self.trial_at_ns && span.answers() >= ANSWERS.max(self.most as u32) {
            let beyond = f64::from(there.saturating_sub(self.half()));
            let until_ns = now_ns + (beyond * span.gap_ns() * DRAIN) as u64;
            self.phase = Phase::Draining { whole: span, until_ns };
        }
    }

    fn judge_draining(&mut self, there: u32, now_ns: u64) {
        let Phase::Draining { whole, until_ns } = self.phase else { return };
        if there <= self.half() {
            self.phase = Phase::Half { whole, half: Span::new(now_ns) };
        } else if now_ns > until_ns {
            self.grow(now_ns);
        }
    }

    fn judge_half(&mut self, now_ns: u64) {
        let Phase::Half { whole, half } = self.phase else { return };
        if self.is_quiet(now_ns) {
            self.phase = Phase::Quiet;
        }
        if half.answers() < ANSWERS {
            return;
        }
        let ratio = half.takes_ns() / whole.takes_ns();
        if ratio > ALIKE {
            self.grow(now_ns);
        } else {
            self.settle(whole.there() * ratio, now_ns);
        }
    }

    fn grow(&mut self, now_ns: u64) {
        self.most = (self.most * GROWTH).max(self.most + 1.0).min(MOST);
        self.phase = Phase::Whole(Span::new(now_ns));
        self.trial_at_ns = now_ns;
    }

    /// It can work on so many.
    fn settle(&mut self, can: f64, now_ns: u64) {
        let next = (can * SHARE + SLACK * can.sqrt()).clamp(LEAST, MOST);
        let is_near = (self.most * NEAR_LESS..self.most * NEAR_MORE).contains(&next);
        let tried_ns = match self.phase {
            Phase::Half { half, .. } => half.lasts_ns(),
            _ => 0.0,
        };
        // Too few is soon mended: nobody waits for long here. Too many is not.
        let is_more = is_near && next > self.most;
        self.most = if is_more { f64::midpoint(self.most, next) } else { next };
        self.phase = Phase::Whole(Span::new(now_ns));
        let rest_ns = PERIOD_NS.max((tried_ns * REST) as u64);
        self.trial_at_ns = now_ns + if is_near { rest_ns } else { 0 };
    }

    fn is_quiet(&self, now_ns: u64) -> bool {
        now_ns.saturating_sub(self.full_at_ns) > QUIET_NS
    }

    fn half(&self) -> u32 {
        (self.most as u32 / 2).max(1)
    }

    #[cfg(test)]
    fn most(&self) -> u32 {
        self.most as u32
    }
}

fn add((sum, count): &mut (f64, u32), s: f64) {
    *sum += s;
    *count += 1;
    // What was long ago counts less and less.
    if *count >= KEPT {
        (*sum, *count) = (*sum / 2.0, *count / 2);
    }
}

fn mean((sum, count): (f64, u32)) -> f64 {
    sum / f64::from(count.max(1))
}

#[cfg(test)]
mod tests;
