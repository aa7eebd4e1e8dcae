//! `bramble demo` on the built binary: every claim is checked from its report and from outside.
//!
//! A test binary of its own, whose tests run one after the other: the demo measures, and what
//! runs beside it would be measured too.

#![allow(clippy::panic, clippy::unwrap_used)] // A surprise ends a test.

mod outside;
mod report;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::bramble_binary;
use outside::{Processes, demo_folders, site_files};
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
    let told = demo(&[], |_| {});
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

    // Nothing is left: no process, no open port, no folder.
    for pid in report.pids("") {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} is left");
    }
    for address in report.worker_addresses() {
        assert!(std::net::TcpStream::connect(address).is_err(), "{address} still listens");
    }
    assert_eq!(demo_folders(), before);
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
        std::net::TcpStream::connect(address).unwrap();
    }

    // Every file that is served is the file that was published.
    let url = told.output.lines().find_map(|l| l.strip_prefix("The cluster stays up: ")).unwrap();
    let balancer = url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    for (path, content) in site_files() {
        let served = outside::fetch(balancer, &path);
        match path.as_str() {
            "/index.html" => assert!(served.windows(20).any(|w| w == b"published under load")),
            _ => assert!(served == content, "{path}"),
        }
    }
    stop(report, &told.output);
}

/// Ends what `--stay` left, as its last line says.
fn stop(report: &Report, output: &str) {
    for pid in report.pids("node") {
        outside::terminate(pid);
    }
    let data = output.lines().find_map(|line| line.strip_prefix("Its data: ")).unwrap();
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
