use bramble_config::plan::Method;
use proptest::prelude::*;

mod apache;
mod suite;

use super::{Balancer, Candidate};

/// Picks `n` times and writes the winners as letters; a factor of 0 means "can't be used".
fn schedule(balancer: &mut Balancer, factors: &[u32], n: usize) -> String {
    let candidate = |f: &u32| Candidate { weight: f * 100, usable: *f > 0, ..Candidate::default() };
    let candidates = || factors.iter().map(candidate).collect::<Vec<_>>();
    let letter = |i| char::from(b'a' + u8::try_from(i).unwrap());
    (0..n).map(|_| balancer.pick(0, &mut candidates()).map_or('-', letter)).collect()
}

fn check(factors: &[u32], expected: &str) {
    let mut balancer = Balancer::new(Method::ByRequests, 1);
    assert_eq!(schedule(&mut balancer, factors, expected.len()), expected);
}

// The tables of Apache's documentation of mod_lbmethod_byrequests.

#[test]
fn equal_factors_take_turns() {
    check(&[1, 1, 1, 1], "abcdabcdabcd");
}

#[test]
fn a_disabled_backend_is_passed_over() {
    check(&[1, 0, 1, 1], "acdacdacd");
}

#[test]
fn seventy_to_thirty_is_interleaved() {
    check(&[70, 30], "abaaabaabaabaaabaaba");
}

#[test]
fn a_large_factor_does_not_come_in_one_block() {
    check(&[1, 4, 1], "babbcbbabbcb");
}

#[test]
fn nobody_usable_is_nobody_picked() {
    check(&[0, 0], "--");
    check(&[], "-");
}

#[test]
fn a_backend_that_comes_back_has_saved_nothing_up() {
    let mut balancer = Balancer::new(Method::ByRequests, 1);
    schedule(&mut balancer, &[1, 0], 1000);
    let after = schedule(&mut balancer, &[1, 1], 10);
    assert_eq!(after.matches('a').count(), 5, "{after}");
}

#[test]
fn counts_follow_their_backend_when_the_set_changes() {
    let mut balancer = Balancer::new(Method::ByRequests, 1);
    assert_eq!(schedule(&mut balancer, &[1, 1, 1], 1), "a");
    // The old c and a stay, as a and b, and a new one joins: the old a has paid already.
    balancer.reorder(&[Some(2), Some(0), None]);
    assert_eq!(schedule(&mut balancer, &[1, 1, 1], 3), "aca");
}

proptest! {
    #[test]
    fn over_a_cycle_each_gets_exactly_its_share(
        factors in prop::collection::vec(1_u32..=20, 1..10),
    ) {
        let mut balancer = Balancer::new(Method::ByRequests, 1);
        let cycle = factors.iter().sum::<u32>() as usize;
        for _ in 0..3 {
            let winners = schedule(&mut balancer, &factors, cycle);
            for (i, factor) in factors.iter().enumerate() {
                let letter = char::from(b'a' + u8::try_from(i).unwrap());
                prop_assert_eq!(winners.matches(letter).count(), *factor as usize);
            }
        }
    }

    #[test]
    fn at_no_moment_is_anybody_a_whole_turn_off(
        factors in prop::collection::vec(1_u32..=20, 2..6), n in 1_usize..200,
    ) {
        let mut balancer = Balancer::new(Method::ByRequests, 1);
        let total = f64::from(factors.iter().sum::<u32>());
        let winners = schedule(&mut balancer, &factors, n);
        for (i, factor) in factors.iter().enumerate() {
            let letter = char::from(b'a' + u8::try_from(i).unwrap());
            let due = n as f64 * f64::from(*factor) / total;
            let got = winners.matches(letter).count() as f64;
            prop_assert!((got - due).abs() <= factors.len() as f64, "{} of {}", got, due);
        }
    }
}
