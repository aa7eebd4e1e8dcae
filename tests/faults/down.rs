//! Fault 7: all workers are down, and then the first is up again.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{Answer, Backend, Client, Folder};

use crate::front::Who;
use crate::report::Report;
use crate::{idle, ms, with_and_without_checks};

/// Asks on a connection of its own; the answer and how long it took.
fn ask(address: SocketAddr) -> (Answer, Duration) {
    let start = Instant::now();
    let answer = Client::connect(address).get("/note.html");
    (answer, start.elapsed())
}

/// A page in words, and when to come again.
fn is_helpful(answer: &Answer) -> bool {
    let is_page = answer.field("Content-Type").is_some_and(|kind| kind.starts_with("text/html"));
    let after = answer.field("Retry-After").and_then(|after| after.parse::<u32>().ok());
    answer.status == 503 && is_page && !answer.bytes().is_empty() && after.is_some()
}

/// How long after `start` the first 200 came.
fn first_success(address: SocketAddr, start: Instant) -> Duration {
    while ask(address).0.status != 200 {
        assert!(start.elapsed() < Duration::from_secs(30), "no 200 within 30 s");
        thread::sleep(ms(5));
    }
    start.elapsed()
}

fn down(who: Who, checks: Option<&str>) -> Report {
    let folder = Folder::empty();
    let ledger = folder.join("ledger");
    let worker = |_| {
        let ledger = ledger.clone();
        Backend::start(move |caller| idle::serve(caller, &ledger))
    };
    let mut workers: Vec<_> = (0..4).map(worker).collect();
    let addresses: Vec<SocketAddr> = workers.iter().map(Backend::address).collect();
    let front = who.before(&addresses, checks);
    let (mut slowest, mut helpful, mut back) = (Duration::ZERO, 0, Vec::new());
    for round in 0..3 {
        workers.iter_mut().for_each(Backend::stop);
        for _ in 0..40 {
            let (answer, took) = ask(front.address());
            slowest = slowest.max(took);
            helpful += usize::from(is_helpful(&answer));
            thread::sleep(ms(50));
        }
        workers[round].listen();
        back.push(first_success(front.address(), Instant::now()));
        let others = workers.iter_mut().enumerate().filter(|(i, _)| *i != round);
        others.for_each(|(_, worker)| worker.listen());
    }
    let mut report = Report::new(who, checks, "7: all are down, then up");
    let figure = format!("{helpful} of 120 are 503 + Retry-After + page");
    report.must("while down", figure, "120 of 120", helpful == 120);
    report.time("slowest 503", slowest, ms(100), ms(1000));
    for time in back {
        report.time("first 200", time, ms(500), ms(2000));
    }
    report
}

#[test]
fn when_all_are_down_it_is_said_at_once_and_the_first_to_return_is_seen_at_once() {
    with_and_without_checks("/note.html", down);
}
