//! Fault 2: three of four workers come and go all the time.

use std::time::Instant;

use bramble_tests::{Client, Folder};

use crate::chance::Chance;
use crate::front::Who;
use crate::load::Load;
use crate::report::Report;
use crate::worker::{Worker, addresses};
use crate::{alone, ms, sleep_until, with_and_without_checks};

/// Up and down for 0.1 to 0.5 s each, for `lasting`.
fn flap(worker: &mut Worker, chance: &mut Chance, start: Instant, lasting: std::time::Duration) {
    let mut at = start;
    while at < start + lasting {
        at += chance.ms(100..500);
        sleep_until(at);
        worker.kill();
        at += chance.ms(100..500);
        sleep_until(at);
        worker.start_again();
    }
}

fn flapping(who: Who, checks: Option<&str>) -> Report {
    let folder = Folder::empty();
    let ledger = folder.join("ledger");
    let mut workers: Vec<_> = (0..4).map(|_| Worker::app(&ledger, 4)).collect();
    let front = who.before(&addresses(&workers), checks);
    let load = Load::lasting(ms(10_000)).with_posts(9);
    let visits = load.run(front.address(), |start| {
        std::thread::scope(|scope| {
            for (i, worker) in (1..).zip(workers.iter_mut().skip(1)) {
                scope.spawn(move || flap(worker, &mut Chance::new(i), start, ms(9000)));
            }
        });
    });
    let mut report = Report::new(who, checks, "2: three of four flap");
    report.none_failed("GETs", &visits.gets(), 960);
    report.none_twice(&visits.posts(), &ledger, 60);
    report.time("p99 of GETs", visits.gets().within(0.99), ms(50), ms(250));
    report.latency(&visits);
    report
}

#[test]
#[ignore = "long: 20 s of load"]
fn three_of_four_workers_that_flap_cost_no_get() {
    with_and_without_checks("/note.html", flapping);
}

/// What makes flapping cost a request: several that are down and not yet known to be.
#[test]
fn whoever_is_up_answers_however_many_are_down() {
    let _alone = alone();
    let folder = Folder::empty();
    let mut workers: Vec<_> = (0..4).map(|_| Worker::app(&folder.join("ledger"), 0)).collect();
    for dead in 0..3 {
        workers[dead].kill();
        let front = Who::Bramble.before(&addresses(&workers), None);
        for i in 0..4 {
            let answer = Client::connect(front.address()).get("/note.html");
            assert_eq!(answer.status, 200, "request {i} with {} down", dead + 1);
        }
    }
}
