use super::*;
use crate::model::Think;
use crate::options::Connections;
use crate::recorder::Failures;
use responder::{Behaviour, Responder};
use std::future::pending;

mod responder;

fn closed(users: u32, think: Think) -> Model {
    Model::Closed { users, think }
}

fn options(responder: &Responder, model: Model, millis: u64) -> Options {
    let target = format!("http://{}/page", responder.address).parse().unwrap();
    Options::new(target, model, Duration::from_millis(millis))
}

fn report(options: Options) -> LoadReport {
    run_blocking(options, pending(), |_| {}).unwrap()
}

fn run_against(behaviour: Behaviour, model: Model, millis: u64) -> LoadReport {
    report(options(&Responder::start(behaviour), model, millis))
}

/// Whether two figures agree within a share of the second.
fn close(figure: f64, expected: f64, share: f64) -> bool {
    (figure - expected).abs() <= share * expected
}

#[test]
fn closed_rate_is_users_by_think_and_response_time() {
    let behaviour = Behaviour::Delay(Duration::from_millis(15));
    let report = run_against(behaviour, closed(40, Think::Uniform { max_ms: 40 }), 1500);
    let users = report.achieved_per_s * (0.020 + report.mean_ms / 1e3);
    assert!(close(users, 40.0, 0.08), "{users} users in the figures: {report:?}");
    assert_eq!((report.failed, report.availability), (0, 100.0));
    assert!(report.mean_ms >= 15.0 && report.offered_per_s == 2000.0);
}

#[test]
fn littles_law_holds() {
    let behaviour = Behaviour::Delay(Duration::from_millis(10));
    let law = run_against(behaviour, closed(20, Think::Uniform { max_ms: 20 }), 1000).littles_law;
    assert!(close(law.open_mean, law.rate_times_latency, 0.05), "{law:?}");
}

#[test]
fn every_byte_of_head_and_body_is_counted() {
    let responder = Responder::start(Behaviour::Delay(Duration::ZERO));
    let report = report(options(&responder, closed(3, Think::Uniform { max_ms: 4 }), 300));
    assert_eq!(report.failed, 0);
    assert_eq!(report.bytes, report.requests * responder::PAGE.len() as u64);
    assert_eq!(responder.answered(), report.requests);
    assert!(responder.connections() <= 3, "kept alive");
}

#[test]
fn a_connection_a_request() {
    let responder = Responder::start(Behaviour::Delay(Duration::ZERO));
    let mut options = options(&responder, closed(2, Think::Uniform { max_ms: 10 }), 300);
    options.connections = Connections::PerRequest;
    let report = report(options);
    assert_eq!((report.failed, responder.connections()), (0, report.requests));
}

#[test]
fn chunked_and_unbounded_bodies_are_whole_answers() {
    for behaviour in [Behaviour::Chunked, Behaviour::UntilClose, Behaviour::Interim] {
        let report = run_against(behaviour, closed(2, Think::Uniform { max_ms: 10 }), 200);
        assert!(report.failed == 0 && report.requests > 0, "{behaviour:?}: {report:?}");
    }
}

#[test]
fn each_failure_is_called_by_its_name() {
    let check = |behaviour, count: fn(&Failures) -> u64| {
        let responder = Responder::start(behaviour);
        let mut options = options(&responder, closed(2, Think::Uniform { max_ms: 10 }), 300);
        options.timeout = Duration::from_millis(80);
        let report = report(options);
        assert!(report.failed > 0, "{behaviour:?}");
        assert_eq!(count(&report.failures), report.failed, "{behaviour:?}: {report:?}");
        assert_eq!(report.availability, 0.0);
    };
    check(Behaviour::Status503, |failures| failures.status);
    check(Behaviour::CloseAtOnce, |failures| failures.reset);
    check(Behaviour::Truncate, |failures| failures.truncated);
    check(Behaviour::Garbage, |failures| failures.malformed);
    check(Behaviour::Silent, |failures| failures.timeout);
}

#[test]
fn a_kept_connection_that_was_closed_is_a_failure_and_not_tried_again() {
    let responder = Responder::start(Behaviour::CloseAfterAnswer);
    let report = report(options(&responder, closed(1, Think::Uniform { max_ms: 20 }), 400));
    assert!(report.failures.reset > 0 && report.failures.reset == report.failed, "{report:?}");
    assert_eq!(responder.answered(), report.requests - report.failed);
}

#[test]
fn nobody_listens() {
    let model = closed(2, Think::None);
    let report = {
        let responder = Responder::start(Behaviour::Silent);
        let mut options = options(&responder, model, 300);
        options.target.port = 1;
        report(options)
    };
    assert_eq!(report.failures.connect, report.requests);
    assert!((2..=8).contains(&report.requests), "pauses between attempts: {}", report.requests);
}

