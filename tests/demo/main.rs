//! `bramble demo` on the built binary: every claim is checked from its report and from outside.
//!
//! A test binary of its own, whose tests run one after the other: the demo measures, and what
//! runs beside it would be measured too.

#![allow(clippy::panic, clippy::unwrap_used)] // A surprise ends a test.

mod outside;
mod report;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{Call, bramble_binary, eventually, processes};
use outside::{Processes, demo_folders, files, site};
use report::Report;

/// Held by the demo that runs.
static ALONE: Mutex<()> = Mutex::new(());

/// A demo that ran to its end.
struct Told {
    report: Report,
    html: String,
    output: String,
    took: Duration,
}

/// Runs the demo; `meanwhile` gets its process id.
fn demo(arguments: &[&str], meanwhile: impl Fn(u32) + Sync) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let child = Command::new(bramble_binary())
        .arg("demo")
        .args(arguments)
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let output = thread::scope(|scope| {
        scope.spawn(|| meanwhile(id));
        child.wait_with_output().unwrap()
    });
    let output_text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}\n{output_text}", output.status);
    Told {
        report: Report::read(&folder.path().join("demo-report.json")),
        html: std::fs::read_to_string(folder.path().join("demo-report.html")).unwrap(),
        output: output_text,
        took: start.elapsed(),
    }
}

#[test]
fn the_story_holds_and_leaves_nothing_behind() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let before = demo_folders();
    let listening = Mutex::new(Vec::new());
    let told = demo(&[], |id| *listening.lock().unwrap() = outside::all_listening(id));
    assert!(told.took <= Duration::from_secs(90), "{:?}", told.took);
    let report = &told.report;

    // The old owner's own figures, and what he did not see.
    report.run(200, 4).achieved(380.0..=400.0).limited_by("think_time");
    report.run(200, 8).achieved(380.0..=400.0).limited_by("think_time");
    report.run(800, 4).achieved(608.0..=641.0).limited_by("workers");
    report.run(800, 8).achieved(1216.0..=1281.0).limited_by("workers").mean_ms(80.0..=170.0);
    for run in report.runs().iter().chain(&report.changes()) {
        run.is_complete();
        assert_eq!((run.number("failed"), run.number("availability")), (0.0, 100.0));
    }
    for kind in ["join", "kill", "publish", "reload"] {
        let event = report.event(kind);
        assert!(event["requests"].as_u64().unwrap() > 100, "{event}");
        assert_eq!(event["failed"], 0, "{event}");
    }
    assert_eq!(report.worker_releases().len(), 8);
    assert!(report.worker_releases().iter().all(|release| *release == report.release()));
    check_page(&told.html);
    check_output(&told);

    // Nothing is left: no process, no open port, no folder.
    for pid in report.pids("") {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} is left");
    }
    let listening: Vec<SocketAddr> = listening.into_inner().unwrap();
    // Those of 8 workers, of the manager and of the balancer.
    assert_eq!(listening.len(), 10, "{listening:?}");
    assert!(report.worker_addresses().iter().all(|address| listening.contains(address)));
    for address in listening {
        assert!(TcpStream::connect(address).is_err(), "{address} still listens");
    }
    assert_eq!(demo_folders(), before);
}

/// A column a run, and a sentence on what limited each.
fn check_output(told: &Told) {
    let rows: BTreeMap<_, _> = told.output.lines().filter_map(row).collect();
    for (name, field) in [("users", "users"), ("workers", "workers"), ("requests", "requests")] {
        let runs = told.report.runs();
        let reported: Vec<String> = runs.iter().map(|run| run.number(field).to_string()).collect();
        assert_eq!(rows[name], reported, "{name}");
    }
    for name in ["availability", "achieved", "mean response", "p50", "p90", "p99", "p99.9"] {
        assert!(rows.contains_key(name), "no row {name}");
    }
    for run in told.report.runs() {
        assert!(told.output.lines().any(|line| line == run.sentence()), "{}", run.sentence());
    }
}

