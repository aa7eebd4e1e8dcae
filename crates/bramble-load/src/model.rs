//! Who sends when: users who wait for their answer and think (closed), or arrivals that do not
//! care about answers (open). Pure: draws from a given random stream, knows no clock.

use crate::rng::Rng;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The shape of the load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Each user sends, waits for the answer, thinks, and sends again.
    Closed {
        /// How many users.
        users: u32,
        /// The pause between an answer and the next request.
        think: Think,
    },
    /// Requests are due at their times whether or not earlier ones were answered.
    Open {
        /// Requests due a second.
        rate_per_s: f64,
        /// Random gaps (as from many independent visitors) instead of equal ones.
        poisson: bool,
        /// Requests beyond this many at once wait for a connection, and the wait counts.
        max_connections: u32,
    },
}

/// How long a user thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Think {
    /// Not at all.
    None,
    /// As `siege -d`: a whole number of seconds from 0 to `max_s`, each with equal chance.
    Siege {
        /// The longest pause.
        max_s: u32,
    },
    /// Any time from 0 to `max_ms`, each with equal chance.
    Uniform {
        /// The longest pause.
        max_ms: u32,
    },
}

/// Users without think time start within this time, not all in one instant.
const START_SPREAD: Duration = Duration::from_millis(200);

impl Think {
    /// One pause.
    pub(crate) fn draw(self, rng: &mut Rng) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Siege { max_s } => Duration::from_secs(rng.below(u64::from(max_s) + 1)),
            Self::Uniform { max_ms } => Duration::from_millis(max_ms.into()).mul_f64(rng.unit()),
        }
    }

    /// The mean pause.
    #[must_use]
    pub fn mean_s(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Siege { max_s } => f64::from(max_s) / 2.0,
            Self::Uniform { max_ms } => f64::from(max_ms) / 2e3,
        }
    }

    /// When a user's first request is due: as if he had been thinking long before the run, so
    /// that the rate is the same from the first second to the last, without a thundering start.
    /// (The rest of a pause that is met at a random instant: long pauses are met more often.)
    pub(crate) fn first(self, rng: &mut Rng) -> Duration {
        let at = rng.unit();
        match self {
            Self::None => START_SPREAD.mul_f64(at),
            Self::Siege { max_s } => Duration::from_secs(met_pause_s(max_s, rng)).mul_f64(at),
            Self::Uniform { max_ms } => {
                Duration::from_millis(max_ms.into()).mul_f64(1.0 - (1.0 - at).sqrt())
            }
        }
    }
}

/// A pause of 0..=max_s seconds, drawn with its length as its weight.
fn met_pause_s(max_s: u32, rng: &mut Rng) -> u64 {
    let max_s = u64::from(max_s);
    let mut ticket = rng.below(max_s * (max_s + 1) / 2);
    for pause in 1..max_s {
        match ticket.checked_sub(pause) {
            None => return pause,
            Some(rest) => ticket = rest,
        }
    }
    max_s
}

/// The gaps between arrivals of the open model.
#[derive(Debug)]
pub(crate) struct Gaps {
    mean_us: f64,
    poisson: bool,
    due_us: f64,
}

impl Gaps {
    pub(crate) fn new(rate_per_s: f64, poisson: bool) -> Self {
        Self { mean_us: 1e6 / rate_per_s, poisson, due_us: 0.0 }
    }

    /// When the next request is due, from the beginning of the run. Kept as a fraction, so that
    /// rounding never adds up.
    pub(crate) fn next_due_us(&mut self, rng: &mut Rng) -> u64 {
        let gap = if self.poisson { -(1.0 - rng.unit()).ln() } else { 1.0 };
        self.due_us += gap * self.mean_us;
        self.due_us as u64
    }
}

#[cfg(test)]
mod tests;
