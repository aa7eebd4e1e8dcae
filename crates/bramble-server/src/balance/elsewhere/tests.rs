use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::balance::{Candidate, InFlight, Report, Standing};
use crate::lanes::Lanes;

/// What others are believed to have of a backend that has reported so many requests while we had
/// `own` of them.
fn check(in_flight: u32, own: u64, expected: f64) {
    let begin = Instant::now();
    let standing = Standing::new(begin);
    standing.reported(Report { in_flight, ..Report::default() }, own, begin);
    assert_eq!(elsewhere(&standing, begin), expected);
}

fn elsewhere(standing: &Standing, now: Instant) -> f64 {
    let mut candidate = Candidate::default();
    standing.add_elsewhere(&mut candidate, standing.ns(now));
    candidate.elsewhere
}

/// What there is of ours and of others, rounded.
fn waiting(standing: &Standing, now: Instant) -> u32 {
    let mut candidate = Candidate { waiting: standing.waiting(), ..Candidate::default() };
    standing.add_elsewhere(&mut candidate, standing.ns(now));
    candidate.waiting + candidate.elsewhere.round() as u32
}

/// A request that went out.
fn sent(standing: &Rc<Standing>, is_whole: bool) -> InFlight {
    let request = standing.begin(is_whole);
    request.is_sent();
    request
}

#[test]
fn what_is_not_ours_is_others() {
    check(5, 0, 5.0);
    check(5, 2, 3.0);
    check(2, 5, 0.0);
    check(u32::MAX, u64::MAX, 0.0);
}

#[test]
fn the_last_word_fades_into_the_mean() {
    let begin = Instant::now();
    let standing = Standing::new(begin);
    standing.reported(Report { in_flight: 10, ..Report::default() }, 0, begin);
    standing.reported(Report::default(), 0, begin);
    // The mean is 9 now.
    for (after_ms, expected) in [(0, 0), (100, 6), (500, 9), (1_999, 9), (2_001, 0)] {
        let now = begin + Duration::from_millis(after_ms);
        assert_eq!(elsewhere(&standing, now).round() as i32, expected, "{after_ms} ms");
    }
}

#[test]
fn what_we_have_there_now_comes_on_top() {
    let begin = Instant::now();
    let standing = Rc::new(Standing::new(begin));
    let _one = sent(&standing, true);
    assert!(!standing.elsewhere().is_known());
    standing.reported(Report { in_flight: 3, ..Report::default() }, 1, begin);
    assert!(standing.elsewhere().is_known());
    let _two = sent(&standing, true);
    assert_eq!(waiting(&standing, begin), 4);
}

#[test]
fn cores_see_each_others_requests() {
    let begin = Instant::now();
    let lanes = Lanes::of(2, None);
    let [here, there] = [0, 1].map(|own| {
        let standing = Rc::new(Standing::new(begin));
        standing.join(&lanes, own);
        standing
    });
    let whole = sent(&there, true);
    let upload = sent(&there, false);
    assert_eq!((waiting(&here, begin), waiting(&there, begin)), (1, 1));
    upload.is_whole(begin);
    assert_eq!(waiting(&here, begin), 2);
    whole.begun(None, begin);
    assert_eq!(waiting(&here, begin), 1);
    drop((whole, upload));
    assert_eq!(waiting(&here, begin), 0);
}

#[test]
fn what_other_cores_have_there_is_none_of_other_balancers() {
    let begin = Instant::now();
    let lanes = Lanes::of(2, None);
    let [here, there] = [0, 1].map(|own| {
        let standing = Rc::new(Standing::new(begin));
        standing.join(&lanes, own);
        standing
    });
    let _theirs = sent(&there, true);
    let _ours = sent(&here, true);
    here.reported(Report { in_flight: 5, ..Report::default() }, 1, begin);
    // One here, one there, three of others.
    assert_eq!(waiting(&here, begin), 5);
}

#[test]
fn requests_stay_counted_when_there_are_more_cores() {
    let begin = Instant::now();
    let alone = Rc::new(Standing::new(begin));
    alone.join(&Lanes::of(1, None), 0);
    assert!(!alone.elsewhere().is_known());
    let _one = sent(&alone, true);
    let (two, other) = (Lanes::of(2, None), Rc::new(Standing::new(begin)));
    alone.join(&two, 0);
    other.join(&two, 1);
    assert_eq!(waiting(&other, begin), 1);
}

/// What is left of the free slots that were reported with one request of ours begun since, some
/// seconds later.
fn check_slots(in_flight: u32, free: u32, after_s: u64, expected: Option<u32>) {
    let begin = Instant::now();
    let standing = Rc::new(Standing::new(begin));
    let _before = sent(&standing, true);
    let report = Report { in_flight, free: Some(free), ..Report::default() };
    standing.reported(report, 1, begin);
    let _since = sent(&standing, true);
    let mut candidate = Candidate { waiting: standing.waiting(), ..Candidate::default() };
    standing.add_elsewhere(&mut candidate, standing.ns(begin + Duration::from_secs(after_s)));
    assert_eq!(candidate.slots, expected);
}

#[test]
fn free_slots_are_good_for_ten_seconds() {
    check_slots(3, 5, 0, Some(4));
    check_slots(3, 5, 9, Some(4));
    check_slots(3, 5, 11, None);
    check_slots(3, 0, 0, Some(0));
}

#[test]
fn a_quarter_of_the_idle_is_used() {
    check_slots(0, 16, 0, Some(3));
    check_slots(0, 8, 0, Some(1));
    check_slots(1, 16, 0, Some(15));
}

#[test]
fn an_answer_leaves_its_slot() {
    let begin = Instant::now();
    let standing = Rc::new(Standing::new(begin));
    let before = sent(&standing, true);
    standing.reported(Report { in_flight: 1, free: Some(0), ..Report::default() }, 1, begin);
    before.begun(None, begin);
    let mut candidate = Candidate { waiting: standing.waiting(), ..Candidate::default() };
    standing.add_elsewhere(&mut candidate, standing.ns(begin));
    assert_eq!(candidate.slots, Some(1));
}
