//! Is a backend fit for traffic? Active checks' verdicts, shared with the cores, and the
//! counting behind them.
//!
//! One task writes a verdict, every core reads it: three atomics, no lock. What a core finds
//! out by itself (a failed connect) stays with that core, in its pool.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

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

/// One backend's verdict, written by its checker.
#[derive(Debug)]
pub(crate) struct Health {
    verdict: AtomicU8,
    passes: AtomicU32,
    /// Touched by the checker alone; it lives here so that a new plan does not begin it anew.
    streak: Mutex<Streak>,
}

impl Health {
    pub(crate) fn new(verdict: Verdict) -> Self {
        Self {
            verdict: AtomicU8::new(verdict as u8),
            passes: AtomicU32::new(0),
            streak: Mutex::default(),
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

    /// One more check was made; returns the verdict after it.
    pub(crate) fn observe(&self, passed: bool, rule: &HealthCheck) -> Verdict {
        let mut streak = self.streak.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = streak.observe(self.verdict(), passed, rule);
        self.record(verdict, passed);
        verdict
    }

    pub(crate) fn record(&self, verdict: Verdict, passed: bool) {
        self.verdict.store(verdict as u8, Ordering::Relaxed);
        if passed {
            self.passes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Passes and failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Streak {
    passes: u16,
    fails: u16,
}

impl Streak {
    /// The verdict after one more check.
    pub(crate) fn observe(&mut self, now: Verdict, passed: bool, rule: &HealthCheck) -> Verdict {
        if passed {
            (self.passes, self.fails) = (self.passes.saturating_add(1), 0);
        } else {
            (self.passes, self.fails) = (0, self.fails.saturating_add(1));
        }
        match now {
            // The first pass of a newcomer counts at once: nothing is held against it.
            Verdict::Checking if passed => Verdict::Up,
            Verdict::Down if self.passes >= rule.passes.max(1) => Verdict::Up,
            Verdict::Checking | Verdict::Up if self.fails >= rule.fails.max(1) => Verdict::Down,
            unchanged => unchanged,
        }
    }
}

#[cfg(test)]
mod tests;