#[test]
fn what_is_open_at_the_end_has_failed() {
    let responder = Responder::start(Behaviour::Silent);
    let mut options = options(&responder, closed(5, Think::None), 300);
    options.drain = Duration::from_millis(50);
    let report = report(options);
    assert_eq!((report.requests, report.failures.open_at_end), (5, 5));
}

#[test]
fn answers_in_the_drain_count() {
    let responder = Responder::start(Behaviour::Delay(Duration::from_millis(300)));
    let report = report(options(&responder, closed(5, Think::None), 400));
    assert_eq!(report.failed, 0);
    assert!(report.requests > 5, "{}", report.requests);
}

#[test]
fn stop_ends_a_run_early() {
    let responder = Responder::start(Behaviour::Delay(Duration::ZERO));
    let options = options(&responder, closed(2, Think::Uniform { max_ms: 10 }), 60_000);
    let stop = async { tokio::time::sleep(Duration::from_millis(200)).await };
    let report = run_blocking(options, stop, |_| {}).unwrap();
    assert!(report.elapsed_s < 10.0 && report.failed == 0);
}

#[test]
fn progress_is_told_while_it_runs() {
    let responder = Responder::start(Behaviour::Delay(Duration::ZERO));
    let options = options(&responder, closed(2, Think::Uniform { max_ms: 10 }), 900);
    let mut lines = Vec::new();
    let report = run_blocking(options, pending(), |line| lines.push(line.clone())).unwrap();
    assert!(lines.len() >= 2, "{lines:?}");
    assert!(lines.is_sorted_by_key(|line| line.counts.started));
    assert!(lines.iter().all(|line| line.counts.completed <= report.requests));
}

#[test]
fn open_model_sends_its_rate_and_only_that() {
    let model = Model::Open { rate_per_s: 200.0, poisson: false, max_connections: 50 };
    let report = run_against(Behaviour::Delay(Duration::from_millis(2)), model, 1000);
    assert_eq!((report.requests, report.failed, report.offered_per_s), (199, 0, 200.0));
}

#[test]
fn open_model_tells_the_truth_about_a_stall() {
    // Frozen for 300 ms of 1500: a tenth of all requests was due in its first half, so the exact
    // 90th percentile is 150 ms. A closed loop would see one slow answer a connection.
    let freeze =
        Behaviour::Freeze { after: Duration::from_millis(500), lasts: Duration::from_millis(300) };
    let model = Model::Open { rate_per_s: 400.0, poisson: false, max_connections: 4 };
    let report = run_against(freeze, model, 1500);
    assert_eq!((report.requests, report.failed), (599, 0));
    assert!((120.0..=220.0).contains(&report.p90_ms), "{report:?}");
    assert!((280.0..=400.0).contains(&report.max_ms), "{report:?}");
    assert!(report.p50_ms < 50.0, "{report:?}");
}

#[test]
fn open_model_never_opens_more_connections_than_it_may() {
    let responder = Responder::start(Behaviour::Delay(Duration::from_millis(20)));
    let model = Model::Open { rate_per_s: 500.0, poisson: true, max_connections: 3 };
    let report = report(options(&responder, model, 400));
    assert!(responder.connections() <= 3);
    assert_eq!(report.requests, report.failed + responder.answered());
}

#[test]
fn the_warm_up_is_left_out() {
    let responder = Responder::start(Behaviour::Delay(Duration::ZERO));
    let mut options = options(&responder, closed(4, Think::Uniform { max_ms: 10 }), 600);
    options.warm_up = Duration::from_millis(300);
    let report = report(options);
    assert!(report.requests < responder.answered());
    assert!((0.25..=0.6).contains(&report.elapsed_s), "{}", report.elapsed_s);
}

#[test]
fn a_report_survives_json() {
    let report = run_against(Behaviour::Delay(Duration::ZERO), closed(1, Think::None), 50);
    let json = serde_json::to_string(&report).unwrap();
    let back: LoadReport = serde_json::from_str(&json).unwrap();
    assert_eq!((back.requests, &back.model), (report.requests, &report.model));
    assert_eq!(back.explanation, report.explanation);
    assert_eq!(back.series.len(), report.series.len());
}

#[test]
fn a_name_without_address_is_told() {
    // Longer than a name may be, so that no resolver is asked.
    let host = "n".repeat(70);
    let target = format!("http://{host}/").parse().unwrap();
    let options = Options::new(target, closed(1, Think::None), Duration::from_secs(1));
    let error = run_blocking(options, pending(), |_| {}).unwrap_err().to_string();
    assert!(error.contains(&host), "{error}");
}
