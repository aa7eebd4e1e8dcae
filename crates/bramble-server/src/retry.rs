//! When a failed attempt may be made again, elsewhere. Pure.
//!
//! Only while no byte of an answer has gone to the client, and only if the request is
//! idempotent or surely never reached a backend; at most so many times a request, and of those
//! that may have reached one only one in five of the last ten seconds' requests, so that
//! retries never keep an overload alive.

use std::time::{Duration, Instant};

/// Retries that are always there, however quiet a pool is.
const FLOOR: f64 = 10.0;
/// Retries that a request earns.
const SHARE: f64 = 0.2;
/// What is left of earned retries after a second: they live for some ten.
const KEPT_A_SECOND: f64 = 0.9;

/// What is known of the attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// The backend may have acted on the request.
    Maybe,
    /// It surely never got it: no connection, or a reused one that was closed before a byte.
    Never,
}

/// Whether the request may be sent again.
pub(crate) fn is_allowed(reached: Reached, idempotent: bool) -> bool {
    idempotent || reached == Reached::Never
}

/// The share of requests that may be retries, on one core and pool.
#[derive(Debug)]
pub(crate) struct Budget {
    earned: f64,
    /// When `earned` was last let fade.
    at: Instant,
}

impl Budget {
    pub(crate) fn new(now: Instant) -> Self {
        Self { earned: FLOOR, at: now }
    }

    /// A request came in.
    pub(crate) fn earn(&mut self, now: Instant) {
        while now.duration_since(self.at) >= Duration::from_secs(1) && self.earned > FLOOR {
            self.earned = (self.earned * KEPT_A_SECOND).max(FLOOR);
            self.at += Duration::from_secs(1);
        }
        if now.duration_since(self.at) >= Duration::from_secs(1) {
            self.at = now;
        }
        self.earned += SHARE;
    }

    /// Takes one retry, if there is one.
    pub(crate) fn spend(&mut self) -> bool {
        let granted = self.earned >= 1.0;
        if granted {
            self.earned -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests;
