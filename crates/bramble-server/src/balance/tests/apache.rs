//! Apache's other methods, pick by pick. What is expected was worked out by its source.

use bramble_config::plan::Method;

use crate::balance::by_traffic::traffic;
use crate::balance::{Balancer, Candidate};

fn candidates(factors: &[u32], burden: impl Fn(usize) -> u64) -> Vec<Candidate> {
    let candidate = |(i, factor): (usize, &u32)| Candidate {
        weight: factor * 100,
        usable: *factor > 0,
        burden: burden(i),
        ..Candidate::default()
    };
    factors.iter().enumerate().map(candidate).collect()
}

fn letter(i: usize) -> char {
    char::from(b'a' + u8::try_from(i).unwrap())
}

/// Each `.` is a request that comes, each letter one that its backend has ended.
#[track_caller]
fn check_busyness(factors: &[u32], script: &str, expected: &str) {
    let mut balancer = Balancer::new(Method::ByBusyness, 1);
    let mut busy = vec![0_u64; factors.len()];
    let mut picked = String::new();
    for event in script.bytes() {
        if event == b'.' {
            let i = balancer.pick(0, &mut candidates(factors, |i| busy[i])).unwrap();
            busy[i] += 1;
            picked.push(letter(i));
        } else {
            busy[usize::from(event - b'a')] -= 1;
        }
    }
    assert_eq!(picked, expected, "{script}");
}

/// Requests with so many bytes of them and their answers, one after the other.
#[track_caller]
fn check_traffic(factors: &[u32], sizes: &[(u64, u64)], expected: &str) {
    let mut balancer = Balancer::new(Method::ByTraffic, 1);
    let mut moved = vec![(0, 0); factors.len()];
    let mut picked = String::new();
    for (sent, received) in sizes {
        let burden = |i: usize| traffic(moved[i].0, moved[i].1, factors[i] * 100);
        let i = balancer.pick(0, &mut candidates(factors, burden)).unwrap();
        moved[i] = (moved[i].0 + sent, moved[i].1 + received);
        picked.push(letter(i));
    }
    assert_eq!(picked, expected);
}

#[test]
fn by_busyness_factors_count_among_those_alone_that_have_the_fewest() {
    // All are at work: then the factors make no difference but for whose turn it is.
    check_busyness(&[3, 1], "........", "abababab");
    check_busyness(&[1, 1, 3], "..........", "cabcabcabc");
    // Nobody is: as by requests.
    check_busyness(&[3, 1], ".a.a.b.a.a.a.b.a", "aabaaaba");
}

#[test]
fn by_busyness_whoever_has_the_fewest_is_asked() {
    check_busyness(&[3, 1], "....a...b...", "ababaabbab");
    check_busyness(&[1, 1, 1], ".....bb...c..", "abcabbcbca");
}

#[test]
fn by_busyness_turns_follow_their_backend_into_a_new_plan() {
    let mut balancer = Balancer::new(Method::ByBusyness, 1);
    let pick = |balancer: &mut Balancer| balancer.pick(0, &mut candidates(&[1, 1], |_| 0));
    assert_eq!(pick(&mut balancer), Some(0));
    balancer.reorder(&[Some(1), Some(0)]);
    assert_eq!(pick(&mut balancer), Some(0));
    assert!(balancer.is_of(Method::ByBusyness) && !balancer.is_of(Method::ByRequests));
}

#[test]
fn by_traffic_bytes_are_shared_by_factor() {
    check_traffic(&[1, 1, 1], &[(0, 1_000); 9], "abcabcabc");
    check_traffic(&[1, 1, 3], &[(0, 3_000); 15], "abcccabcccabccc");
    // The others make up for what one large answer was.
    let sizes = [&[(0, 10_000)][..], &[(0, 1_000); 12]].concat();
    check_traffic(&[1, 1], &sizes, "abbbbbbbbbbab");
}

#[test]
fn by_traffic_both_directions_are_divided_one_by_one() {
    assert_eq!((traffic(199, 199, 200), traffic(200, 399, 200)), (0, 2));
    check_traffic(&[2, 1], &[(199, 199); 8], "aababaab");
    check_traffic(&[2, 1], &[(0, 398); 8], "abaabaab");
}

#[test]
fn by_traffic_who_was_out_catches_up() {
    let mut balancer = Balancer::new(Method::ByTraffic, 1);
    let mut pick =
        |factors: &[u32], moved: [u64; 2]| balancer.pick(0, &mut candidates(factors, |i| moved[i]));
    assert_eq!(pick(&[1, 0], [50, 10]), Some(0));
    assert_eq!(pick(&[1, 1], [90, 10]), Some(1));
}

#[test]
fn by_traffic_who_joins_begins_with_the_least_of_the_others() {
    let mut balancer = Balancer::new(Method::ByTraffic, 1);
    let pick = |balancer: &mut Balancer, moved: [u64; 3]| {
        balancer.pick(0, &mut candidates(&[1, 1, 1], |i| moved[i])).map(letter)
    };
    assert_eq!(pick(&mut balancer, [0, 0, 0]), Some('a'));
    // The first goes, and there is a new one in the middle.
    balancer.reorder(&[Some(1), None, Some(2)]);
    assert_eq!(pick(&mut balancer, [9_000, 0, 8_000]), Some('b'));
    assert_eq!(pick(&mut balancer, [9_000, 500, 8_000]), Some('c'));
    assert_eq!(pick(&mut balancer, [9_000, 500, 8_600]), Some('b'));
}

#[test]
fn by_traffic_a_pool_that_takes_it_up_begins_with_all_alike() {
    let mut balancer = Balancer::new(Method::ByTraffic, 1);
    let mut pick = |moved: [u64; 2]| balancer.pick(0, &mut candidates(&[1, 1], |i| moved[i]));
    assert_eq!(pick([70, 20]), Some(0));
    assert_eq!(pick([80, 20]), Some(1));
    assert_eq!(pick([80, 35]), Some(0));
}
