use super::{Arrival, Outcome, Span, Visit};

const ALL: Span = Span(0.0, 10.0);

/// A hundred visits a second for 10 s, each as it is said for its time.
fn visits(of: impl Fn(f64) -> (f64, u16)) -> Outcome {
    let visit = |index: u32| {
        let planned_s = f64::from(index) / 100.0;
        let (took_ms, status) = of(planned_s);
        Visit { planned_s, late_ms: 0.0, took_ms, status }
    };
    let visits = (0..1000).map(visit).collect();
    Outcome { visits, arrivals: Vec::new(), patience_ms: 1000.0 }
}

/// A hundred arrivals a second, of which every `n`th goes to the first worker.
fn arrivals(nth: impl Fn(f64) -> u32) -> Outcome {
    let arrival = |index: u32| {
        let at_s = f64::from(index) / 100.0;
        Arrival { at_s, is_first: index.is_multiple_of(nth(at_s)) }
    };
    let arrivals = (0..1000).map(arrival).collect();
    Outcome { visits: Vec::new(), arrivals, patience_ms: 1000.0 }
}

fn near(found: f64, wanted: f64, by: f64) {
    assert!((found - wanted).abs() <= by, "{found} is not {wanted}");
}

#[test]
fn who_fails_waits_as_long_as_patience_lasts() {
    let outcome = visits(|at| if at < 0.2 { (1.0, 503) } else { (10.0, 200) });
    near(outcome.failed(ALL), 0.02, 1e-9);
    near(outcome.waited_ms(ALL, 0.99), 1000.0, 1e-9);
    near(outcome.waited_ms(ALL, 0.98), 10.0, 1e-9);
    near(outcome.admitted_ms(ALL, 0.99), 10.0, 1e-9);
    near(outcome.good_per_s(ALL), 98.0, 1e-9);
}

#[test]
fn where_nobody_is_admitted_the_wait_is_no_short_one() {
    let outcome = visits(|_| (1.0, 503));
    near(outcome.admitted_ms(ALL, 0.99), 1000.0, 1e-9);
}

#[test]
fn a_share_settles_when_it_stays_low() {
    let outcome = arrivals(|at| if at < 3.0 { 8 } else { 100 });
    near(outcome.share(Span(0.0, 3.0)), 0.125, 0.005);
    near(outcome.settled_s(Span(2.0, 10.0), 0.05), 0.8, 0.25);
    near(outcome.settled_s(Span(4.0, 10.0), 0.05), 0.0, 1e-9);
}

#[test]
fn a_share_returns_or_takes_all_the_time() {
    let outcome = arrivals(|at| if at < 7.0 { 100 } else { 8 });
    near(outcome.returned_s(Span(5.0, 10.0), 0.0625), 2.3, 0.25);
    near(outcome.returned_s(Span(0.0, 6.0), 0.0625), 6.0, 1e-9);
}

#[test]
fn it_is_calm_when_nobody_fails_or_waits() {
    let before = Span(0.0, 2.0);
    let slow = visits(|at| if (2.0..5.5).contains(&at) { (30.0, 200) } else { (10.0, 200) });
    near(slow.calm_s(before, Span(5.0, 10.0)), 0.5, 0.1);
    let failing = visits(|at| (10.0, if (2.0..6.5).contains(&at) { 503 } else { 200 }));
    near(failing.calm_s(before, Span(5.0, 10.0)), 1.5, 0.1);
    near(failing.calm_s(before, Span(8.0, 10.0)), 0.0, 1e-9);
}
