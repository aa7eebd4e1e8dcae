//! Fault 3: a worker hangs. It is stopped by a signal: its kernel still takes connections and
//! requests for it, and nothing comes back until it goes on.

use std::time::Instant;

use bramble_tests::Folder;
use rustix::process::Signal;

use crate::front::Who;
use crate::load::Load;
use crate::report::{Report, shown};
use crate::visits::Visits;
use crate::worker::{Worker, addresses};
use crate::{ms, sleep_until, with_and_without_checks};

/// Peers take 2.0 s to get over it.
const PEERS_MS: u64 = 2000;

fn hang(worker: &Worker, start: Instant) {
    sleep_until(start + ms(2000));
    worker.signal(Signal::STOP);
    sleep_until(start + ms(6000));
    worker.signal(Signal::CONT);
}

fn judge(report: &mut Report, gets: &Visits) {
    report.none_failed("GETs", gets, 960);
    report.time("slowest GET", gets.within(1.0), ms(1000), ms(PEERS_MS));
    let hanging = gets.between(ms(2000), ms(6000));
    report.tell("of those while it hangs", slower_than(&hanging, 100));
    report.tell("", slower_than(&hanging, 500));
    report.latency(gets);
}

fn slower_than(visits: &Visits, limit_ms: u64) -> String {
    let slow = visits.slower_than(ms(limit_ms));
    format!("{slow} of {} took more than {limit_ms} ms", visits.count())
}

fn hanging_worker(who: Who, checks: Option<&str>) -> Report {
    let workers: Vec<_> = (0..4).map(|_| Worker::files()).collect();
    let front = who.before(&addresses(&workers), checks);
    let visits = Load::lasting(ms(9000)).run(front.address(), |start| hang(&workers[1], start));
    let mut report = Report::new(who, checks, "3: a worker hangs");
    judge(&mut report, &visits);
    report
}

fn hanging_app(who: Who, checks: Option<&str>) -> Report {
    let folder = Folder::empty();
    let ledger = folder.join("ledger");
    let workers: Vec<_> = (0..4).map(|_| Worker::app(&ledger, 10)).collect();
    let front = who.before(&addresses(&workers), checks);
    let load = Load::lasting(ms(9000)).with_posts(9);
    let visits = load.run(front.address(), |start| hang(&workers[1], start));
    let mut report = Report::new(who, checks, "3: an app hangs");
    judge(&mut report, &visits.gets());
    report.none_twice(&visits.posts(), &ledger, 60);
    // It can't be sent again: it waits for its worker.
    report.tell("slowest POST", shown(visits.posts().within(1.0)));
    report
}

#[test]
#[ignore = "long: 20 s of load"]
fn a_worker_that_hangs_costs_no_get() {
    with_and_without_checks("/note.html", hanging_worker);
}

#[test]
#[ignore = "long: 20 s of load"]
fn an_app_that_hangs_costs_no_get_and_repeats_no_post() {
    with_and_without_checks("/note.html", hanging_app);
}
