//! Crowds before a process that has 64 MiB in all: it stays within them by its own ceiling, and
//! whoever comes in good faith is served.

use std::fs::{self, File};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{
    Address, Backend, Client, Config, End, Folder, Program, bramble_binary, eventually,
};
use rustix::fs::Advice;

use crate::crowded::start_crowd;
use crate::front::Who;
use crate::group::Group;
use crate::load::Load;
use crate::report::{Report, shown};
use crate::{alone, idle, ms};

const MIB: u64 = 1024 * 1024;
/// How long a crowd stays once it has come.
const STAYS: Duration = Duration::from_secs(12);
const BACK_WITHIN: Duration = Duration::from_secs(60);

struct Scene {
    // In this order: what is in the group ends before the group.
    bramble: Program,
    address: Address,
    group: Group,
    _backends: (Vec<Backend>, [Program; 2]),
    _folder: Folder,
}

/// A copy that nobody has read: so its pages are the group's.
fn own_copy(folder: &Folder) -> std::path::PathBuf {
    let path = folder.join("bramble");
    fs::copy(bramble_binary(), &path).unwrap();
    let file = File::open(&path).unwrap();
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    path
}

fn scene(mib: u64) -> Scene {
    let (folder, address) = (Folder::empty(), Address::free());
    let (sink, chat) = (Address::free(), Address::free());
    folder.write("site/large/file.bin", vec![b'x'; 16 << 20]);
    let ledger = folder.join("ledger");
    let worker = |_| {
        let ledger = ledger.clone();
        Backend::start(move |caller| idle::serve(caller, &ledger))
    };
    let workers: Vec<_> = (0..4).map(worker).collect();
    let backends = [("sink", &sink), ("chat", &chat)].map(|(kind, at)| {
        let program = start_crowd(&[kind.to_owned(), at.socket().to_string()]);
        eventually("it listens", || TcpStream::connect(at.socket()).is_ok());
        program
    });
    let tables = format!(
        "[[pool]]\nname = \"sink\"\n[[pool.backend]]\naddress = \"{}\"\n\
         [[pool]]\nname = \"chat\"\n[[pool.backend]]\naddress = \"{}\"\n\
         [[site]]\nname = \"site\"\nroot = \"{}\"\n\
         [[route]]\npath_prefix = \"/sink\"\npool = \"sink\"\n\
         [[route]]\npath_prefix = \"/chat\"\npool = \"chat\"\n\
         [[route]]\npath_prefix = \"/large\"\nsite = \"site\"\n\
         [[route]]\npool = \"pool\"\n[timeouts]\nhead_ms = 10000\nbody_ms = 10000\n",
        sink.socket(),
        chat.socket(),
        folder.join("site").display(),
    );
    let config = Config::balancer(&workers.iter().collect::<Vec<_>>()).with(&tables);
    folder.write("bramble.toml", config.text(address.socket()));
    let group = Group::of(mib * MIB);
    let mut command = group.command(&own_copy(&folder));
    command.args(["run", "--config"]).arg(folder.join("bramble.toml"));
    let bramble = Program::start_as(command);
    bramble.log.expect(" listening ");
    Scene { bramble, address, group, _backends: (workers, backends), _folder: folder }
}

/// The most that the group has, looked at ten times a second while `work` goes on.
fn peak_bytes(group: &Group, work: impl FnOnce()) -> u64 {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut peak = 0;
            while !is_over.load(Ordering::Relaxed) {
                peak = peak.max(group.held_bytes());
                thread::sleep(ms(100));
            }
            peak
        });
        {
            let _end = End(&is_over);
            work();
        }
        watching.join().unwrap()
    })
}

/// Pages that had to be read from the disk.
fn major_faults(program: &Program) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", program.id())).unwrap();
    stat.rsplit_once(") ").unwrap().1.split(' ').nth(9).unwrap().parse().unwrap()
}

#[allow(clippy::cast_precision_loss)] // Some millions.
fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / MIB as f64)
}

fn withstands(report: &mut Report, scene: &Scene, rest: u64, limit: u64, crowd: &str) {
    report.tell("offered", crowd);
    let (address, faults) = (scene.address.socket(), major_faults(&scene.bramble));
    let start = Instant::now();
    let mut visits = None;
    let peak = peak_bytes(&scene.group, || {
        let crowd = start_crowd(&[address.to_string(), crowd.to_owned()]);
        crowd.log.expect("connected");
        visits = Some(Load::lasting(STAYS).with_renewed_connections().run(address, |_| {}));
    });
    let visits = visits.unwrap();
    let bound = limit * MIB;
    report.must("most memory", mib(peak), &format!("<= {}", mib(bound)), peak <= bound);
    report.must("kills", scene.group.kills(), "0", scene.group.kills() == 0);
    let faults = (major_faults(&scene.bramble) - faults) / start.elapsed().as_secs().max(1);
    report.must("major faults a second", faults, "<= 10", faults <= 10);
    report.none_failed("honest visitors", &visits, 1000);
    report.time("their p99", visits.within(0.99), ms(200), ms(2000));
    report.latency(&visits);
    let (gone, most) = (Instant::now(), rest * 11 / 10);
    while scene.group.held_bytes() > most && gone.elapsed() < BACK_WITHIN {
        thread::sleep(ms(250));
    }
    let held = scene.group.held_bytes();
    let figure = format!("{} after {}", mib(held), shown(gone.elapsed()));
    report.must("afterwards", figure, &format!("<= {}", mib(most)), held <= most);
}

fn starved(limit: u64, crowds: &[&str]) {
    let _alone = alone();
    let scene = scene(limit);
    let mut report = Report::new(Who::Bramble, None, &format!("a control group of {limit} MiB"));
    Load::lasting(ms(500)).run(scene.address.socket(), |_| {});
    Client::connect(scene.address.socket()).get("/").expect(200);
    thread::sleep(ms(2000));
    let rest = scene.group.held_bytes();
    report.tell("at rest", mib(rest));
    for crowd in crowds {
        withstands(&mut report, &scene, rest, limit, crowd);
    }
    report.end();
}

#[test]
#[ignore = "long: some minutes, 10,000 connections"]
fn crowds_do_not_outgrow_64_mib() {
    starved(64, &["idles=10000", "heads=10000", "readers=10000", "uploads=1000"]);
}

#[test]
#[ignore = "long: up to 90 s, 8,000 connections"]
fn eight_thousand_websockets_live_in_256_mib() {
    starved(256, &["sockets=8000"]);
}
