use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

use super::*;
use crate::fake::{FakeRole, behave, eventually, role_executable, run};

const WAITS: &str = "while [ ! -e \"$data/stop\" ]; do sleep 0.02; done";

fn start(dir: &TempDir, stop_ms: u64) -> Supervised {
    go_on(dir, stop_ms, KeptRole::default())
}

fn go_on(dir: &TempDir, stop_ms: u64, kept: KeptRole) -> Supervised {
    let launch = Launch {
        executable: role_executable(),
        data: dir.path().into(),
        stop: Duration::from_millis(stop_ms),
    };
    Supervised::start(launch, Role::Worker, kept).unwrap()
}

fn starts(data: &Path) -> usize {
    fs::read_to_string(data.join("started")).unwrap_or_default().lines().count()
}

async fn pid(role: &Supervised) -> u32 {
    eventually("a process", || role.process().pid.is_some()).await;
    role.process().pid.unwrap()
}

fn is_alive(pid: u32) -> bool {
    test_kill_process(Pid::from_raw(pid.cast_signed()).unwrap()).is_ok()
}

#[test]
fn a_process_that_ends_is_started_again_and_counted() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        behave(dir.path(), "exit 3");
        let role = start(&dir, 1000);
        let began = Instant::now();
        eventually("three starts", || starts(dir.path()) == 3).await;
        // 100 ms, then 200 ms.
        assert!(began.elapsed() >= Duration::from_millis(300));
        assert_eq!(fs::read_to_string(dir.path().join("started")).unwrap(), "worker\n".repeat(3));
        eventually("its count", || role.process().restarts == 3).await;
        role.stop().await;
        assert_eq!(starts(dir.path()), 3);
    });
}

#[test]
fn a_killed_process_is_replaced_by_another() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        behave(dir.path(), "exec sleep 60");
        let role = start(&dir, 1000);
        let first = pid(&role).await;
        kill_process(Pid::from_raw(first.cast_signed()).unwrap(), Signal::KILL).unwrap();
        eventually("another", || role.process().pid.is_some_and(|pid| pid != first)).await;
        assert_eq!(role.process().restarts, 1);
        role.stop().await;
    });
}

#[test]
fn a_process_that_drains_is_left_to_it() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        behave(dir.path(), &format!("{WAITS}; echo drained >\"$data/drained\""));
        let flag = dir.path().join("stop");
        let _control = FakeRole::listen(dir.path(), Role::Worker, move |request| {
            assert!(request.get("stop").is_some());
            fs::write(&flag, "").unwrap();
            serde_json::json!({ "ok": true })
        });
        let role = start(&dir, 10_000);
        let pid = pid(&role).await;
        role.stop().await;
        assert!(dir.path().join("drained").exists() && !is_alive(pid));
    });
}

#[test]
fn a_process_without_a_socket_gets_sigterm() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let script = "trap 'echo term >\"$data/term\"; exit 0' TERM; touch \"$data/trap\";";
        behave(dir.path(), &format!("{script} {WAITS}"));
        let role = start(&dir, 10_000);
        let pid = pid(&role).await;
        eventually("its trap", || dir.path().join("trap").exists()).await;
        role.stop().await;
        assert!(dir.path().join("term").exists() && !is_alive(pid));
    });
}

#[test]
fn a_process_that_will_not_end_is_killed() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        behave(dir.path(), &format!("trap '' TERM; touch \"$data/trap\"; {WAITS}"));
        let _control = FakeRole::willing(dir.path(), Role::Worker);
        let role = start(&dir, 100);
        let pid = pid(&role).await;
        eventually("its trap", || dir.path().join("trap").exists()).await;
        let began = Instant::now();
        role.stop().await;
        assert!(began.elapsed() >= Duration::from_millis(1_100));
        assert!(!is_alive(pid));
    });
}

