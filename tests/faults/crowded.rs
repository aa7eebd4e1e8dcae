//! Fault 17: 15,000 slow visitors, a part each of slow heads, slow bodies and slow readers.
//!
//! Three processes with some 16,000 to 20,000 descriptors each are needed. A slow body takes two of
//! the balancer's: so bodies are for a backend, and what is read slowly is a file of its own.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use bramble_tests::{Address, Backend, Bramble, Config, Folder, Program, eventually};

use crate::front::Who;
use crate::load::Load;
use crate::report::{Report, shown};
use crate::visits::Visits;
use crate::{alone, idle, ms};

/// Slow heads, bodies and readers.
const CROWD: [&str; 3] = ["heads=6000", "bodies=4500", "readers=4500"];
/// Limits on time, short so that the test is.
const TIMES: &str = "[timeouts]\nhead_ms = 10000\nbody_ms = 10000\n";
const DEADLINE: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(10);

/// Descriptors that good visitors may have left behind: connections to workers, kept for more.
const SPARE: usize = 64;

/// What the kernel and the program hold.
#[derive(Clone, Copy)]
struct Held {
    rss_kib: u64,
    sockets_kib: u64,
    descriptors: usize,
}

impl Held {
    fn by(program: &Program) -> Self {
        let id = program.id();
        Self {
            rss_kib: number(&format!("/proc/{id}/status"), "VmRSS:", 0),
            // In pages of 4 KiB, of this whole host.
            sockets_kib: 4 * number("/proc/net/sockstat", "TCP:", 9),
            descriptors: std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count(),
        }
    }
}

/// The number at this place behind a word.
fn number(file: &str, word: &str, place: usize) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let rest = text.lines().find_map(|line| line.strip_prefix(word)).unwrap();
    rest.split_whitespace().nth(place).unwrap().parse().unwrap()
}

fn tables(folder: &Folder, sink: SocketAddr, limits: &str) -> String {
    let root = folder.join("site");
    let root = root.display();
    format!(
        "[[pool]]\nname = \"sink\"\n[[pool.backend]]\naddress = \"{sink}\"\n\
         [[site]]\nname = \"site\"\nroot = \"{root}\"\n\
         [[route]]\npath_prefix = \"/sink\"\npool = \"sink\"\n\
         [[route]]\npath_prefix = \"/large\"\nsite = \"site\"\n\
         [[route]]\npool = \"pool\"\n{TIMES}{limits}"
    )
}

pub fn start_crowd(arguments: &[String]) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faults-crowd"));
    command.args(arguments);
    Program::start_as(command)
}

