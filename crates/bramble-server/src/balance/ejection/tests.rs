use std::time::{Duration, Instant};

use super::{DOUBTS_MAX, Ejection, REST, REST_MAX};

/// A backend and the clock.
struct Bench {
    ejection: Ejection,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self { ejection: Ejection::default(), now: Instant::now() }
    }

    fn doubted() -> Self {
        let mut bench = Self::new();
        bench.doubt(DOUBTS_MAX);
        bench
    }

    fn doubt(&mut self, times: u8) {
        (0..times).for_each(|_| self.ejection.doubt(true, self.now));
    }

    fn is_out(&self) -> bool {
        self.ejection.is_out(self.now, 0)
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    fn begin(&mut self) {
        self.ejection.begin(self.now, 0);
    }
}

#[test]
fn doubts_count_when_they_come_in_a_row() {
    let mut bench = Bench::new();
    bench.doubt(DOUBTS_MAX - 1);
    bench.ejection.good();
    bench.doubt(DOUBTS_MAX - 1);
    assert!(!bench.is_out());
    bench.doubt(1);
    assert!(bench.is_out());
}

#[test]
fn of_one_that_fails_often_only_a_trials_good_answer_counts() {
    let mut bench = Bench::new();
    bench.ejection.failed_often(bench.now);
    bench.ejection.good();
    assert!(bench.is_out(), "it was sent before");
    bench.wait(REST);
    bench.ejection.good();
    bench.begin();
    assert!(bench.is_out(), "on trial");
    bench.ejection.good();
    assert!(!bench.is_out());
}

#[test]
fn nobody_is_ejected_when_too_few_would_be_left() {
    let mut bench = Bench::new();
    (0..100).for_each(|_| bench.ejection.doubt(false, bench.now));
    assert!(!bench.is_out());
    bench.doubt(1);
    assert!(bench.is_out());
}

#[test]
fn after_its_rest_one_request_is_a_trial_and_a_good_answer_ends_it() {
    let mut bench = Bench::doubted();
    bench.wait(REST);
    assert!(!bench.is_out());
    bench.begin();
    assert!(bench.is_out(), "one at a time");
    bench.ejection.good();
    assert!(!bench.is_out());
}

#[test]
fn each_failed_trial_makes_the_rest_longer_up_to_a_limit() {
    let mut bench = Bench::doubted();
    let mut rest = REST;
    for _ in 0..10 {
        bench.wait(rest);
        bench.begin();
        bench.doubt(1);
        rest = (rest * 2).min(REST_MAX);
        bench.wait(rest - Duration::from_millis(1));
        assert!(bench.is_out());
        bench.wait(Duration::from_millis(1));
        assert!(!bench.is_out());
        bench.now -= rest;
    }
    assert_eq!(rest, REST_MAX);
}

#[test]
fn answers_to_what_was_sent_before_change_nothing() {
    let mut bench = Bench::doubted();
    bench.doubt(50);
    bench.wait(REST);
    assert!(!bench.is_out());
}

#[test]
fn a_trial_that_nobody_waited_for_is_followed_by_another() {
    let mut bench = Bench::doubted();
    bench.wait(REST);
    bench.begin();
    bench.wait(REST);
    assert!(!bench.is_out());
}

#[test]
fn a_passed_check_brings_back_what_could_not_be_reached_and_nothing_else() {
    let mut bench = Bench::new();
    bench.ejection.down(bench.now + Duration::from_secs(60), 7);
    assert!(bench.ejection.is_out(bench.now, 7));
    assert!(!bench.ejection.is_out(bench.now, 8));
    bench.ejection.begin(bench.now, 8);
    assert!(!bench.ejection.is_out(bench.now, 8), "not a trial: all may come");
    let doubted = Bench::doubted();
    assert!(doubted.ejection.is_out(doubted.now, 8));
}

#[test]
fn who_is_ejected_by_rule_stays_out_for_all_of_its_time() {
    let mut bench = Bench::new();
    let time = Duration::from_secs(60);
    bench.ejection.eject(bench.now + time);
    bench.ejection.good();
    bench.wait(time - Duration::from_millis(1));
    // Checks do not see what it answers.
    assert!(bench.ejection.is_out(bench.now, 9));
    bench.wait(Duration::from_millis(1));
    assert!(!bench.is_out());
    // An answer to what was sent before says nothing; that of the trial does.
    bench.ejection.good();
    bench.begin();
    assert!(bench.is_out());
    bench.ejection.good();
    assert!(!bench.is_out());
}

#[test]
fn a_trial_that_brings_such_an_answer_again_begins_the_time_anew() {
    let mut bench = Bench::new();
    let time = Duration::from_secs(60);
    bench.ejection.eject(bench.now + time);
    bench.wait(time);
    bench.begin();
    bench.ejection.eject(bench.now + time);
    bench.wait(time - Duration::from_millis(1));
    assert!(bench.is_out());
}