#[test]
fn an_executable_that_is_absent_does_not_end_supervision() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let executable = dir.path().join("none");
        let launch = Launch { executable, data: dir.path().into(), stop: Duration::ZERO };
        let role = Supervised::start(launch, Role::Balancer, KeptRole::default()).unwrap();
        eventually("two tries", || role.process().restarts >= 2).await;
        assert_eq!(role.process().pid, None);
        role.stop().await;
    });
}

#[test]
fn a_role_whose_heir_ends_serves_on() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        behave(dir.path(), "exec sleep 60");
        let role = start(&dir, 1000);
        let first = pid(&role).await;
        eventually("it runs", || starts(dir.path()) == 1).await;
        behave(dir.path(), "exit 3");
        let why = role.upgrade().await.unwrap_err();
        assert!(why.contains("ended before it was ready (exit status: 3)"), "{why}");
        let process = role.process();
        assert_eq!((process.pid, process.restarts), (Some(first), 0));
        assert!(is_alive(first));
        role.stop().await;
        assert!(!is_alive(first));
    });
}

#[test]
fn an_upgrade_that_nobody_waits_for_leaves_no_heir() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        behave(dir.path(), "echo $$ >>\"$data/pids\"; exec sleep 60");
        let role = start(&dir, 1000);
        let pids = || fs::read_to_string(dir.path().join("pids")).unwrap_or_default();
        eventually("it runs", || pids().lines().count() == 1).await;
        let second = async { eventually("an heir", || pids().lines().count() == 2).await };
        tokio::select! {
            upgraded = role.upgrade() => panic!("{upgraded:?}"),
            () = second => {}
        }
        let heir: u32 = pids().lines().last().unwrap().parse().unwrap();
        eventually("the heir's end", || !is_alive(heir)).await;
        assert_eq!(role.process().pid.unwrap().to_string(), pids().lines().next().unwrap());
        role.stop().await;
    });
}

#[test]
fn processes_that_were_left_are_supervised_again() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        behave(dir.path(), "exec sleep 60");
        let role = start(&dir, 100);
        let first = pid(&role).await;
        let kept = serde_json::to_string(&role.leave().await).unwrap();
        assert!(is_alive(first));
        let role = go_on(&dir, 100, serde_json::from_str(&kept).unwrap());
        assert_eq!((role.process().pid, role.process().restarts), (Some(first), 0));
        kill_process(Pid::from_raw(first.cast_signed()).unwrap(), Signal::KILL).unwrap();
        eventually("another", || role.process().pid.is_some_and(|pid| pid != first)).await;
        assert_eq!(role.process().restarts, 1);
        role.stop().await;
    });
}

/// A child that runs this in sh.
fn child(script: &str) -> u32 {
    std::process::Command::new("sh").args(["-c", script]).spawn().unwrap().id()
}

/// Whether, after two upgrades, the first process serves again when the second has ended like this
/// and the third has failed.
async fn does_first_serve_again(second_ends: &str) -> bool {
    let dir = tempfile::tempdir().unwrap();
    behave(dir.path(), "exec sleep 60");
    let [first, second, third] = ["exec sleep 60", second_ends, "exec sleep 60"].map(child);
    let kept = KeptRole { service: Some(third), older: vec![first, second], ..KeptRole::default() };
    let role = go_on(&dir, 100, kept);
    eventually("the second's end", || !is_alive(second)).await;
    kill_process(Pid::from_raw(third.cast_signed()).unwrap(), Signal::KILL).unwrap();
    eventually("another", || role.process().pid.is_some_and(|pid| pid != third)).await;
    let serves = role.process().pid;
    role.stop().await;
    assert!(!is_alive(first), "it is not forgotten");
    serves == Some(first)
}

#[test]
fn a_process_that_was_told_not_to_serve_does_not_serve_again() {
    run(async {
        assert!(!does_first_serve_again("exit 0").await, "the second has ended in order");
        assert!(does_first_serve_again("exit 3").await, "the second has failed");
    });
}
