//! When a backend is left alone because of what its requests met, and how it is tried again. Pure.
//!
//! ```text
//!            3 doubts in a row,
//!            or half of 20                        rest is over: one request
//!   trusted ────────────────────> out, resting ─────────────────────────────> out, on trial
//!      ↑  └───── can't be reached ───↑    ↑                                       │  │
//!      └─────────────── a good answer, or (if it could not be reached) a newer ───┘  │
//!                       check that passed        └────────── longer rest ──── doubt ─┘
//! ```
//! A check that passes says that a backend can be reached, not that its answers are any good: a
//! doubted one comes back by a good answer alone. So does one that a rule of its pool has put out,
//! but not by an answer to what was sent before its time was over.

use std::time::{Duration, Instant};

/// Doubts in a row that count.
const DOUBTS_MAX: u8 = 3;
/// From one trial of a doubted backend to the next, at first.
const REST: Duration = Duration::from_millis(500);
/// The same after failed trials, of which each doubles it.
const REST_MAX: Duration = Duration::from_secs(4);
/// A trial whose client went away says nothing: then another begins.
const TRIAL: Duration = Duration::from_secs(1);

/// What one core's requests have found out about a backend.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ejection {
    doubts: u8,
    out: Option<Out>,
}

#[derive(Clone, Copy, Debug)]
struct Out {
    until: Instant,
    /// From a trial's begin to the next.
    rest: Duration,
    on_trial: bool,
    /// Good answers of it came, too.
    is_mixed: bool,
    /// It could not be reached when so many checks had passed: a newer pass ends it.
    passes: Option<u32>,
    /// Its time is not cut short by a good answer.
    is_fixed: bool,
}

impl Ejection {
    /// An answer was slow, odd, or said that there is none. `may_eject`: enough others are left.
    pub(super) fn doubt(&mut self, may_eject: bool, now: Instant) {
        self.doubts = self.doubts.saturating_add(1);
        match &mut self.out {
            Some(out) => out.doubt(now),
            None if may_eject && self.doubts >= DOUBTS_MAX => self.out = Some(Out::new(now)),
            None => {}
        }
    }

    /// Too many requests failed, whatever came between them.
    pub(super) fn failed_often(&mut self, now: Instant) {
        let out = self.out.get_or_insert(Out::new(now));
        out.is_mixed = out.passes.is_none();
    }

    /// It can't be reached, or closes connections; `passes` checks have passed so far.
    pub(super) fn down(&mut self, until: Instant, passes: u32) {
        self.doubts = self.doubts.saturating_add(1);
        self.out = Some(Out { until, rest: TRIAL, passes: Some(passes), ..Out::new(until) });
    }

    /// Its answer is one that puts it out until then, by a rule of its pool.
    pub(super) fn eject(&mut self, until: Instant) {
        self.doubts = self.doubts.saturating_add(1);
        self.out = Some(Out { until, rest: TRIAL, is_fixed: true, ..Out::new(until) });
    }

    /// A good answer came: whatever was held against the backend is forgotten.
    pub(super) fn good(&mut self) {
        // Of one with good answers among the bad ones that says nothing new, nor of one that is out
        // for a fixed time, but for a trial's.
        let out = self.out.filter(|out| (out.is_mixed || out.is_fixed) && !out.on_trial);
        *self = Self { out, ..Self::default() };
    }

    /// Whether the backend should get no request now.
    pub(super) fn is_out(&self, now: Instant, passes: u32) -> bool {
        let over = |out: &Out| now >= out.until || out.passes.is_some_and(|p| passes > p);
        self.out.as_ref().is_some_and(|out| !over(out))
    }

    /// The same for those who don't mind its answers.
    pub(super) fn is_unreachable(&self, now: Instant, passes: u32) -> bool {
        self.is_out(now, passes) && !self.is_doubted()
    }

    /// Whether a request should find out if it is well again.
    pub(super) fn is_due(&self, now: Instant, passes: u32) -> bool {
        self.is_held() && !self.is_out(now, passes)
    }

    /// Whether a request that can't be repeated should stay away: as long as others can find out.
    /// Where there are none, one has to in the end.
    pub(super) fn keeps_away(&self, now: Instant, passes: u32) -> bool {
        let is_doubtful =
            |out: &Out| out.passes.is_none_or(|p| passes <= p) && now < out.until + REST_MAX;
        self.out.as_ref().is_some_and(is_doubtful)
    }

    /// Whether something is held against it, be its rest over or not.
    pub(super) fn is_held(&self) -> bool {
        self.out.is_some()
    }

    /// A request goes to it: where its rest is over that is a trial, and others wait for it.
    pub(super) fn begin(&mut self, now: Instant, passes: u32) {
        if self.out.is_some_and(|out| out.passes.is_some_and(|p| passes > p)) {
            self.out = None;
        }
        if let Some(out) = self.out.as_mut().filter(|out| now >= out.until) {
            (out.until, out.on_trial) = (now + out.rest, true);
        }
    }

    /// Whether it is out because of its answers.
    pub(super) fn is_doubted(&self) -> bool {
        self.out.is_some_and(|out| out.passes.is_none())
    }
}

impl Out {
    /// For its answers.
    fn new(now: Instant) -> Self {
        Self {
            until: now + REST,
            rest: REST,
            on_trial: false,
            is_mixed: false,
            passes: None,
            is_fixed: false,
        }
    }

    fn doubt(&mut self, now: Instant) {
        // Answers to what was sent before it was out come late and say nothing new.
        if std::mem::take(&mut self.on_trial) && self.passes.is_none() {
            self.rest = (self.rest * 2).min(REST_MAX);
            self.until = now + self.rest;
        }
    }
}

#[cfg(test)]
mod tests;
