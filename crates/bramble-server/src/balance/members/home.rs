//! Where a session's requests go: to the backend that it is with, as long as that can be used.
//!
//! ```text
//!   its own backend ──can't be used──> that of its `redirect` … ──> with `failover`: any other
//!                                                              └──> else nobody: a 503
//! ```
//! As with Apache's find_route_worker a drained backend still serves its sessions. What it answers,
//! late or with errors, is a matter of the session that lives there, and no reason to end it: it
//! can't be used when nobody can connect to it, or its checks say so.

use std::time::Instant;

use bramble_config::plan::AdminState;

use super::{Member, Members};
use crate::health::Verdict;

/// What holds for all sessions of a pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct Homes {
    /// Place of a backend → that of the one which its sessions go to while it can't be used.
    pub(crate) redirects: Vec<Option<usize>>,
    /// Whoever has lost its backend may go to any other.
    pub(crate) failover: bool,
}

/// Where a session's next request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Elsewhere,
    /// Its backend has as much as it can work on.
    Full,
    Home(usize),
    Nowhere,
}

impl Members {
    /// The same, with sessions.
    pub(crate) fn with_homes(self, homes: Homes) -> Self {
        Self { homes, ..self }
    }

    /// Whether whoever has lost its backend may go to any other.
    pub(crate) fn fails_over(&self) -> bool {
        self.homes.failover
    }

    /// Whether a session can be with the backend of that place now.
    pub(crate) fn is_home(&self, place: usize, now: Instant) -> bool {
        self.list.get(place).is_some_and(|member| member.is_open(now))
    }

    /// The way of a session's request that has been `tried` at some.
    #[inline(never)]
    pub(super) fn way(&self, home: usize, tried: &[usize], now: Instant) -> Way {
        let open = self.follow(home, tried, |member| member.is_open(now));
        let place = open.or_else(|| {
            // Apache's `forcerecovery`: where nobody is fit, whoever has the session is the best.
            let is_any_fit = self.others(tried).any(|m| m.is_enabled() && m.is_fit(true, now));
            if is_any_fit { None } else { self.follow(home, tried, Member::takes_sessions) }
        });
        match place {
            Some(place) if !self.has_room(place, now) => Way::Full,
            Some(place) => {
                self.count(place, tried, now);
                Way::Home(place)
            }
            None if self.homes.failover => Way::Elsewhere,
            None => Way::Nowhere,
        }
    }

    /// The first that is right, along the redirects.
    fn follow(
        &self,
        home: usize,
        tried: &[usize],
        is_right: impl Fn(&Member) -> bool,
    ) -> Option<usize> {
        let next = |place: &usize| self.homes.redirects.get(*place).copied().flatten();
        let along = std::iter::successors(Some(home), next).take(self.list.len());
        let is_right = |place: &usize| self.list.get(*place).is_some_and(&is_right);
        along.filter(|place| !tried.contains(place)).find(is_right)
    }

    fn others(&self, tried: &[usize]) -> impl Iterator<Item = &Member> {
        let members = self.list.iter().enumerate();
        members.filter(|(place, _)| !tried.contains(place)).map(|(_, member)| member)
    }

    /// Where requests are counted, those of sessions count as well, and whoever has many gets fewer
    /// others. Drained backends take part, as in Apache.
    fn count(&self, place: usize, tried: &[usize], now: Instant) {
        let mut balancer = self.balancer.borrow_mut();
        let Some(counts) = balancer.counts() else { return };
        let mut candidates = self.candidates.borrow_mut();
        for (i, (candidate, member)) in candidates.iter_mut().zip(&self.list).enumerate() {
            let is_fit = || member.takes_sessions() && member.is_fit(true, now);
            candidate.usable = i == place || (!tried.contains(&i) && is_fit());
        }
        counts.pay(place, &candidates);
    }
}

impl Member {
    /// The operator has not taken it out of use.
    fn takes_sessions(&self) -> bool {
        matches!(self.admin, AdminState::Draining | AdminState::Enabled)
    }

    fn is_open(&self, now: Instant) -> bool {
        let is_up = self.health.verdict() == Verdict::Up;
        let passes = self.health.passes();
        is_up && self.takes_sessions() && !self.standing.is_unreachable(now, passes)
    }
}

#[cfg(test)]
mod tests;
