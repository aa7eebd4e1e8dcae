//! A life without drops: reloads and upgrades, one after the other, under load. Nobody who visits
//! can tell, neither with a new connection nor with a kept one nor with a WebSocket.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{
    Backend, Bramble, Broken, Caller, Client, Config, End, Heirs, eventually, get, processes,
};

use crate::front::Who;
use crate::report::Report;
use crate::{alone, ms};

const LASTS: Duration = Duration::from_secs(60);

/// Visitors who keep their connection, and as many who don't.
const VISITORS: usize = 8;
const SOCKETS: usize = 20;
const BETWEEN_REQUESTS: Duration = Duration::from_millis(4);
/// A connection keeps its port for a minute after its end.
const BETWEEN_CONNECTIONS: Duration = Duration::from_millis(40);
const BETWEEN_WORDS: Duration = Duration::from_millis(100);

const ASK: &str = "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";

/// Visitors, until they are told that it is over.
struct Crowd {
    address: SocketAddr,
    is_over: AtomicBool,
    requests: AtomicUsize,
    words: AtomicUsize,
    failed: Mutex<Vec<String>>,
    cut: Mutex<Vec<String>>,
}

impl Crowd {
    fn at(address: SocketAddr) -> Self {
        let (requests, words) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (failed, cut) = (Mutex::default(), Mutex::default());
        Self { address, is_over: AtomicBool::new(false), requests, words, failed, cut }
    }

    /// Visits while `storm` goes on.
    fn visit(&self, storm: impl FnOnce()) {
        thread::scope(|scope| {
            for keeps in (0..2 * VISITORS).map(|i| i % 2 == 0) {
                scope.spawn(move || self.ask(keeps));
            }
            for _ in 0..SOCKETS {
                scope.spawn(|| self.talk());
            }
            let _end = End(&self.is_over);
            storm();
        });
    }

    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    fn ask(&self, keeps: bool) {
        let mut kept = None;
        while self.goes_on() {
            let mut client = kept.take().unwrap_or_else(|| Client::connect(self.address));
            self.requests.fetch_add(1, Ordering::Relaxed);
            match client.send(get("/")).try_answer() {
                Ok(answer) if answer.status != 200 || answer.bytes() != b"fine" => {
                    self.failed.lock().unwrap().push(format!(
                        "{} {}",
                        answer.status,
                        answer.text()
                    ));
                }
                // Where the end is not announced, the connection must be good for the next.
                Ok(answer) => {
                    kept = Some(client).filter(|_| keeps && answer.field("Connection").is_none());
                }
                Err(broken) => self.failed.lock().unwrap().push(format!("{broken:?}")),
            }
            thread::sleep(if keeps { BETWEEN_REQUESTS } else { BETWEEN_CONNECTIONS });
        }
    }

    fn talk(&self) {
        if let Err(broken) = self.talk_on(&mut Client::connect(self.address)) {
            self.cut.lock().unwrap().push(format!("{broken:?}"));
        }
    }

    fn talk_on(&self, client: &mut Client) -> Result<(), Broken> {
        client.send(ASK).wire().head()?;
        while self.goes_on() {
            self.words.fetch_add(1, Ordering::Relaxed);
            client.send("w").wire().exactly(1)?;
            thread::sleep(BETWEEN_WORDS);
        }
        Ok(())
    }

    fn report(&self, report: &mut Report) {
        let count = |all: &AtomicUsize| all.load(Ordering::Relaxed);
        let (failed, cut) = (self.failed.lock().unwrap(), self.cut.lock().unwrap());
        let figure = format!("{} of {} failed {failed:?}", failed.len(), count(&self.requests));
        report.must(
            "requests",
            figure,
            "0 of >= 10,000",
            failed.is_empty() && count(&self.requests) >= 10_000,
        );
        let figure =
            format!("{} of {SOCKETS} cut {cut:?}, {} words", cut.len(), count(&self.words));
        report.must("WebSockets", figure, "0", cut.is_empty());
    }
}

fn serve(caller: &mut Caller) {
    if caller.target() != "/chat" {
        return caller.respond(200, "fine");
    }
    caller.send(AGREE);
    while let Ok(byte) = caller.wire().exactly(1) {
        caller.send(byte);
    }
    caller.close();
}

/// Calls `blow` again and again; tells how often.
fn storm(pause: Duration, mut blow: impl FnMut(usize)) -> usize {
    let start = Instant::now();
    let mut times = 0;
    while start.elapsed() < LASTS {
        thread::sleep(pause);
        blow(times);
        times += 1;
    }
    times
}

