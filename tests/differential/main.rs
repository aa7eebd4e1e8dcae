//! The same ambiguous messages through bramble and its peers, before judges that are none of ours.
//!
//! ```text
//!  case ──> proxy ──> recorder         requests: what arrives is one message to all judges
//!  client <── proxy <── case           answers: what the client gets is one message to all
//!        └─> httparse, h11, llhttp <─┘
//! ```
//! Seeded: `DIFFERENTIAL=requests/SEED/INDEX` runs one case again and shows what each proxy and
//! each judge made of it; `DIFFERENTIAL_SEED` and `DIFFERENTIAL_CASES` choose others.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // A surprise ends a test.

mod answers;
mod case;
mod client;
mod draft;
mod judges;
mod lane;
mod mutations;
mod peer;
mod recorder;
mod report;
mod requests;
mod rng;
mod verdict;

use std::io::Write;
use std::thread;

use case::Case;
use judges::{Judges, Readings};
use lane::Seen;
use peer::Peer;
use report::Report;

/// One case in so many is passed on, at least.
const LEAST_FORWARDED: usize = 5;

/// Which side of the proxies is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Answers,
    Requests,
}

#[test]
fn what_bramble_passes_on_is_one_message() {
    let mut judges = Judges::httparse_alone();
    for side in [Side::Requests, Side::Answers] {
        let report = run(side, &[Peer::Bramble], number("SEED", 1), 0..240, &mut judges);
        expect_none(&report);
    }
}

#[test]
#[ignore = "needs nginx, HAProxy, Apache, h11 and llhttp, and minutes: cargo xtask test --all"]
fn what_bramble_passes_on_is_one_message_to_three_parsers_beside_its_peers() {
    let mut judges = Judges::all();
    if let Ok(case) = std::env::var("DIFFERENTIAL") {
        return again(&case, &mut judges);
    }
    let (seed, cases) = (number("SEED", 1), number("CASES", 2000));
    let cases = 0..usize::try_from(cases).unwrap();
    let sides = [Side::Requests, Side::Answers];
    let reports = sides.map(|side| run(side, &Peer::ALL, seed, cases.clone(), &mut judges));
    report::write(&reports);
    reports.iter().for_each(Report::print);
    reports.iter().for_each(expect_none);
}

/// Runs one case again and shows all.
fn again(which: &str, judges: &mut Judges) {
    let mut parts = which.split('/');
    let side = match parts.next() {
        Some("answers") => Side::Answers,
        _ => Side::Requests,
    };
    let mut number = || parts.next().and_then(|part| part.parse().ok()).expect("SIDE/SEED/INDEX");
    let (seed, index) = (number(), usize::try_from(number()).unwrap());
    let report = run(side, &Peer::ALL, seed, index..index + 1, judges);
    let case = &report.cases[0];
    let mut out = std::io::stderr();
    let _ = writeln!(out, "{} ({:?}) {}", case.kind, case.asked, case::shown(&case.bytes));
    for (name, reading) in &side.read(judges, &report.cases)[0] {
        let _ = writeln!(out, "   {name}: {}", reading.shown());
    }
    for peer in Peer::ALL {
        let seen = &side.through(peer, &report.cases)[0];
        let _ = writeln!(out, "{}: {:?} {}", peer.name(), seen.end, case::shown(&seen.received));
        for segment in &seen.segments {
            let _ = writeln!(out, "   backend got {}", case::shown(&segment.bytes));
        }
        report.findings(peer).iter().for_each(|finding| drop(writeln!(out, "{finding}")));
    }
    expect_none(&report);
}

fn number(name: &str, otherwise: u64) -> u64 {
    let set = std::env::var(format!("DIFFERENTIAL_{name}")).ok();
    set.map_or(otherwise, |text| text.parse().expect("a number"))
}

fn run(
    side: Side,
    peers: &[Peer],
    seed: u64,
    indices: std::ops::Range<usize>,
    judges: &mut Judges,
) -> Report {
    let cases: Vec<Case> = indices.map(|index| side.case(seed, index)).collect();
    let sent = side.read(judges, &cases);
    let seen: Vec<(Peer, Vec<Seen>)> = thread::scope(|scope| {
        let runs = peers.iter().map(|peer| (*peer, scope.spawn(|| side.through(*peer, &cases))));
        let runs: Vec<_> = runs.collect();
        runs.into_iter().map(|(peer, run)| (peer, run.join().unwrap())).collect()
    });
    let verdicts = seen.into_iter().map(|(peer, seen)| {
        let verdicts = match side {
            Side::Answers => answers::judge(judges, &cases, &sent, &seen),
            Side::Requests => requests::judge(judges, &cases, &sent, &seen),
        };
        (peer, verdicts)
    });
    let verdicts = verdicts.collect();
    Report { side: side.word(), seed, cases, judges: judges.names(), verdicts }
}

/// No faults; and not because nothing was passed on.
#[track_caller]
fn expect_none(report: &Report) {
    let (cases, forwarded) = (report.cases.len(), report.forwarded(Peer::Bramble));
    assert!(cases == 1 || forwarded * LEAST_FORWARDED >= cases, "only {forwarded} of {cases}");
    let faults = report.faults(Peer::Bramble);
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n\n"));
}

impl Side {
    fn word(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Requests => "requests",
        }
    }

    fn case(self, seed: u64, index: usize) -> Case {
        match self {
            Self::Answers => case::answer(seed, index),
            Self::Requests => case::request(seed, index),
        }
    }

    fn read(self, judges: &mut Judges, cases: &[Case]) -> Vec<Readings> {
        match self {
            Self::Answers => answers::read(judges, cases),
            Self::Requests => requests::read(judges, cases),
        }
    }

    fn through(self, peer: Peer, cases: &[Case]) -> Vec<Seen> {
        match self {
            Self::Answers => lane::answers(peer, cases),
            Self::Requests => lane::requests(peer, cases),
        }
    }
}
