//! Members of which some come later than others, and what Apache's methods count of them.

use std::ptr;
use std::time::Instant;

use super::{Asked, Judged, Member, Members};
use crate::balance::{Burden, Candidate, by_traffic, order};

impl Members {
    /// Tells what the method counts of each.
    pub(super) fn weigh(&self, burden: Burden, candidates: &mut [Candidate]) {
        for (candidate, Member { standing, weight, .. }) in candidates.iter_mut().zip(&self.list) {
            candidate.burden = match burden {
                Burden::Busyness => standing.busy(),
                Burden::Traffic => {
                    by_traffic::traffic(standing.sent_bytes(), standing.received_bytes(), *weight)
                }
            };
        }
    }

    /// Whether another than those `tried` would be asked if these were as good as ever: what comes
    /// later than they do is not asked for their being slow.
    pub(crate) fn has_equals(&self, asked: Asked, tried: &[usize], now: Instant) -> bool {
        let mut candidates = self.candidates.borrow_mut();
        for (candidate, member) in candidates.iter_mut().zip(&self.list) {
            candidate.usable = member.is_enabled() && member.is_fit(asked.repeatable, now);
        }
        order::narrow(&mut candidates);
        let mut open = candidates.iter().enumerate().filter(|(_, candidate)| candidate.usable);
        open.any(|(place, _)| !tried.contains(&place))
    }

    /// Whether others could do its work that come no later than it does: those that do are there for
    /// when nobody else can serve, and who is slow can.
    pub(super) fn has_peer(&self, judged: Judged<'_>) -> bool {
        let is_it = |member: &&Member| ptr::eq(&*member.standing, judged.standing);
        let Some(own) = self.list.iter().find(is_it).filter(|_| self.is_ordered) else {
            return true;
        };
        let is_peer = |one: &Member| one.rank == own.rank && one.is_enabled();
        self.list.iter().any(|one| !is_it(&one) && is_peer(one) && !one.standing.is_doubted())
    }
}
