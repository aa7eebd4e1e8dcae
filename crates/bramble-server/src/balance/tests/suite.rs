//! What holds for every method.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bramble_config::plan::{AdminState, Method};
use proptest::prelude::*;

use crate::balance::{
    Asked, Balancer, Candidate, Homes, Member, Members, Rank, Rules, Standing, key_of,
};
use crate::health::{Health, Verdict};

const ALL: [Method; 9] = [
    Method::Adaptive,
    Method::ByBusyness,
    Method::ByRequests,
    Method::ByTraffic,
    Method::First,
    Method::Hash,
    Method::Heartbeat,
    Method::LeastRequests,
    Method::RandomTwo,
];
/// Those that give to each according to its weight, where nobody is quicker than others.
const WEIGHTED: [Method; 5] =
    [Method::Adaptive, Method::ByRequests, Method::ByTraffic, Method::Hash, Method::LeastRequests];
/// Bytes of a request and its answer.
const BYTES: u64 = 100_000;

fn candidate(i: usize, weight: u32) -> Candidate {
    let id = key_of(format!("backend {i}").as_bytes());
    Candidate {
        id,
        weight,
        usable: true,
        expected_s: 0.01,
        unit: 100.0 / f64::from(weight),
        waiting_unit: 100.0 / f64::from(weight),
        turn: weight,
        ..Candidate::default()
    }
}

fn candidates(weights: &[u32]) -> Vec<Candidate> {
    weights.iter().enumerate().map(|(i, weight)| candidate(i, *weight)).collect()
}

/// Who gets how many of so many requests, all of which are under way at the same time.
fn counts(method: Method, candidates: &mut [Candidate], n: u64) -> Vec<u64> {
    let mut balancer = Balancer::new(method, 7);
    let mut counts = vec![0; candidates.len()];
    for key in 0..n {
        let picked = balancer.pick(key, &mut candidates.to_vec()).unwrap();
        counts[picked] += 1;
        candidates[picked].waiting += 1;
        burden(method, &mut candidates[picked]);
    }
    counts
}

/// What the method counts of one that has been picked once more.
fn burden(method: Method, candidate: &mut Candidate) {
    candidate.burden += match method {
        Method::ByTraffic => BYTES / u64::from(candidate.weight),
        _ => 1,
    };
}

fn homes(candidates: &[Candidate]) -> Vec<usize> {
    let mut balancer = Balancer::new(Method::Hash, 7);
    (0..10_000).map(|key| balancer.pick(key, &mut candidates.to_vec()).unwrap()).collect()
}

#[test]
fn the_work_is_shared_by_weight() {
    for method in WEIGHTED {
        let weights = [100, 200, 300, 400];
        let counts = counts(method, &mut candidates(&weights), 10_000);
        for (count, weight) in counts.iter().zip(weights) {
            let due = f64::from(weight) * 10.0;
            // A hash gives by chance within its bound.
            let slack = if method == Method::Hash { 0.25 } else { 0.02 };
            let off = (*count as f64 - due).abs() / due;
            assert!(off <= slack, "{method:?}: {counts:?}");
        }
    }
}

#[test]
fn one_request_after_the_other_is_shared_by_weight() {
    let busy_or_not =
        [Method::Adaptive, Method::ByBusyness, Method::ByRequests, Method::LeastRequests];
    for method in busy_or_not {
        let mut balancer = Balancer::new(method, 7);
        let picks = (0..400).map(|_| balancer.pick(0, &mut candidates(&[300, 100])).unwrap());
        assert_eq!(picks.filter(|picked| *picked == 0).count(), 300, "{method:?}");
    }
}

#[test]
fn a_hash_moves_few_keys_when_one_comes() {
    let (seven, eight) = (homes(&candidates(&[100; 7])), homes(&candidates(&[100; 8])));
    let moved = seven.iter().zip(&eight).filter(|(a, b)| a != b).count();
    // An eighth must; Maglev moves a few more.
    assert!((1_000..2_200).contains(&moved), "{moved}");
}

#[test]
fn a_hash_moves_only_the_keys_of_one_that_can_not_be_used() {
    let all = candidates(&[100; 8]);
    let mut less = all.clone();
    less[3].usable = false;
    let moved: BTreeSet<_> =
        homes(&all).iter().zip(homes(&less)).filter(|(a, b)| **a != *b).map(|(a, _)| *a).collect();
    assert_eq!(moved, BTreeSet::from([3]));
}

