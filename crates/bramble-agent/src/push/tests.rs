use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::fake::{FakeManager, FakeRole, eventually, run, worker_plan};

const PIDS: [(Role, u32); 2] = [(Role::Balancer, 1), (Role::Worker, 2)];

fn pusher(dir: &TempDir) -> Pusher {
    Pusher::open(dir.path(), &[Role::Balancer, Role::Worker])
}

fn kept(dir: &TempDir, role: Role) -> Option<String> {
    fs::read_to_string(plan_path(dir.path(), role)).ok()
}

#[test]
fn a_plan_is_kept_once_the_role_runs_it_and_not_pushed_twice() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let role = FakeRole::willing(dir.path(), Role::Worker);
        let plan = worker_plan(7, &[]);
        let mut pusher = pusher(&dir);
        for _ in 0..2 {
            let outcome = pusher.push(&plan, &BTreeSet::new(), &PIDS.into()).await;
            assert!(outcome.complete && outcome.trouble.is_none());
        }
        let text = plan.roles[&Role::Worker].to_string();
        assert_eq!(kept(&dir, Role::Worker), Some(text));
        assert_eq!(role.plans().len(), 1);
    });
}

#[test]
fn another_process_gets_the_plan_again() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let role = FakeRole::willing(dir.path(), Role::Worker);
        let mut pusher = pusher(&dir);
        for pid in [2, 2, 3] {
            let pids = [(Role::Worker, pid)].into();
            pusher.push(&worker_plan(7, &[]), &BTreeSet::new(), &pids).await;
        }
        assert_eq!(role.plans().len(), 2);
    });
}

#[test]
fn a_refused_plan_leaves_the_running_one_and_is_told_in_words() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let role =
            FakeRole::listen(dir.path(), Role::Worker, |request| match request["plan"]["revision"]
                .as_u64()
            {
                Some(8) => json!({ "ok": false, "error": "127.0.0.1:80 is taken" }),
                _ => json!({ "ok": true }),
            });
        let (mut pusher, held) = (pusher(&dir), BTreeSet::new());
        pusher.push(&worker_plan(7, &[]), &held, &PIDS.into()).await;
        let good = kept(&dir, Role::Worker);
        for _ in 0..3 {
            let outcome = pusher.push(&worker_plan(8, &[]), &held, &PIDS.into()).await;
            let words = "the worker process refused: 127.0.0.1:80 is taken";
            assert_eq!(outcome.trouble.as_deref(), Some(words));
            assert!(!outcome.complete);
        }
        assert_eq!(kept(&dir, Role::Worker), good);
        assert_eq!(role.plans().len(), 2, "offered once");
    });
}

#[test]
fn a_missing_release_holds_back_only_who_serves_it() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let (balancer, worker) = (
            FakeRole::willing(dir.path(), Role::Balancer),
            FakeRole::willing(dir.path(), Role::Worker),
        );
        let id = FakeManager::new().publish(&[("a", "1")]);
        let mut plan = worker_plan(7, &[&id]);
        plan.roles.insert(Role::Balancer, json!({ "pool": { "release": id.as_str() } }));
        let mut pusher = pusher(&dir);
        let outcome = pusher.push(&plan, &BTreeSet::new(), &PIDS.into()).await;
        assert!(!outcome.complete && outcome.trouble.is_none());
        assert_eq!((balancer.plans().len(), worker.plans().len()), (1, 0));
        assert!(!pusher.serves(id.as_str()));
        let outcome = pusher.push(&plan, &[id.clone()].into(), &PIDS.into()).await;
        assert!(outcome.complete);
        assert_eq!((balancer.plans().len(), worker.plans().len()), (1, 1));
        assert!(pusher.serves(id.as_str()));
    });
}

#[test]
fn a_role_that_just_starts_is_tried_again_soon() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let (mut pusher, held) = (pusher(&dir), BTreeSet::new());
        let outcome = pusher.push(&worker_plan(7, &[]), &held, &PIDS.into()).await;
        assert_eq!(outcome.retry, RETRY_SILENT);
        let outcome = pusher.push(&worker_plan(7, &[]), &held, &BTreeMap::new()).await;
        assert!(!outcome.complete && outcome.trouble.is_none());
    });
}

#[test]
fn a_worker_that_hangs_does_not_delay_the_balancer() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let balancer = FakeRole::willing(dir.path(), Role::Balancer);
        // Connects, and nobody ever answers.
        let _hangs = std::os::unix::net::UnixListener::bind(crate::node::control_path(
            dir.path(),
            Role::Worker,
        ))
        .unwrap();
        let mut plan = worker_plan(7, &[]);
        plan.roles.insert(Role::Balancer, json!({}));
        let (mut pusher, held, pids) = (pusher(&dir), BTreeSet::new(), PIDS.into());
        tokio::select! {
            _ = pusher.push(&plan, &held, &pids) => panic!("the worker can't have answered"),
            () = eventually("its plan", || kept(&dir, Role::Balancer).is_some()) => {}
        }
        assert_eq!(balancer.plans().len(), 1);
    });
}

#[test]
fn what_runs_from_disk_counts_as_served() {
    let dir = tempfile::tempdir().unwrap();
    let id = FakeManager::new().publish(&[("a", "1")]);
    let text = worker_plan(7, &[&id]).roles[&Role::Worker].to_string();
    disk::replace(&plan_path(dir.path(), Role::Worker), text.as_bytes()).unwrap();
    assert!(pusher(&dir).serves(id.as_str()));
}
