//! Who of a pool's backends may be asked now, where some come later than others: sets, spares and
//! standbys, to the letter of Apache (`ap_proxy_balancer_get_best_worker`). Pure.
//!
//! The sets are gone through from the lowest on, until one has somebody to ask:
//!
//! 1. whoever is no reserve and can be used;
//! 2. beside them spares that can be, the first ones, as many as others that are no reserve can't;
//! 3. where that is nobody, all standbys that can be used.
//!
//! So a standby comes before the next set, and a spare never without one to stand in for. Nobody
//! else is looked at by a method, which means that nobody else's turn comes nearer.

use bramble_config::plan::Reserve;

use super::Candidate;

/// What is known of how a backend is to be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rank {
    /// 0 to 99; the lowest is asked first.
    pub(crate) set: u8,
    pub(crate) reserve: Option<Reserve>,
}

/// Whether it makes any difference.
pub(super) fn matters(ranks: impl Iterator<Item = Rank> + Clone) -> bool {
    let sets = ranks.clone().map(|rank| rank.set);
    let is_one = sets.clone().min() == sets.max();
    !is_one || ranks.into_iter().any(|rank| rank.reserve.is_some())
}

/// Of those that can be used leaves those that may be asked.
pub(super) fn narrow(candidates: &mut [Candidate]) {
    let sets = |all: &[Candidate], above: Option<u8>| {
        all.iter()
            .map(|one| one.rank.set)
            .filter(|set| above.is_none_or(|above| *set > above))
            .min()
    };
    let mut set = sets(candidates, None);
    while let Some(this) = set {
        let first = first_of(candidates, this);
        if first != First::Nobody {
            return close_others(candidates, this, first);
        }
        set = sets(candidates, Some(this));
    }
    candidates.iter_mut().for_each(|one| one.usable = false);
}

/// Who of a set is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Nobody,
    /// With so many spares.
    Serving(usize),
    Standbys,
}

fn first_of(candidates: &[Candidate], set: u8) -> First {
    let count = |reserve: Option<Reserve>, usable: bool| {
        let is_meant = |one: &&Candidate| {
            (one.rank.set, one.rank.reserve, one.usable) == (set, reserve, usable)
        };
        candidates.iter().filter(is_meant).count()
    };
    let spares = count(None, false).min(count(Some(Reserve::Spare), true));
    match count(None, true) + spares {
        0 if count(Some(Reserve::Standby), true) > 0 => First::Standbys,
        0 => First::Nobody,
        _ => First::Serving(spares),
    }
}

fn close_others(candidates: &mut [Candidate], set: u8, first: First) {
    let mut spares = if let First::Serving(spares) = first { spares } else { 0 };
    for one in candidates {
        let is_asked = one.rank.set == set
            && match one.rank.reserve {
                None => first != First::Standbys,
                Some(Reserve::Spare) => spares > 0,
                Some(Reserve::Standby) => first == First::Standbys,
            };
        one.usable &= is_asked;
        one.stands_in = one.usable && one.rank.reserve == Some(Reserve::Spare);
        spares -= usize::from(one.stands_in);
    }
}

#[cfg(test)]
mod tests;
