use super::*;
use proptest::prelude::*;

const PAGE: Result<Answer, Failure> = Ok(Answer { status: 200, bytes: 2_184 });

fn recorder(warm_up_s: u64) -> Recorder {
    Recorder::new(Rc::new(Progress::new()), Duration::from_secs(warm_up_s))
}

fn s(seconds: u64) -> u64 {
    seconds * 1_000_000
}

#[test]
fn a_good_answer() {
    let mut recorder = recorder(0);
    recorder.start(s(1));
    recorder.finish(s(1), s(3), PAGE);
    recorder.close(s(4));
    let tally = recorder.settle(s(4));
    assert_eq!((tally.requests, tally.answered_in_time, tally.bytes), (1, 1, 2_184));
    assert_eq!((tally.latency.mean_ms(), tally.failures.total()), (2_000.0, 0));
    assert_eq!(tally.open_mean, 0.5);
}

#[test]
fn what_was_due_a_while_ago_was_open_since_then() {
    let mut recorder = recorder(0);
    recorder.start(s(2));
    recorder.start(s(1));
    recorder.finish(s(2), s(3), PAGE);
    recorder.finish(s(1), s(3), PAGE);
    recorder.close(s(3));
    assert_eq!(recorder.settle(s(3)).open_mean, 1.0);
}

#[test]
fn errors_of_the_site_are_failures_and_stay_out_of_the_latency() {
    let mut recorder = recorder(0);
    for end in [Ok(Answer { status: 503, bytes: 10 }), Err(Failure::Truncated)] {
        recorder.start(0);
        recorder.finish(0, 5, end);
    }
    recorder.close(10);
    let tally = recorder.settle(10);
    assert_eq!((tally.failures.status, tally.failures.truncated), (1, 1));
    assert_eq!((tally.bytes, tally.latency.len()), (10, 0));
}

#[test]
fn open_at_the_end_is_failed() {
    let mut recorder = recorder(0);
    recorder.start(0);
    recorder.start(0);
    recorder.close(s(1));
    recorder.finish(0, s(2), PAGE);
    let tally = recorder.settle(s(6));
    assert_eq!((tally.requests, tally.failures.open_at_end, tally.latency.len()), (2, 1, 1));
    assert_eq!(tally.answered_in_time, 0, "an answer of the drain is none of the measured time");
}

#[test]
fn the_warm_up_is_not_measured_but_its_failures_are_told() {
    let mut recorder = recorder(2);
    (0..3).for_each(|_| recorder.start(s(1)));
    recorder.finish(s(1), s(1), PAGE);
    recorder.finish(s(1), s(3), Err(Failure::Reset));
    recorder.start(s(3));
    recorder.finish(s(3), s(3), PAGE);
    recorder.close(s(4));
    let tally = recorder.settle(s(4));
    assert_eq!((tally.requests, tally.failures.total(), tally.warm_up_failed), (1, 0, 2));
    // In its two seconds: one of the warm-up's for one, and one for both.
    assert_eq!(tally.open_mean, 1.5);
}

#[derive(Clone, Debug)]
enum Event {
    Start,
    Finish(Result<Answer, Failure>),
}

fn event() -> impl Strategy<Value = Event> {
    let ends = prop_oneof![
        Just(PAGE),
        Just(Ok(Answer { status: 404, bytes: 1 })),
        Just(Err(Failure::Timeout)),
        Just(Err(Failure::Connect)),
    ];
    prop_oneof![Just(Event::Start), ends.prop_map(Event::Finish)]
}

proptest! {
    #[test]
    fn every_request_is_answered_or_failed_once(
        events in prop::collection::vec((event(), 0u64..100_000), 0..200),
        warm_up_s in 0u64..3,
    ) {
        let mut recorder = recorder(warm_up_s);
        let progress = recorder.progress.clone();
        let (mut now, mut open) = (0, Vec::new());
        for (event, gap) in events {
            now += gap;
            match event {
                Event::Start => {
                    recorder.start(now);
                    open.push(now);
                }
                Event::Finish(end) => {
                    if let Some(started) = open.pop() {
                        recorder.finish(started, now, end);
                    }
                }
            }
        }
        recorder.close(now);
        let tally = recorder.settle(now);
        prop_assert_eq!(tally.requests, tally.latency.len() + tally.failures.total());
        prop_assert_eq!(progress.open(), 0);
        let counts = progress.snapshot();
        prop_assert_eq!(counts.started, counts.completed + counts.failed);
    }
}