/// A row of the table: its name, and the cells.
fn row(line: &str) -> Option<(&str, Vec<&str>)> {
    let (name, cells) = line.strip_prefix("  ")?.split_at_checked(21)?;
    let cells: Vec<_> = cells.split_whitespace().collect();
    (name.starts_with(char::is_alphabetic) && cells.len() >= 4).then(|| (name.trim(), cells))
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_leave_anything_behind() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let (before, folder) = (demo_folders(), tempfile::tempdir().unwrap());
    let mut command = Command::new(bramble_binary());
    command.arg("demo").current_dir(&folder).stdin(Stdio::null());
    let mut demo = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(demo.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // It goes on: by the first load test it has said much more.
    let has_load = || processes::children(demo.id()).iter().any(|id| is_load(*id));
    eventually("it tests", has_load);
    let nodes = processes::children(demo.id());
    let all: Vec<u32> =
        nodes.iter().flat_map(|id| [&[*id], &*processes::children(*id)].concat()).collect();
    outside::interrupt(demo.id());
    let ended = demo.wait_with_output().unwrap();
    let words = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), words.contains("panicked")), (Some(1), false), "{words}");
    assert!(all.len() > 10, "{all:?}");
    // What a node started is ended by the kernel when the node has ended: at once, not before.
    eventually("nothing runs on", || !all.iter().any(|id| processes::runs(*id)));
    assert_eq!(demo_folders(), before);
}

fn is_load(id: u32) -> bool {
    processes::command(id).contains(" load ")
}

#[test]
fn a_story_that_can_not_be_written_is_not_told() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let (before, folder) = (demo_folders(), tempfile::tempdir().unwrap());
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let outcome = Call::new(folder.path(), &["demo"]).output_to(full).run();
    outcome.expect(1).says("can't write to standard output: No space left");
    assert_eq!(demo_folders(), before);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn at_full_speed_think_time_is_the_limit_and_a_starved_generator_is_called_so() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let told = demo(&["--worker-rate", "off", "--stay"], outside::starve_first_generator);
    let report = &told.report;
    report.run(200, 4).limited_by("generator");
    report.run(800, 4).achieved(1500.0..=1600.0).limited_by("think_time");
    report.run(800, 8).achieved(1500.0..=1600.0).limited_by("think_time");

    // It stays up: one process a role, each worker on an address of its own.
    let processes = Processes::now();
    for (role, count) in [("manager", 1), ("balancer", 1), ("worker", 8)] {
        let pids = report.pids(role);
        assert_eq!(pids.len(), count, "{role}");
        for pid in pids {
            assert!(processes.command(pid).contains(&format!(" role {role} ")), "{role} {pid}");
        }
    }
    let addresses = report.worker_addresses();
    for (i, address) in addresses.iter().enumerate() {
        assert_eq!(address.ip().to_string(), format!("127.0.0.{}", 11 + i));
        TcpStream::connect(address).unwrap();
    }

    // Every file that is served is the file that was published.
    let url = after(&told.output, "The cluster stays up: ");
    let balancer = url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    let data = PathBuf::from(after(&told.output, "Its data: "));
    let published = files(&data.join("site"));
    check_change(&published);
    for (path, content) in &published {
        assert!(outside::fetch(balancer, path) == *content, "{path}");
    }
    // And so it lies on the disk of every worker.
    for n in 1..=8 {
        let held = data.join(format!("worker{n}/content/releases/{}", report.release()));
        assert!(files(&held) == published, "{}", held.display());
    }
    stop(report, &data);
}

/// The sample site with the change that was published under load: one page changed, one added.
fn check_change(published: &BTreeMap<String, Vec<u8>>) {
    let (mut rest, mut sample) = (published.clone(), site());
    let home = rest.remove("/index.html").unwrap();
    assert!(home.windows(20).any(|bytes| bytes == b"published under load"));
    assert!(sample.remove("/index.html").is_some() && rest.remove("/news.html").is_some());
    assert!(rest == sample);
}

/// The rest of the line that begins so.
fn after<'a>(output: &'a str, begin: &str) -> &'a str {
    output.lines().find_map(|line| line.strip_prefix(begin)).unwrap()
}

/// Ends what `--stay` left, as its last line says.
fn stop(report: &Report, data: &Path) {
    for pid in report.pids("node") {
        outside::terminate(pid);
    }
    let start = Instant::now();
    for pid in report.pids("") {
        while Path::new(&format!("/proc/{pid}")).exists() {
            assert!(start.elapsed() < Duration::from_secs(20), "process {pid} does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }
    std::fs::remove_dir_all(data).unwrap();
}

/// One file that needs no other: charts within, no script, nothing fetched.
fn check_page(page: &str) {
    assert!(page.contains("<svg"));
    for foreign in ["<script", "<link", "<img", "src=", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for event in ["join", "kill", "publish", "reload"] {
        assert!(page.contains(event), "{event}");
    }
}
