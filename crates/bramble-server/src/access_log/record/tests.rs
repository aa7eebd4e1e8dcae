use super::*;

/// Marks at these milliseconds.
fn marks(served: Option<u64>, asked: Option<u64>, answered: Option<u64>, ended: u64) -> Marks {
    let start = Instant::now();
    let at = |ms: u64| start + Duration::from_millis(ms);
    let mut marks = Marks::new(Some(at(0)), Some(at(5)), at(10));
    marks.served = served.map(at);
    asked.into_iter().for_each(|ms| marks.asked(at(ms)));
    let waited = Duration::from_millis(3);
    answered.into_iter().for_each(|ms| marks.answered(at(ms), None, waited));
    marks.sending = marks.sending_before;
    marks.took_us = Some((ended - 10) * 1000);
    marks
}

/// Each phase in milliseconds: accept, head, queue, connect, first byte, body, client.
#[track_caller]
fn check(marks: &Marks, at_backends: bool, expected: [u64; 7]) {
    let times = marks.times(at_backends);
    let Times { accept_us, head_us, queue_us, connect_us, first_byte_us, body_us, .. } = times;
    let all = [accept_us, head_us, queue_us, connect_us, first_byte_us, body_us, times.client_us];
    assert_eq!(all.map(|us| us / 1000), expected);
    assert_eq!(all[1..].iter().sum::<u64>(), times.total_us, "the phases are all of it");
}

#[test]
fn the_phases_of_a_request_that_was_passed_on() {
    let mut marks = marks(None, Some(20), Some(50), 90);
    marks.reading = Duration::from_millis(15);
    check(&marks, true, [5, 5, 0, 10, 27, 25, 18]);
}

#[test]
fn the_phases_of_an_answer_of_our_own() {
    let mut marks = marks(Some(30), None, None, 40);
    marks.reading = Duration::from_millis(4);
    check(&marks, false, [5, 5, 20, 0, 0, 6, 4]);
}

#[test]
fn what_did_not_end_is_where_the_rest_was_spent() {
    check(&marks(None, None, None, 40), true, [5, 5, 0, 30, 0, 0, 0]);
    check(&marks(None, Some(20), None, 40), true, [5, 5, 0, 10, 20, 0, 0]);
}

#[test]
fn waits_are_not_longer_than_the_phase_that_they_are_taken_from() {
    let mut marks = marks(None, Some(20), Some(22), 23);
    marks.reading = Duration::from_secs(9);
    check(&marks, true, [5, 5, 0, 10, 0, 0, 3]);
}

#[test]
fn another_backend_may_have_answered_than_was_asked_last() {
    let mut marks = marks(None, Some(60), None, 90);
    let first = marks.read + Duration::from_millis(10);
    marks.answered(first, Some((first, Duration::from_millis(50))), Duration::ZERO);
    check(&marks, true, [5, 5, 0, 10, 50, 20, 0]);
}

#[test]
fn phases_are_never_longer_than_all_of_it() {
    check(&marks(Some(50), Some(60), Some(70), 30), true, [5, 5, 40, 0, 0, 0, 0]);
    check(&marks(None, Some(60), Some(70), 30), true, [5, 5, 0, 20, 0, 0, 0]);
    check(&marks(None, Some(20), Some(70), 40), true, [5, 5, 0, 10, 17, 0, 3]);
}
