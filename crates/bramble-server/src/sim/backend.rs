//! A backend as a queue: so many requests at a time, the others wait in order (M/G/c), and what
//! may be wrong with it for a while.

use std::collections::VecDeque;

use super::rng::Rng;
use crate::balance::Report;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// It says 503 at once to this part of all requests, evenly.
    Flaky(f64),
    /// Everything takes so many times as long.
    Slow(f64),
    /// Nothing moves.
    Stall,
    /// It says 503 at once.
    Sick,
    /// Nobody listens.
    Down,
}

/// From when to when, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spell {
    pub(super) fault: Fault,
    pub(super) from: f64,
    pub(super) to: f64,
}

/// What comes of a request that is sent to it.
pub(super) enum Taken {
    /// It will be answered then, if nothing comes between.
    Until(f64),
    Queued,
    Refused,
    Sick,
}

#[derive(Clone, Debug)]
pub(super) struct Backend {
    /// Requests at a time.
    pub(super) slots: usize,
    /// Mean time of one, in seconds.
    pub(super) service_s: f64,
    pub(super) spells: Vec<Spell>,
    busy: usize,
    /// What the next request is short of failing.
    failing: f64,
    queue: VecDeque<usize>,
}

impl Backend {
    pub(super) fn new(slots: usize, service_s: f64) -> Self {
        Self { slots, service_s, spells: Vec::new(), busy: 0, failing: 0.0, queue: VecDeque::new() }
    }

    pub(super) fn with(mut self, fault: Fault, from: f64, to: f64) -> Self {
        self.spells.push(Spell { fault, from, to });
        self
    }

    pub(super) fn spell(&self, at: f64) -> Option<Spell> {
        self.spells.iter().copied().find(|spell| (spell.from..spell.to).contains(&at))
    }

    /// What it says of itself with an answer that has just ended.
    pub(super) fn report(&self) -> Report {
        let count = |n: usize| u32::try_from(n).unwrap();
        Report {
            in_flight: count(self.busy + self.queue.len()),
            service_us: Some((self.service_s * 1e6) as u32),
            free: Some(count(self.slots - self.busy)),
        }
    }

    /// A request comes.
    pub(super) fn take(&mut self, attempt: usize, at: f64, rng: &mut Rng) -> Taken {
        match self.spell(at).map(|spell| spell.fault) {
            Some(Fault::Down) => Taken::Refused,
            Some(Fault::Sick) => Taken::Sick,
            Some(Fault::Flaky(part)) if self.fails(part) => Taken::Sick,
            _ if self.busy < self.slots => Taken::Until(self.start(at, rng)),
            _ => {
                self.queue.push_back(attempt);
                Taken::Queued
            }
        }
    }

    fn fails(&mut self, part: f64) -> bool {
        self.failing += part;
        let fails = self.failing >= 1.0;
        self.failing -= f64::from(u8::from(fails));
        fails
    }

    /// One is done; the next begins, and when that will be done.
    pub(super) fn finish(&mut self, at: f64, rng: &mut Rng) -> Option<(usize, f64)> {
        self.busy -= 1;
        let next = self.queue.pop_front()?;
        Some((next, self.start(at, rng)))
    }

    fn start(&mut self, at: f64, rng: &mut Rng) -> f64 {
        self.busy += 1;
        let factor = match self.spell(at) {
            Some(Spell { fault: Fault::Slow(factor), .. }) => factor,
            _ => 1.0,
        };
        at + self.service_s * factor * rng.exponential()
    }
}
