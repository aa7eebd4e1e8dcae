use super::*;

/// Marks at these milliseconds.
fn marks(served: Option<u64>, asked: Option<u64>, answered: Option<u64>) -> Marks {
    let start = Instant::now();
    let at = |ms: u64| start + Duration::from_millis(ms);
    let arrival = Arrival { accepted: Some(at(0)), began: Some(at(5)), read: at(10) };
    let mut marks = Marks::new(&arrival);
    served.into_iter().for_each(|ms| marks.served(at(ms)));
    asked.into_iter().for_each(|ms| marks.asked(at(ms)));
    let waited = Duration::from_millis(if answered.is_some() { 3 } else { 0 });
    answered.into_iter().for_each(|ms| marks.answered(at(ms), None, waited));
    marks.sending = waited;
    marks
}

/// Each phase in milliseconds, of a request that ended then: accept, head, queue, connect, first
/// byte, body, client, the last of which had so long a wait for the client to read.
#[track_caller]
fn check(marks: &Marks, at_backends: bool, ended: u64, reading: u64, expected: [u64; 7]) {
    let took_us = Some((ended - 10) * 1000);
    let ended = Ended { took_us, reading: Duration::from_millis(reading) };
    let times = marks.times(&ended, at_backends);
    let Times { accept_us, head_us, queue_us, connect_us, first_byte_us, body_us, .. } = times;
    let all = [accept_us, head_us, queue_us, connect_us, first_byte_us, body_us, times.client_us];
    assert_eq!(all.map(|us| us / 1000), expected);
    assert_eq!(all[1..].iter().sum::<u64>(), times.total_us, "the phases are all of it");
}

#[test]
fn the_phases_of_a_request_that_was_passed_on() {
    let marks = marks(None, Some(20), Some(50));
    check(&marks, true, 90, 15, [5, 5, 0, 10, 27, 25, 18]);
}

#[test]
fn the_phases_of_an_answer_of_our_own() {
    let marks = marks(Some(30), None, None);
    check(&marks, false, 40, 4, [5, 5, 20, 0, 0, 6, 4]);
}

#[test]
fn what_did_not_end_is_where_the_rest_was_spent() {
    check(&marks(None, None, None), true, 40, 0, [5, 5, 0, 30, 0, 0, 0]);
    check(&marks(None, Some(20), None), true, 40, 0, [5, 5, 0, 10, 20, 0, 0]);
}

#[test]
fn what_is_not_known_to_have_ended_ends_now() {
    let read = Instant::now() - Duration::from_secs(1);
    let mut marks = Marks::new(&Arrival { accepted: None, began: None, read });
    marks.served(read + Duration::from_millis(600));
    let times = marks.times(&Ended { took_us: None, reading: Duration::ZERO }, false);
    assert!(times.queue_us == 600_000 && times.body_us >= 400_000, "{times:?}");
}

#[test]
fn waits_are_not_longer_than_the_phase_that_they_are_taken_from() {
    let marks = marks(None, Some(20), Some(22));
    check(&marks, true, 23, 9000, [5, 5, 0, 10, 0, 0, 3]);
}

#[test]
fn another_backend_may_have_answered_than_was_asked_last() {
    let mut marks = marks(None, Some(60), None);
    let first = marks.ready + Duration::from_millis(10);
    marks.answered(first, Some((first, Duration::from_millis(50))), Duration::ZERO);
    check(&marks, true, 90, 0, [5, 5, 0, 10, 50, 20, 0]);
}

#[test]
fn another_try_undoes_an_answer() {
    let mut marks = marks(None, Some(20), Some(30));
    marks.sending = Duration::ZERO;
    marks.asked(marks.ready + Duration::from_millis(50));
    check(&marks, true, 90, 0, [5, 5, 0, 50, 30, 0, 0]);
}

#[test]
fn phases_are_never_longer_than_all_of_it() {
    check(&marks(Some(50), Some(60), Some(70)), true, 30, 0, [5, 5, 40, 0, 0, 0, 0]);
    check(&marks(None, Some(60), Some(70)), true, 30, 0, [5, 5, 0, 20, 0, 0, 0]);
    check(&marks(None, Some(20), Some(70)), true, 40, 0, [5, 5, 0, 10, 17, 0, 3]);
}
