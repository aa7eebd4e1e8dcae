//! What the ledger says is held, beside what the kernel says: what the process takes, and what is
//! kept for its sockets.

use std::fs;
use std::time::{Duration, Instant};

use bramble_tests::{
    Address, Backend, Client, Config, Folder, Program, bramble_binary, eventually,
};

use crate::crowded::start_crowd;
use crate::front::Who;
use crate::group::Group;
use crate::report::Report;
use crate::{alone, idle, ms};

const MB: f64 = 1e6;
/// Of less load the ledger's blocks and the allocator's pages would be a part.
const LEAST_MB: f64 = 20.0;
const APART: f64 = 0.1;
const SETTLES: Duration = Duration::from_secs(20);

struct Scene {
    // In this order: what is in the group ends before the group.
    bramble: Program,
    group: Group,
    metrics: Address,
    address: Address,
    _backends: (Backend, [Program; 2]),
    _folder: Folder,
}

impl Scene {
    fn start() -> Self {
        let (folder, address, metrics) = (Folder::empty(), Address::free(), Address::free());
        folder.write("site/large/file.bin", vec![b'x'; 16 << 20]);
        let ledger = folder.join("ledger");
        let worker = Backend::start(move |caller| idle::serve(caller, &ledger));
        let pools = ["sink", "chat"].map(|kind| {
            let at = Address::free();
            let program = start_crowd(&[kind.to_owned(), at.socket().to_string()]);
            eventually("it listens", || std::net::TcpStream::connect(at.socket()).is_ok());
            let table = format!(
                "[[pool]]\nname = \"{kind}\"\n[[pool.backend]]\naddress = \"{}\"\n\
                 [[route]]\npath_prefix = \"/{kind}\"\npool = \"{kind}\"\n",
                at.socket()
            );
            (table, program)
        });
        let [(sink, sinking), (chat, chatting)] = pools;
        let tables = format!(
            "{sink}{chat}[[site]]\nname = \"site\"\nroot = \"{}\"\n\
             [[route]]\npath_prefix = \"/large\"\nsite = \"site\"\n[[route]]\npool = \"pool\"\n\
             [metrics]\naddress = \"{}\"\n[access_log]\npath = \"{}\"\n",
            folder.join("site").display(),
            metrics.socket(),
            folder.join("access.log").display(),
        );
        let config = Config::balancer(&[&worker]).with(&tables);
        folder.write("bramble.toml", config.text(address.socket()));
        let group = Group::of(8 << 30);
        let mut command = group.command(&bramble_binary());
        command.args(["run", "--config"]).arg(folder.join("bramble.toml"));
        let bramble = Program::start_as(command);
        bramble.log.expect(" listening ");
        let backends = (worker, [sinking, chatting]);
        Self { bramble, group, metrics, address, _backends: backends, _folder: folder }
    }

    /// What is held once it has not changed for a second: sockets are looked at in turn.
    fn settled(&self) -> (f64, f64) {
        let deadline = Instant::now() + SETTLES;
        let mut last = self.held();
        loop {
            std::thread::sleep(ms(1000));
            let now = self.held();
            let is_steady = |was: f64, is: f64| (was - is).abs() <= is / 100.0;
            if is_steady(last.0, now.0) && is_steady(last.1, now.1) {
                return now;
            }
            assert!(Instant::now() < deadline, "it goes on changing: {last:?}, {now:?}");
            last = now;
        }
    }

    /// By the ledger and by the kernel, in MB.
    fn held(&self) -> (f64, f64) {
        (self.entered(), self.resident() + self.group.kernel_bytes() as f64 / MB)
    }

    fn entered(&self) -> f64 {
        let answer = Client::connect(self.metrics.socket()).get("/metrics");
        answer.expect(200);
        let text = String::from_utf8(answer.bytes().to_vec()).unwrap();
        let rows = text.lines().filter(|line| line.starts_with("bramble_memory_held_bytes{"));
        let values = rows.map(|row| row.rsplit(' ').next().unwrap().parse::<f64>().unwrap());
        values.sum::<f64>() / MB
    }

    fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.bramble.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib * 1024.0 / MB
    }
}

/// How far apart the ledger and the kernel are over what a crowd has added.
fn is_accounted_for(report: &mut Report, crowd: &str) {
    let scene = Scene::start();
    Client::connect(scene.address.socket()).get("/").expect(200);
    let before = scene.settled();
    let visitors = start_crowd(&[scene.address.socket().to_string(), crowd.to_owned()]);
    visitors.log.expect("connected");
    let after = scene.settled();
    let (entered, real) = (after.0 - before.0, after.1 - before.1);
    let apart = entered / real - 1.0;
    let figure = format!("{:+.1} % ({entered:.1} of {real:.1} MB)", apart * 100.0);
    report.must(crowd, figure, "10 % apart, of 20 MB at least", {
        real >= LEAST_MB && apart.abs() <= APART
    });
}

#[test]
#[ignore = "long: a minute, 8,000 connections"]
fn the_ledger_says_what_the_kernel_says() {
    let _alone = alone();
    let mut report = Report::new(Who::Bramble, None, "the ledger beside RSS and the kernel's own");
    for crowd in ["idles=8000", "heads=6000", "bodies=3000", "readers=1000", "sockets=4000"] {
        is_accounted_for(&mut report, crowd);
    }
    report.end();
}
