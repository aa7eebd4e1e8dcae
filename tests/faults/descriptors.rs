//! Fault 19: the balancer runs out of descriptors.
//!
//! Once it knows from the start how few there are, and once they are taken from it while it runs,
//! which is what happens when something else in the process or on the host wants them.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use bramble_tests::{
    Address, Backend, Client, Config, Folder, PATIENCE, Program, bramble_binary, eventually,
};

use crate::front::Who;
use crate::report::{Report, shown};
use crate::{alone, idle, ms, pages};

const DESCRIPTORS: u64 = 256;
const CROWD: usize = 400;
/// Who come after the crowd: as many as there are places for, at two descriptors each.
const LATER: usize = 80;
const PATH: &str = "/note.html";

fn workers(folder: &Folder) -> Vec<Backend> {
    let ledger = folder.join("ledger");
    let worker = |_| {
        let ledger = ledger.clone();
        Backend::start(move |caller| idle::serve(caller, &ledger))
    };
    (0..4).map(worker).collect()
}

/// How many of these get their page.
fn served(clients: &mut [Client]) -> usize {
    let ask = |client: &mut Client| {
        client.wire().patience(ms(1000));
        let answer = client.send(bramble_tests::get(PATH)).try_answer();
        answer.is_ok_and(|answer| answer.bytes() == pages::page(PATH).as_bytes())
    };
    clients.iter_mut().map(ask).filter(|served| *served).count()
}

/// The same, by visitors who come anew where their connection was closed, as browsers do: a place
/// that only waits may be given to another.
fn served_again(clients: &mut [Client], address: SocketAddr) -> usize {
    let visit = |client: &mut Client| {
        let stays = served(std::slice::from_mut(client)) == 1;
        if !stays {
            *client = Client::connect(address);
        }
        stays || served(std::slice::from_mut(client)) == 1
    };
    clients.iter_mut().map(visit).filter(|served| *served).count()
}

/// Processor time that `program` uses while nothing is asked of it, in percent of one core.
fn busy(program: &Program) -> f64 {
    let (before, start) = (program.cpu_ms(), Instant::now());
    std::thread::sleep(ms(2000));
    #[allow(clippy::cast_precision_loss)] // Some milliseconds.
    let used = (program.cpu_ms() - before) as f64;
    used / 10.0 / start.elapsed().as_secs_f64()
}

/// How long after `start` a new connection is served.
fn recovery(address: SocketAddr, start: Instant) -> Duration {
    eventually("it serves again", || served(&mut [Client::connect(address)]) == 1);
    start.elapsed()
}

/// A crowd comes, stays and goes, while some who came before go on.
fn exhaust(report: &mut Report, address: SocketAddr, program: &Program) {
    let mut early: Vec<_> = (0..10).map(|_| Client::connect(address)).collect();
    assert_eq!(served(&mut early), early.len(), "before the crowd");
    let crowd: Vec<_> = (0..CROWD).map(|_| Client::connect(address)).collect();
    std::thread::sleep(ms(300));
    let idle = busy(program);
    report.must("busy while full", format!("{idle:.1} %"), "<= 5 % (fails at 25)", idle < 25.0);
    let during: usize = (0..10).map(|_| served_again(&mut early, address)).sum();
    report.must("those who were there", format!("{during} of 100 served"), "100", during == 100);
    let start = Instant::now();
    drop(crowd);
    let took = recovery(address, start);
    report.time("new ones, crowd gone", took, ms(1000), PATIENCE);
    let mut fresh: Vec<_> = (0..LATER).map(|_| Client::connect(address)).collect();
    let after = served(&mut fresh);
    let (figure, goal) = (format!("{after} of {LATER} served"), LATER.to_string());
    report.must("after the crowd", figure, &goal, after == LATER);
    report.tell("processor time", shown(ms(program.cpu_ms())));
}

#[test]
fn without_descriptors_it_accepts_no_more_and_recovers() {
    let _alone = alone();
    let folder = Folder::empty();
    let workers = workers(&folder);
    let config = Config::balancer(&workers.iter().collect::<Vec<_>>());
    let mut bramble = config.run_with_open_files(DESCRIPTORS);
    let address = bramble.address();
    let mut report = Report::new(Who::Bramble, None, "19: descriptors run out, 256 taken from it");
    exhaust(&mut report, address, bramble.program());
    report.end();
}

#[test]
fn with_few_descriptors_from_the_start_it_recovers_too() {
    let _alone = alone();
    let folder = Folder::empty();
    let workers = workers(&folder);
    let address = Address::free();
    let config = Config::balancer(&workers.iter().collect::<Vec<_>>());
    folder.write("bramble.toml", config.text(address.socket()));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {DESCRIPTORS}; exec \"$@\""), "sh"]);
    command.arg(bramble_binary()).args(["run", "--config"]).arg(folder.join("bramble.toml"));
    let program = Program::start_as(command);
    program.log.expect(" listening ");
    let mut report = Report::new(Who::Bramble, None, "19: descriptors run out, 256 from the start");
    exhaust(&mut report, address.socket(), &program);
    report.end();
}