/// What the crowd saw last: heads, bodies and readers that are open.
fn seen(crowd: &Program) -> [usize; 3] {
    let log = crowd.log.text();
    let last = log.lines().rev().find_map(|line| line.strip_prefix("open ")).unwrap_or("0 0 0");
    let numbers: Vec<usize> = last.split(' ').map(|n| n.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// When the balancer has closed all but those it had, and what was open at the end.
fn wait_until_cut(bramble: &Program, crowd: &Program, before: Held, since: Instant) -> CutOff {
    let mut at = [None; 3];
    loop {
        let left = Held::by(bramble).descriptors.saturating_sub(before.descriptors + SPARE);
        let open = seen(crowd);
        for (at, open) in at.iter_mut().zip(open) {
            if open == 0 && at.is_none() {
                *at = Some(since.elapsed());
            }
        }
        if left == 0 || since.elapsed() > DEADLINE + GRACE + ms(5000) {
            return CutOff { left, after: since.elapsed(), kinds: at, open };
        }
        std::thread::sleep(ms(100));
    }
}

struct CutOff {
    /// Descriptors beyond those before the crowd.
    left: usize,
    after: Duration,
    kinds: [Option<Duration>; 3],
    open: [usize; 3],
}

/// What runs beside the balancer.
struct Scene {
    bramble: Bramble,
    workers: Vec<Backend>,
    sink: Address,
    _sink: Program,
    _folder: Folder,
}

fn scene(limits: &str) -> Scene {
    let (folder, sink) = (Folder::empty(), Address::free());
    let ledger = folder.join("ledger");
    let worker = |_| {
        let ledger = ledger.clone();
        Backend::start(move |caller| idle::serve(caller, &ledger))
    };
    let workers: Vec<_> = (0..4).map(worker).collect();
    folder.write("site/large/file.bin", vec![b'x'; 16 << 20]);
    let sinking = start_crowd(&["sink".into(), sink.socket().to_string()]);
    eventually("the sink listens", || TcpStream::connect(sink.socket()).is_ok());
    let config = Config::balancer(&workers.iter().collect::<Vec<_>>());
    let bramble = config.with(&tables(&folder, sink.socket(), limits)).run();
    Scene { bramble, workers, sink, _sink: sinking, _folder: folder }
}

fn good_visitors(report: &mut Report, what: &str, visits: &Visits) {
    report.none_failed(what, visits, 200);
    report.time("their p99", visits.within(0.99), ms(50), ms(1000));
    report.latency(visits);
}

#[allow(clippy::cast_precision_loss)] // Some thousands.
fn each(kib: u64, count: usize) -> f64 {
    kib as f64 / count.max(1) as f64
}

fn crowded(title: &str, limits: &str, at_least: usize) {
    let _alone = alone();
    let mut scene = scene(limits);
    let address = scene.bramble.address();
    Load::lasting(ms(500)).run(address, |_| {});
    let before = Held::by(scene.bramble.program());
    let arguments = CROWD.map(str::to_owned);
    let start = Instant::now();
    let crowd = start_crowd(&[&[address.to_string()], &arguments[..]].concat());
    crowd.log.expect("connected");
    let connected = Instant::now();
    std::thread::sleep(ms(500));
    let full = Held::by(scene.bramble.program());
    let open = seen(&crowd);
    let mut report = Report::new(Who::Bramble, None, title);
    report.tell("connected", format!("{} after {}", 15_000, shown(connected - start)));
    let total: usize = open.iter().sum();
    let figure = format!("{total}: {open:?} heads, bodies, readers");
    report.must("open after 0.5 s", figure, &format!(">= {at_least}"), total >= at_least);
    report.tell("descriptors", format!("{}, {} before", full.descriptors, before.descriptors));
    let figure = |kib| format!("{kib} KiB, {:.1} each", each(kib, total));
    let rss = full.rss_kib.saturating_sub(before.rss_kib);
    report.must("memory", figure(rss), "<= 8 KiB each", each(rss, total) <= 8.0);
    let sockets = full.sockets_kib.saturating_sub(before.sockets_kib);
    report.tell("and of the kernel's", figure(sockets));

    let fresh = Load::lasting(ms(2000)).with_new_connections().run(address, |_| {});
    good_visitors(&mut report, "new connections", &fresh);
    let kept = Load::lasting(ms(2000)).with_renewed_connections().run(address, |_| {});
    good_visitors(&mut report, "kept connections", &kept);

    let cut = wait_until_cut(scene.bramble.program(), &crowd, before, connected);
    let figure = format!("{} left {} after they came", cut.left, shown(cut.after));
    let in_time = cut.left == 0 && cut.after <= DEADLINE + GRACE;
    report.must("all cut", figure, "<= 10 s after 10 s", in_time);
    let kinds = cut.kinds.map(|at| at.map_or("-".into(), shown));
    report.tell(
        "seen by the crowd",
        format!("{kinds:?} heads, bodies, readers; open {:?}", cut.open),
    );
    let after = Held::by(scene.bramble.program());
    report.tell("memory afterwards", format!("{} KiB, {} before", after.rss_kib, before.rss_kib));
    let sockets = format!("{} KiB, {} before", after.sockets_kib, before.sockets_kib);
    report.tell("and of the kernel's", sockets);
    drop((crowd, scene.sink, scene.workers));
    report.end();
}

#[test]
#[ignore = "long: up to 40 s, 15,000 connections"]
fn slow_visitors_harm_nobody_and_are_cut() {
    crowded("17: 15,000 slow visitors", "[limits]\nconnections = 16000", 15_000);
}

#[test]
#[ignore = "long: up to 40 s, 15,000 connections"]
fn slow_visitors_beyond_the_limit_keep_nobody_out() {
    crowded("17: 15,000 slow visitors, default limit of connections", "", 8000);
}
