//! Fault 6: a worker answers 503 to everybody but its checker.

use std::path::Path;

use bramble_tests::{Backend, Caller, Folder};

use crate::front::Who;
use crate::load::Load;
use crate::report::Report;
use crate::visits::Visits;
use crate::{idle, ms, with_and_without_checks};

fn sick(caller: &mut Caller) {
    match caller.target() {
        "/health" => caller.respond(200, "well"),
        _ => caller.respond(503, "Out of order.\n"),
    }
}

fn well(ledger: &Path) -> Backend {
    let ledger = ledger.to_owned();
    Backend::start(move |caller| idle::serve(caller, &ledger))
}

#[allow(clippy::cast_precision_loss)] // Some thousands.
fn percent(visits: &Visits) -> f64 {
    100.0 * visits.failed() as f64 / visits.count().max(1) as f64
}

fn a_sick_worker(who: Who, checks: Option<&str>) -> Report {
    let folder = Folder::empty();
    let ledger = folder.join("ledger");
    let mut workers: Vec<_> = (0..3).map(|_| well(&ledger)).collect();
    workers.push(Backend::start(sick));
    let addresses: Vec<_> = workers.iter().map(Backend::address).collect();
    let front = who.before(&addresses, checks);
    let visits = Load::lasting(ms(10_000)).with_posts(9).run(front.address(), |_| {});
    let mut report = Report::new(who, checks, "6: a worker answers 503");
    for (what, visits) in [("all", &visits), ("GETs", &visits.gets()), ("POSTs", &visits.posts())] {
        let (failed, percent) = (visits.failed(), percent(visits));
        let figure = format!("{percent:.1} % failed ({failed} of {})", visits.count());
        match what {
            "POSTs" => report.tell(what, figure),
            _ => report.must(what, figure, "<= 1 % (peers 25 %)", percent <= 1.0),
        }
    }
    report.none_twice(&visits.posts(), &ledger, 60);
    report.tell("asked of the sick one", workers[3].count());
    report.latency(&visits);
    report
}

/// Where nobody is well, what they say is what visitors are told.
fn all_sick(who: Who, checks: Option<&str>) -> Report {
    let workers: Vec<_> = (0..4).map(|_| Backend::start(sick)).collect();
    let addresses: Vec<_> = workers.iter().map(Backend::address).collect();
    let front = who.before(&addresses, checks);
    let visits = Load::lasting(ms(2000)).with_posts(9).run(front.address(), |_| {});
    let asked: usize = workers.iter().map(Backend::count).sum();
    let mut report = Report::new(who, checks, "6: all answer 503");
    let as_said = visits.are_all(503);
    report.must("answered with 503", as_said, "all", as_said);
    let figure = format!("{asked} for {} requests", visits.count());
    report.must("asked of workers", figure, "<= 1.5 a request", asked * 2 <= visits.count() * 3);
    report.latency(&visits);
    report
}

#[test]
#[ignore = "long: 20 s of load"]
fn a_worker_that_answers_503_is_left_alone_though_its_checks_pass() {
    with_and_without_checks("/health", a_sick_worker);
}

#[test]
fn when_all_answer_503_that_is_passed_on_and_not_multiplied() {
    with_and_without_checks("/health", all_sick);
}
