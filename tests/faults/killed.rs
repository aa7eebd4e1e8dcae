//! Fault 1: a worker is killed and returns, again and again.

use std::time::Instant;

use bramble_tests::Folder;

use crate::front::Who;
use crate::load::Load;
use crate::report::Report;
use crate::worker::{Worker, addresses};
use crate::{ms, sleep_until, with_and_without_checks};

/// One dies each second and is back half a second later.
fn kill_in_turn(workers: &mut [Worker], start: Instant) {
    for second in 0..9_usize {
        let worker = &mut workers[second % 4];
        let at = start + ms(1000) * u32::try_from(second).unwrap();
        sleep_until(at + ms(400));
        worker.kill();
        sleep_until(at + ms(900));
        worker.start_again();
    }
}

fn killed_workers(who: Who, checks: Option<&str>) -> Report {
    let mut workers: Vec<_> = (0..4).map(|_| Worker::files()).collect();
    let front = who.before(&addresses(&workers), checks);
    let load = Load::lasting(ms(10_000));
    let visits = load.run(front.address(), |start| kill_in_turn(&mut workers, start));
    let mut report = Report::new(who, checks, "1: a worker is killed");
    report.none_failed("GETs", &visits, 960);
    report.latency(&visits);
    report
}

fn killed_apps(who: Who, checks: Option<&str>) -> Report {
    let folder = Folder::empty();
    let ledger = folder.join("ledger");
    let mut workers: Vec<_> = (0..4).map(|_| Worker::app(&ledger, 10)).collect();
    let front = who.before(&addresses(&workers), checks);
    let load = Load::lasting(ms(10_000)).with_posts(9);
    let visits = load.run(front.address(), |start| kill_in_turn(&mut workers, start));
    let mut report = Report::new(who, checks, "1: an app is killed");
    report.none_failed("GETs", &visits.gets(), 960);
    report.none_twice(&visits.posts(), &ledger, 60);
    report.latency(&visits);
    report
}

#[test]
#[ignore = "long: 20 s of load"]
fn a_worker_that_is_killed_and_returns_costs_no_get() {
    with_and_without_checks("/note.html", killed_workers);
}

#[test]
#[ignore = "long: 20 s of load"]
fn an_app_that_is_killed_and_returns_costs_no_get_and_repeats_no_post() {
    with_and_without_checks("/note.html", killed_apps);
}