/// Proportional set size of these processes together.
fn pss_kib(ids: &[u32]) -> u64 {
    let of = |id: &u32| {
        let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        line.map_or(0, |pss| pss.trim().trim_end_matches(" kB").parse().unwrap())
    };
    ids.iter().map(of).sum()
}

/// The most memory of what `ids` tells of, while `work` goes on.
fn peak_kib(ids: impl Fn() -> Vec<u32> + Sync, work: impl FnOnce()) -> u64 {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut peak = 0;
            while !is_over.load(Ordering::Relaxed) {
                peak = peak.max(pss_kib(&ids()));
                thread::sleep(ms(20));
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

struct Scene {
    config: Config,
    bramble: Bramble,
    _backends: Vec<Backend>,
}

fn scene() -> Scene {
    let backends: Vec<_> = (0..2).map(|_| Backend::start(serve)).collect();
    let config = Config::balancer(&backends.iter().collect::<Vec<_>>()).top("threads = 2");
    Scene { bramble: config.run(), config, _backends: backends }
}

fn share(part: u64, of: u64) -> String {
    format!("{part} KiB, {of} before")
}

#[test]
#[ignore = "long: 60 s"]
fn a_reload_each_second_for_a_minute() {
    let _alone = alone();
    let mut scene = scene();
    let (address, id) = (scene.bramble.address(), scene.bramble.program().id());
    let mut report = Report::new(Who::Bramble, None, "a reload each second for 60 s");
    let crowd = Crowd::at(address);
    let (mut before, mut peak, mut times) = (0, 0, 0);
    crowd.visit(|| {
        thread::sleep(ms(3000));
        before = peak_kib(|| vec![id], || thread::sleep(ms(2000)));
        peak = peak_kib(
            || vec![id],
            || {
                times = storm(ms(1000), |i| {
                    let fields = format!("[limits]\nfields = {}", 50 + i % 2);
                    scene.bramble.reload(&scene.config.clone().with(&fields));
                });
            },
        );
    });
    report.must("reloads", times, ">= 50", times >= 50);
    crowd.report(&mut report);
    report.must("memory", share(peak, before), "<= 1.1 x", peak * 10 <= before * 11);
    report.end();
}

#[test]
#[ignore = "long: 60 s"]
fn an_upgrade_every_five_seconds_for_a_minute() {
    let _alone = alone();
    let mut scene = scene();
    let address = scene.bramble.address();
    let mut report = Report::new(Who::Bramble, None, "an upgrade each 5 s for 60 s");
    let crowd = Crowd::at(address);
    let mut heirs = Heirs::of(scene.bramble.program());
    let mut times = 0;
    crowd.visit(|| times = storm(ms(5000), |_| heirs.next()));
    report.must("upgrades", times, ">= 10", times >= 10);
    crowd.report(&mut report);
    report.end();
}

fn all_are_answered(clients: &mut [Client]) {
    for client in clients {
        client.get("/").expect(200);
    }
}

/// What a process takes that has nothing to do.
fn at_rest_kib(config: &Config) -> u64 {
    let mut bramble = config.run();
    bramble.get("/").expect(200);
    thread::sleep(ms(1000));
    pss_kib(&[bramble.program().id()])
}

#[test]
#[ignore = "long"]
fn an_upgrade_takes_no_more_memory_than_another_process() {
    const SILENT: usize = 2_000;
    let _alone = alone();
    let mut scene = scene();
    let rest = at_rest_kib(&scene.config);
    let mut report = Report::new(Who::Bramble, None, "memory of an upgrade");
    let limit = "[limits]\nconnections = 6000\nconnections_per_client = 6000";
    scene.bramble.reload(&scene.config.clone().with(limit));
    let mut clients: Vec<_> = (0..SILENT).map(|_| scene.bramble.client()).collect();
    all_are_answered(&mut clients);
    thread::sleep(ms(3000));
    let old = scene.bramble.program().id();
    let before = pss_kib(&[old]);
    let mut heirs = Heirs::of(scene.bramble.program());
    let seen = Mutex::new(BTreeSet::from([old]));
    let both = || {
        let mut seen = seen.lock().unwrap();
        seen.extend(processes::children(old));
        seen.iter().copied().collect()
    };
    let peak = peak_kib(both, || {
        heirs.next();
        eventually("the old process has nothing left", || !processes::runs(old));
    });
    let figure = format!("{peak} KiB, {before} before, {rest} at rest");
    report.must("both together", figure, "<= old + one at rest", peak <= before + rest);
    all_are_answered(&mut clients);
    report.end();
}
