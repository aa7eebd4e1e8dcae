//! Is a backend fit for traffic? Active checks' verdicts, shared with the cores, and the
//! counting behind them.
//!
//! | a check met | that is |
//! |---|---|
//! | an answer as expected | a pass |
//! | no connection | a failure |
//! | another answer, or none | a failure, but of those that can be reached at least half stay in |
//! | none in time, while visitors have their answers | nothing: the backend is slow, not dead |
//!
//! So a wrong check, or a load under which checks come late, takes no pool down. Where all the
//! same nobody is left, the pool asks all (`pool.pick`).
//!
//! One task writes a verdict, every core reads it: atomics, no lock. What a core finds out by
//! itself (a failed connect) stays with that core, in its pool.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bramble_config::plan::HealthCheck;

/// What active checks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not known yet: a backend that joined gets no traffic before its first pass.
    Checking = 0,
    Down = 1,
    /// Passed, or not checked at all.
    Up = 2,
}

/// What one check met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// What says nothing about the backend.
    Nothing,
    Passed,
    /// It takes no connection.
    Unreachable,
    /// It takes one, and answers wrongly or not at all.
    Wrong,
}

/// One backend's verdict, written by its checker.
#[derive(Debug)]
pub(crate) struct Health {
    verdict: AtomicU8,
    passes: AtomicU32,
    /// What the last check found that found anything.
    is_reached: AtomicBool,
    /// Touched by the checker alone; it lives here so that a new plan does not begin it anew.
    streak: Mutex<Streak>,
    /// Why the last check did not pass. For people: no core looks at it for a request.
    fault: Mutex<Option<String>>,
}

impl Health {
    pub(crate) fn new(verdict: Verdict) -> Self {
        Self {
            verdict: AtomicU8::new(verdict as u8),
            passes: AtomicU32::new(0),
            is_reached: AtomicBool::new(true),
            streak: Mutex::default(),
            fault: Mutex::default(),
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match self.verdict.load(Ordering::Relaxed) {
            0 => Verdict::Checking,
            1 => Verdict::Down,
            _ => Verdict::Up,
        }
    }

    /// How many checks have passed so far: a core's own bad experience ends with a newer pass.
    pub(crate) fn passes(&self) -> u32 {
        self.passes.load(Ordering::Relaxed)
    }

    /// One more check was made; returns the verdict after it. `pool`: all to which the operator
    /// lets requests go, this one among them.
    pub(crate) fn observe(
        &self,
        found: Finding,
        pool: &[Arc<Health>],
        rule: &HealthCheck,
    ) -> Verdict {
        if found != Finding::Nothing {
            self.is_reached.store(found != Finding::Unreachable, Ordering::Relaxed);
        }
        // Who gets no requests anyway is nobody's last half.
        let is_counted = pool.iter().any(|health| std::ptr::eq(&**health, self));
        let may_go = found == Finding::Unreachable || !is_counted || may_go(pool);
        let mut streak = self.streak.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = streak.observe(self.verdict(), found, may_go, rule);
        self.record(verdict, found == Finding::Passed);
        verdict
    }

    pub(crate) fn record(&self, verdict: Verdict, passed: bool) {
        self.verdict.store(verdict as u8, Ordering::Relaxed);
        if passed {
            self.passes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Remembers why a check did not pass, or that it did.
    pub(crate) fn note(&self, fault: Option<String>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Why it is down, if checks say so.
    pub(crate) fn fault(&self) -> Option<String> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
        fault.filter(|_| self.verdict() == Verdict::Down)
    }

    fn is_reached(&self) -> bool {
        self.is_reached.load(Ordering::Relaxed)
    }
}

/// Whether one that can be reached may be taken out: half of those must stay that can, newcomers
/// aside, which get nothing yet.
fn may_go(pool: &[Arc<Health>]) -> bool {
    let reached = pool.iter().filter(|health| health.is_reached());
    let (all, out) = reached.fold((0, 0), |(all, out), health| match health.verdict() {
        Verdict::Checking => (all, out),
        Verdict::Down => (all + 1, out + 1),
        Verdict::Up => (all + 1, out),
    });
    (out + 1) * 2 <= all
}

/// Passes and failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Streak {
    passes: u16,
    fails: u16,
}

impl Streak {
    /// The verdict after one more check. `may_go`: so many others are left that this one may be
    /// taken out.
    pub(crate) fn observe(
        &mut self,
        now: Verdict,
        found: Finding,
        may_go: bool,
        rule: &HealthCheck,
    ) -> Verdict {
        match found {
            Finding::Nothing => return now,
            Finding::Passed => (self.passes, self.fails) = (self.passes.saturating_add(1), 0),
            Finding::Unreachable | Finding::Wrong => {
                (self.passes, self.fails) = (0, self.fails.saturating_add(1));
            }
        }
        let has_failed = self.fails >= rule.fails.max(1);
        match now {
            // The first pass of a newcomer counts at once: nothing is held against it.
            Verdict::Checking if found == Finding::Passed => Verdict::Up,
            Verdict::Down if self.passes >= rule.passes.max(1) => Verdict::Up,
            Verdict::Checking if has_failed => Verdict::Down,
            Verdict::Up if has_failed && may_go => Verdict::Down,
            unchanged => unchanged,
        }
    }
}

#[cfg(test)]
mod tests;