#[test]
fn a_hash_does_not_pile_all_on_one() {
    let mut all = candidates(&[100; 4]);
    let mut balancer = Balancer::new(Method::Hash, 7);
    for _ in 0..1_000 {
        let picked = balancer.pick(42, &mut all.clone()).unwrap();
        all[picked].waiting += 1;
    }
    let most = all.iter().map(|candidate| candidate.waiting).max().unwrap();
    assert!(most <= 1_000 / 4 * 125 / 100 + 1, "{most}");
}

#[test]
fn a_hash_keeps_a_browsers_requests_together() {
    let mut all = candidates(&[100; 8]);
    let mut balancer = Balancer::new(Method::Hash, 7);
    let home = balancer.pick(42, &mut all.clone()).unwrap();
    for _ in 0..8 {
        assert_eq!(balancer.pick(42, &mut all.clone()), Some(home));
        all[home].waiting += 1;
    }
}

#[test]
fn a_hash_finds_whoever_is_left() {
    let mut all = candidates(&[&[100; 1][..], &[10_000; 200][..]].concat());
    all.iter_mut().skip(1).for_each(|candidate| candidate.usable = false);
    assert_eq!(Balancer::new(Method::Hash, 7).pick(42, &mut all), Some(0));
}

#[test]
fn the_first_gets_all_as_long_as_it_can_be_used() {
    let mut all = candidates(&[100; 3]);
    assert_eq!(counts(Method::First, &mut all, 10), [10, 0, 0]);
    all[0].usable = false;
    assert_eq!(counts(Method::First, &mut all, 10), [0, 10, 0]);
}

/// Backends of a pool with sessions, in these states.
fn members(method: Method, states: &[AdminState], now: Instant) -> Members {
    let member = |(i, admin): (usize, &AdminState)| Member {
        id: i as u64,
        weight: 100,
        admin: *admin,
        rank: Rank::default(),
        health: Arc::new(Health::new(Verdict::Up)),
        standing: Rc::new(Standing::new(now)),
    };
    let second = Duration::from_secs(1);
    let rules = Rules { retry: second, hedge: second, slow_start: second, force_recovery: true };
    let list = states.iter().enumerate().map(member).collect();
    let homes = Homes { redirects: vec![None; states.len()], failover: true };
    Members::new(list, rules, Balancer::new(method, 7), now).with_homes(homes)
}

#[test]
fn a_draining_backend_keeps_its_sessions_and_gets_nothing_else() {
    let now = Instant::now();
    let states = [AdminState::Enabled, AdminState::Draining, AdminState::Enabled];
    for method in ALL {
        let members = members(method, &states, now);
        let picked = |home, key| {
            let asked = Asked { home, key, repeatable: true };
            members.pick(asked, &[], now).place().unwrap()
        };
        for key in 0..200 {
            assert_eq!(picked(Some(1), key), 1, "{method:?}");
            assert_eq!(picked(Some(2), key), 2, "{method:?}");
            assert_ne!(picked(None, key), 1, "{method:?}");
        }
    }
}

proptest! {
    #[test]
    fn nobody_gets_anything_who_can_not_be_used(
        fit in prop::collection::vec(any::<bool>(), 0..12),
        waiting in prop::collection::vec(0_u32..1_000, 12),
        seed in any::<u64>(),
    ) {
        let mut all = candidates(&vec![100; fit.len()]);
        for (candidate, (fit, waiting)) in all.iter_mut().zip(fit.iter().zip(&waiting)) {
            (candidate.usable, candidate.waiting) = (*fit, *waiting);
        }
        for method in ALL {
            let mut balancer = Balancer::new(method, seed);
            for key in 0..20 {
                match balancer.pick(seed ^ key, &mut all.clone()) {
                    Some(picked) => prop_assert!(fit[picked], "{:?}", method),
                    None => prop_assert!(!fit.contains(&true), "{:?}", method),
                }
            }
        }
    }

    #[test]
    fn nobody_starves(weights in prop::collection::vec(100_u32..=10_000, 1..8)) {
        let total: u32 = weights.iter().sum();
        let n = u64::from(total / weights.iter().min().unwrap()) * 4;
        let fair = [
            Method::Adaptive,
            Method::ByBusyness,
            Method::ByRequests,
            Method::ByTraffic,
            Method::LeastRequests,
        ];
        for method in fair {
            let counts = counts(method, &mut candidates(&weights), n);
            prop_assert!(counts.iter().all(|count| *count > 0), "{:?}: {:?}", method, counts);
        }
    }
}
