use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::fake::{self, FakeLink, FakeRole, behave, eventually, role_executable, worker_plan};
use crate::join::{Wish, join};

/// A node with one worker: its process is a script, its control socket the test's.
struct Node {
    worker: FakeRole,
    shutdown: oneshot::Sender<()>,
    agent: JoinHandle<Result<(), AgentError>>,
}

fn options(dir: &TempDir) -> Options {
    let program = Program { executable: role_executable(), arguments: Vec::new() };
    Options { data: dir.path().into(), program, stop_ms: 5_000, seed: 1 }
}

/// A node that nobody asks to make way.
async fn run(options: Options, shutdown: impl Future<Output = ()>) -> Result<(), AgentError> {
    super::run(options, None, mpsc::channel(1).1, shutdown).await
}

fn starts(dir: &TempDir) -> usize {
    fs::read_to_string(dir.path().join("started")).unwrap_or_default().lines().count()
}

impl Node {
    async fn start(dir: &TempDir) -> Self {
        let before = starts(dir);
        behave(dir.path(), "while [ ! -e \"$data/stop\" ]; do sleep 0.02; done; rm \"$data/stop\"");
        let (shutdown, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let agent = tokio::task::spawn_local(run(options(dir), stopped));
        eventually("a worker", || starts(dir) > before).await;
        let flag = dir.path().join("stop");
        let worker = FakeRole::listen(dir.path(), Role::Worker, move |request| {
            if request.get("stop").is_some() {
                fs::write(&flag, "").unwrap();
            }
            serde_json::json!({ "ok": true, "facts": { "requests": 3 } })
        });
        Self { worker, shutdown, agent }
    }

    async fn stop(self) {
        self.shutdown.send(()).unwrap();
        self.agent.await.unwrap().unwrap();
    }
}

async fn joined_folder(manager: &FakeLink) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let wish = Wish { name: "n1".into(), address: [127, 0, 0, 1].into(), worker_rate: None };
    join(&manager.desk.ticket, dir.path(), &wish).await.unwrap();
    dir
}

#[test]
fn a_node_joins_fetches_applies_and_reports() {
    fake::run(async {
        let manager = FakeLink::open().await;
        let dir = joined_folder(&manager).await;
        let node = Node::start(&dir).await;
        let desk = &manager.desk;
        eventually("its address", || desk.last_report().worker_address.is_some()).await;
        let id = desk.content.publish(&[("index.html", "hello"), ("a/b", "")]);
        *desk.plan.borrow_mut() = Some(worker_plan(7, &[&id]));
        eventually("applied", || desk.last_report().applied == 7).await;
        let report = desk.last_report();
        assert_eq!(report.releases, [id.to_string()]);
        assert_eq!(report.roles[0].server.requests, 3);
        let page = dir.path().join("content/releases").join(id.as_str()).join("index.html");
        assert_eq!(fs::read_to_string(page).unwrap(), "hello");
        assert_eq!(node.worker.plans().len(), 1);
        node.stop().await;
    });
}

#[test]
fn without_a_manager_a_node_starts_and_when_it_is_back_it_follows() {
    fake::run(async {
        let manager = FakeLink::open().await;
        let (dir, desk, address) =
            (joined_folder(&manager).await, manager.desk.clone(), manager.address);
        let node = Node::start(&dir).await;
        *desk.plan.borrow_mut() = Some(worker_plan(7, &[]));
        eventually("applied", || desk.last_report().applied == 7).await;
        node.stop().await;
        drop(manager);
        desk.reports.borrow_mut().clear();
        let node = Node::start(&dir).await;
        eventually("the last plan", || node.worker.plans().len() == 1).await;
        *desk.plan.borrow_mut() = Some(worker_plan(8, &[]));
        let _manager = FakeLink::reopen(desk.clone(), address).await;
        eventually("applied", || desk.last_report().applied == 8).await;
        node.stop().await;
    });
}

#[test]
fn a_worker_that_dies_is_replaced_and_told_its_plan_again() {
    fake::run(async {
        let manager = FakeLink::open().await;
        let dir = joined_folder(&manager).await;
        let node = Node::start(&dir).await;
        let desk = &manager.desk;
        *desk.plan.borrow_mut() = Some(worker_plan(7, &[]));
        eventually("applied", || desk.last_report().applied == 7).await;
        // The script ends by itself, unasked.
        fs::write(dir.path().join("stop"), "").unwrap();
        eventually("another", || starts(&dir) == 2).await;
        eventually("its plan", || node.worker.plans().len() == 2).await;
        eventually("the count", || desk.last_report().roles.iter().any(|r| r.restarts == 1)).await;
        node.stop().await;
    });
}

#[test]
fn two_agents_never_share_a_folder() {
    fake::run(async {
        let manager = FakeLink::open().await;
        let dir = joined_folder(&manager).await;
        let node = Node::start(&dir).await;
        let error = run(options(&dir), std::future::pending()).await.unwrap_err();
        assert!(matches!(error, AgentError::Lock(LockError::Taken { .. })), "{error}");
        assert_eq!(starts(&dir), 1);
        node.stop().await;
    });
}

#[test]
fn a_folder_that_is_no_node_is_refused() {
    fake::run(async {
        let dir = tempfile::tempdir().unwrap();
        let error = run(options(&dir), std::future::pending()).await.unwrap_err();
        assert!(matches!(error, AgentError::Node(NodeError::Absent { .. })), "{error}");
    });
}
