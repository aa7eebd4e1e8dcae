use bramble_config::plan::Method;
use proptest::prelude::*;

use super::*;
use crate::balance::Balancer;

/// A backend a letter: `a` serves, `r` is a spare, `h` a standby; capitals can't be used. A
/// digit in front is the set of those behind it.
fn candidates(pool: &str) -> Vec<Candidate> {
    let (mut set, mut list) = (0, Vec::new());
    for c in pool.chars() {
        let reserve = match c.to_ascii_lowercase() {
            'r' => Some(Reserve::Spare),
            'h' => Some(Reserve::Standby),
            'a' => None,
            digit => {
                set = u8::try_from(digit.to_digit(10).unwrap()).unwrap();
                continue;
            }
        };
        let (rank, usable) = (Rank { set, reserve }, c.is_ascii_lowercase());
        list.push(Candidate { weight: 100, rank, usable, ..Candidate::default() });
    }
    list
}

fn narrowed(pool: &str) -> Vec<Candidate> {
    let mut all = candidates(pool);
    narrow(&mut all);
    all
}

/// `expected`: `+` for each that may be asked, `-` for each other.
#[track_caller]
fn check(pool: &str, expected: &str) {
    let open: String =
        narrowed(pool).iter().map(|one| if one.usable { '+' } else { '-' }).collect();
    assert_eq!(open, expected, "{pool}");
}

#[test]
fn reserves_rest_as_long_as_nobody_is_missing() {
    check("aarh", "++--");
    check("rhaa", "--++");
}

#[test]
fn as_many_spares_serve_as_others_are_missing_the_first_ones() {
    check("aArr", "+-+-");
    check("AArrr", "--++-");
    check("aARr", "+--+");
    check("AAr", "--+");
    // It stands in for one that is missing, be the rest of the set at work or not.
    check("aaArh", "++-+-");
}

#[test]
fn a_spare_stands_in_for_nobody_of_another_set() {
    check("0A1ar", "-+-");
    check("0Ar1a", "-+-");
    check("0A1r", "--");
}

#[test]
fn a_spare_stands_in_for_no_other_reserve() {
    check("rr", "--");
    check("aRr", "+--");
    check("aHr", "+--");
}

#[test]
fn standbys_serve_when_nobody_else_of_the_set_can() {
    check("AAhh", "--++");
    check("aAh", "+--");
    check("AhH", "-+-");
    check("hh", "++");
}

#[test]
fn spares_come_before_standbys() {
    check("Arh", "-+-");
    check("ARh", "--+");
}

#[test]
fn a_standby_comes_before_the_next_set() {
    check("0Ah1a", "-+-");
    check("0AH1a", "--+");
}

#[test]
fn the_lowest_set_of_which_somebody_can_be_asked_is_asked() {
    check("2a0a1a", "-+-");
    check("2a0A1a", "--+");
    check("2a0A1A", "+--");
    check("5a7a", "+-");
    // Of a set nobody more is asked since one is missing.
    check("0aA1aa", "+---");
}

#[test]
fn where_nobody_can_be_used_nobody_is_asked() {
    check("AARH", "----");
    check("", "");
}

#[test]
fn only_where_it_makes_a_difference_is_it_asked_for() {
    let differs = |pool: &str| matters(candidates(pool).iter().map(|one| one.rank));
    assert_eq!(["", "aa", "3aa"].map(differs), [false; 3]);
    assert_eq!(["0a1a", "ar", "ah"].map(differs), [true; 3]);
}

/// Winners of `n` requests as places.
fn picks(balancer: &mut Balancer, pool: &str, n: usize) -> Vec<usize> {
    (0..n).map(|_| balancer.pick(0, &mut narrowed(pool)).unwrap()).collect()
}

#[test]
fn whoever_is_not_looked_at_saves_nothing_up() {
    for method in [Method::ByRequests, Method::ByBusyness] {
        let mut balancer = Balancer::new(method, 1);
        assert_eq!(picks(&mut balancer, "0aar1a", 5), [0, 1, 0, 1, 0]);
        // The spare has no more of a claim than one that begins, and it is looked at last.
        assert_eq!(picks(&mut balancer, "0aAr1a", 3), [2, 0, 2]);
        // The other set has none either.
        assert_eq!(picks(&mut balancer, "0AAR1a", 2), [3, 3]);
    }
}

#[test]
fn of_equals_a_spare_is_the_last() {
    for method in [Method::ByRequests, Method::ByBusyness, Method::ByTraffic] {
        let mut balancer = Balancer::new(method, 1);
        assert_eq!(picks(&mut balancer, "rAaa", 1), [2], "{method:?}");
    }
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let reserve = prop::option::of(prop::sample::select(&[Reserve::Spare, Reserve::Standby][..]));
    (0_u8..4, reserve, any::<bool>()).prop_map(|(set, reserve, usable)| Candidate {
        rank: Rank { set, reserve },
        usable,
        ..Candidate::default()
    })
}

proptest! {
    #[test]
    fn whoever_is_asked_can_be_used_and_somebody_is_where_anybody_can(
        before in prop::collection::vec(any_candidate(), 0..12),
    ) {
        let mut after = before.clone();
        narrow(&mut after);
        let open: Vec<_> = before.iter().zip(&after).filter(|(_, one)| one.usable).collect();
        prop_assert!(open.iter().all(|(was, _)| was.usable));
        prop_assert!(open.iter().all(|(was, _)| was.rank.set == open[0].0.rank.set));
        let is_some = before.iter().any(|one| one.usable && one.rank.reserve != Some(Reserve::Spare));
        prop_assert!(!open.is_empty() || !is_some);
        let spares = open.iter().filter(|(_, one)| one.stands_in).count();
        let missing = before.iter().filter(|one| {
            !one.usable && one.rank.reserve.is_none() && one.rank.set == open[0].0.rank.set
        });
        prop_assert!(open.is_empty() || spares <= missing.count());
    }
}
