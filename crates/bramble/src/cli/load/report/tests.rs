use std::time::Duration;

use bramble_load::{Failures, LoadReport, Model, Options, Think, run_blocking};

use super::text;

/// A run in which nobody answered, with figures that do not hang on the machine.
fn refused(model: Model) -> LoadReport {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", taken.local_addr().unwrap());
    drop(taken);
    let options = Options::new(url.parse().unwrap(), model, Duration::from_millis(10));
    let report = run_blocking(options, std::future::pending(), |_| {}).unwrap();
    let failures = Failures { connect: 1_200, timeout: 3, ..Failures::default() };
    LoadReport { requests: 1_203, failed: 1_203, failures, ..report }
}

#[test]
fn failures_are_told_by_kind_and_figures_without_answers_are_not_zero() {
    let report = refused(Model::Closed { users: 2, think: Think::None });
    let text = text(&report);
    assert!(text.starts_with("2 users, no pause\n"), "{text}");
    assert!(text.contains("  1,200 not connected, 3 timed out\n"), "{text}");
    assert!(text.contains("availability  0.000 %"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("p99 ") && line.ends_with(" -")), "{text}");
    assert!(text.contains(&report.explanation), "{text}");
}

#[test]
fn each_model_says_what_it_is_and_what_its_latency_counts_from() {
    let open = Model::Open { rate_per_s: 40.0, poisson: true, max_connections: 8 };
    let open = text(&refused(open));
    assert!(open.starts_with("40/s in random gaps, 8 connections at most\n"), "{open}");
    assert!(open.contains("from when it was due"), "{open}");
    let closed = text(&refused(Model::Closed { users: 1, think: Think::Siege { max_s: 1 } }));
    assert!(closed.starts_with("1 users, pauses of 0 to 1 whole seconds\n"), "{closed}");
    assert!(closed.contains("from request"), "{closed}");
}
