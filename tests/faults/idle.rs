//! Fault 4: workers close connections that were idle for a moment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bramble_tests::{Backend, Caller, Folder, PATIENCE};

use crate::chance::Chance;
use crate::front::Who;
use crate::load::Load;
use crate::report::Report;
use crate::{ledger, ms, pages, with_and_without_checks};

/// Serves pages and writes orders down.
pub fn serve(caller: &mut Caller, written_to: &Path) {
    if caller.request.start.starts_with("POST ") {
        let order = caller.body();
        ledger::write_down(written_to, &order);
        return caller.respond(200, &pages::receipt(&order));
    }
    let page = pages::page(caller.target());
    caller.respond(200, &page);
}

/// Closes a connection that is idle for 20 to 150 ms, each time another.
fn hasty(seed: u64, ledger: PathBuf) -> Backend {
    let chance = Mutex::new(Chance::new(seed));
    Backend::start(move |caller| {
        caller.wire().patience(PATIENCE);
        serve(caller, &ledger);
        let patience = chance.lock().unwrap().ms(20..150);
        caller.wire().patience(patience);
    })
}

fn idle(who: Who, checks: Option<&str>) -> Report {
    let folder = Folder::empty();
    let ledger = folder.join("ledger");
    let workers: Vec<_> = (0..4).map(|seed| hasty(seed, ledger.clone())).collect();
    let addresses: Vec<SocketAddr> = workers.iter().map(Backend::address).collect();
    let front = who.before(&addresses, checks);
    let visits = Load::lasting(ms(10_000)).with_posts(9).run(front.address(), |_| {});
    let connections: usize = workers.iter().map(Backend::connections).sum();
    let mut report = Report::new(who, checks, "4: workers close idle ones");
    report.none_failed("GETs", &visits.gets(), 960);
    report.none_failed("POSTs", &visits.posts(), 120);
    report.none_twice(&visits.posts(), &ledger, 120);
    report.tell("connections", format!("{connections} for {} requests", visits.count()));
    report.latency(&visits);
    report
}

#[test]
#[ignore = "long: 20 s of load"]
fn workers_that_close_idle_connections_cost_nothing() {
    with_and_without_checks("/note.html", idle);
}
