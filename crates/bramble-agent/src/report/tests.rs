use serde_json::json;

use super::*;
use crate::fake::{FakeRole, run};

fn reporter(dir: &tempfile::TempDir, role: Role) -> (Reporter, watch::Sender<Process>) {
    let roles = vec![role];
    let node = NodeFile::new("n1", roles, Vec::new(), [127, 0, 0, 1].into()).unwrap();
    let started = Some(Instant::now());
    let process = Process { pid: Some(std::process::id()), restarts: 2, started };
    let (sender, receiver) = watch::channel(process);
    (Reporter::new(node, dir.path(), &[(role, receiver)].into()), sender)
}

#[test]
fn a_report_says_who_runs_what_and_at_what_cost() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let answer = |_: &Value| json!({ "facts": { "requests": 5 } });
        let _role = FakeRole::listen(dir.path(), Role::Worker, answer);
        let (mut reporter, _process) = reporter(&dir, Role::Worker);
        let progress = Progress {
            applied: 7,
            releases: vec!["r".into()],
            fetch_trouble: Some("disk".into()),
            push_trouble: Some("port".into()),
            upgrade_trouble: None,
        };
        let report = reporter.report(&progress).await;
        assert_eq!((report.applied, report.releases), (7, vec!["r".to_owned()]));
        assert_eq!(report.trouble.as_deref(), Some("disk; port"));
        assert!(report.worker_address.is_some() && report.mem_available_kib > 0);
        let role = &report.roles[0];
        assert_eq!((role.role, role.pid, role.restarts), (Role::Worker, std::process::id(), 2));
        assert_eq!(role.server.requests, 5);
        assert!(role.rss_kib > 0);
    });
}

#[test]
fn a_role_that_is_silent_keeps_its_last_figures() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let answer = |_: &Value| json!({ "facts": { "requests": 5 } });
        let role = FakeRole::listen(dir.path(), Role::Worker, answer);
        let (mut reporter, process) = reporter(&dir, Role::Worker);
        let first = reporter.report(&Progress::default()).await.roles.remove(0);
        drop(role);
        let second = reporter.report(&Progress::default()).await.roles.remove(0);
        assert_eq!(second.server, first.server);
        assert_eq!(second.uptime_ms, first.uptime_ms);
        process.send_modify(|process| process.pid = None);
        assert!(reporter.report(&Progress::default()).await.roles.is_empty());
    });
}

#[test]
fn a_manager_is_not_asked_for_counters() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let role = FakeRole::willing(dir.path(), Role::Manager);
        let (mut reporter, _process) = reporter(&dir, Role::Manager);
        let report = reporter.report(&Progress::default()).await;
        assert_eq!(report.roles[0].server, ServerFacts::default());
        assert!(role.requests.borrow().is_empty());
    });
}
