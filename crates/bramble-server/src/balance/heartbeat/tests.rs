use super::Heartbeat;
use crate::balance::Candidate;

const PICKS: usize = 10_000;

/// `None`: has said nothing; `usable` is false for those without a turn.
fn candidate(slots: Option<u32>) -> Candidate {
    Candidate {
        weight: 100,
        usable: true,
        unit: 1.0,
        waiting_unit: 1.0,
        turn: 100,
        slots,
        ..Candidate::default()
    }
}

/// How many of a hundred requests each gets.
fn check(slots: &[Option<u32>], expected: &[usize]) {
    let mut candidates: Vec<_> = slots.iter().copied().map(candidate).collect();
    let mut method = Heartbeat::new(7);
    let mut counts = vec![0; slots.len()];
    for _ in 0..PICKS {
        counts[method.pick(&mut candidates).unwrap()] += 1;
    }
    let shares: Vec<_> = counts.iter().map(|count| (count + 50) * 100 / PICKS).collect();
    let is_near = |(share, due): (&usize, &usize)| share.abs_diff(*due) <= 1;
    assert!(shares.iter().zip(expected).all(is_near), "{slots:?}: {shares:?}");
    // Nobody gets what is not theirs.
    assert!(counts.iter().zip(expected).all(|(count, due)| *due > 0 || *count == 0));
}

#[test]
fn whoever_has_more_slots_gets_more() {
    check(&[Some(10), Some(10)], &[50, 50]);
    check(&[Some(30), Some(10)], &[75, 25]);
    check(&[Some(1), Some(0), Some(3)], &[25, 0, 75]);
}

#[test]
fn whoever_says_nothing_has_one() {
    check(&[Some(19), None], &[95, 5]);
    check(&[Some(0), None], &[0, 100]);
}

#[test]
fn where_nobody_has_any_all_take_turns() {
    check(&[Some(0), Some(0)], &[50, 50]);
    check(&[None, None, None, None], &[25, 25, 25, 25]);
}

#[test]
fn where_nobody_has_any_whoever_owes_least_is_asked() {
    let mut candidates = [candidate(Some(0)), candidate(Some(0))];
    candidates[0].waiting = 1;
    assert_eq!(Heartbeat::new(7).pick(&mut candidates), Some(1));
}

#[test]
fn slots_of_who_can_not_be_used_are_none() {
    let mut candidates = [candidate(Some(1_000_000)), candidate(Some(1))];
    candidates[0].usable = false;
    let mut method = Heartbeat::new(7);
    assert!((0..100).all(|_| method.pick(&mut candidates) == Some(1)));
    candidates[1].usable = false;
    assert_eq!(method.pick(&mut candidates), None);
}

#[test]
fn any_number_of_slots_will_do() {
    check(&[Some(u32::MAX), Some(u32::MAX)], &[50, 50]);
}
