use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Whole seconds left for the next move after moves of so many bytes, each after so many seconds.
#[track_caller]
fn check(moves: &[(usize, u32)], left_s: u64) {
    let mut floor = Floor::new(30 * SECOND, 500);
    moves.iter().for_each(|(bytes, seconds)| floor.moved(*bytes, *seconds * SECOND));
    assert_eq!(floor.limit().as_secs(), left_s, "{moves:?}");
}

#[test]
fn the_first_move_may_take_a_step() {
    check(&[], 30);
}

#[test]
fn who_moves_at_the_rate_has_a_step_each_time() {
    check(&[(500, 1); 100], 30);
    check(&[(1_000_000, 29), (1_000_000, 29)], 30);
}

#[test]
fn who_trickles_uses_one_step_up_for_all() {
    check(&[(1, 29)], 1);
    check(&[(1, 10), (1, 10), (1, 10)], 0);
    check(&[(5_000, 25)], 15);
}

#[test]
fn without_a_rate_each_move_may_take_a_step() {
    let mut floor = Floor::step(SECOND);
    (0..100).for_each(|_| floor.moved(1, SECOND));
    assert_eq!((floor.limit(), floor.is_low()), (SECOND, false));
}
