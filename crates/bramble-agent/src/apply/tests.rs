use std::rc::Rc;

use bramble_content::{BlobStore, BlobWriter, Hash};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;
use crate::fake::{FakeManager, FakeRole, eventually, run, worker_plan};

/// A node whose loops run, with a worker that is willing.
struct Node {
    apply: Rc<Apply>,
    worker: FakeRole,
    loops: [JoinHandle<()>; 2],
}

impl Node {
    fn start(dir: &TempDir, manager: &Rc<impl Source + 'static>) -> Self {
        let worker = FakeRole::willing(dir.path(), Role::Worker);
        let blobs = BlobStore::open(&dir.path().join("content")).unwrap();
        let releases = Releases::open(blobs).unwrap();
        let apply = Rc::new(Apply::open(dir.path(), releases).unwrap());
        let pusher = Pusher::open(dir.path(), &[Role::Worker]);
        let (pushes, fetches, source) = (apply.clone(), apply.clone(), manager.clone());
        let loops = [
            tokio::task::spawn_local(async move {
                let process = Process { pid: Some(1), ..Process::default() };
                let (_sender, receiver) = watch::channel(process);
                pushes.push_all(pusher, &[(Role::Worker, receiver)].into()).await;
            }),
            tokio::task::spawn_local(async move { fetches.fetch_all(&*source).await }),
        ];
        Self { apply, worker, loops }
    }

    async fn apply(&self, plan: NodePlan) {
        let revision = plan.revision;
        self.apply.plan().send_replace(Some(plan));
        eventually("applied", || self.progress().applied == revision).await;
    }

    fn progress(&self) -> Progress {
        self.apply.progress().borrow().clone()
    }

    fn held(&self) -> Vec<String> {
        self.apply.releases.list().unwrap().iter().map(ReleaseId::to_string).collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.loops.iter().for_each(JoinHandle::abort);
    }
}

fn names(ids: &[&ReleaseId]) -> Vec<String> {
    let mut names: Vec<_> = ids.iter().map(|id| id.to_string()).collect();
    names.sort();
    names
}

#[test]
fn a_plan_is_fetched_for_pushed_and_reported() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let manager = Rc::new(FakeManager::new());
        let (one, two) = (manager.publish(&[("a", "1")]), manager.publish(&[("a", "2")]));
        let node = Node::start(&dir, &manager);
        node.apply(worker_plan(7, &[&one, &two])).await;
        assert_eq!(node.progress().releases, names(&[&one, &two]));
        assert_eq!(node.progress().trouble(), None);
        assert_eq!(node.apply.releases.verify(&two).unwrap(), []);
        assert_eq!(node.worker.plans().len(), 1);
    });
}

#[test]
fn a_release_is_not_reported_before_the_worker_serves_it() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let manager = Rc::new(FakeManager::new());
        let id = manager.publish(&[("a", "1")]);
        let node = Node::start(&dir, &manager);
        let mut plan = worker_plan(7, &[&id]);
        plan.roles.clear();
        node.apply(plan).await;
        assert_eq!(node.held(), names(&[&id]));
        assert_eq!(node.progress().releases, [""; 0]);
        node.apply(worker_plan(8, &[&id])).await;
        assert_eq!(node.progress().releases, names(&[&id]));
    });
}

#[test]
fn a_manager_that_is_gone_is_told_and_waited_for() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let manager = Rc::new(FakeManager::new());
        let id = manager.publish(&[("a", "1")]);
        manager.is_gone.set(true);
        let node = Node::start(&dir, &manager);
        node.apply.plan().send_replace(Some(worker_plan(7, &[&id])));
        eventually("trouble", || node.progress().trouble().is_some()).await;
        let trouble = node.progress().trouble().unwrap();
        assert!(trouble.contains(id.as_str()) && trouble.contains("can't be reached"), "{trouble}");
        manager.is_gone.set(false);
        eventually("applied", || node.progress().applied == 7).await;
        eventually("no trouble", || node.progress().trouble().is_none()).await;
    });
}

#[test]
fn what_the_last_two_plans_name_is_kept_and_the_rest_goes() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let manager = Rc::new(FakeManager::new());
        let ids: Vec<_> = ["1", "2", "3"].map(|n| manager.publish(&[("a", n)])).into();
        let node = Node::start(&dir, &manager);
        node.apply(worker_plan(1, &[&ids[0]])).await;
        node.apply(worker_plan(2, &[&ids[1]])).await;
        assert_eq!(node.held(), names(&[&ids[0], &ids[1]]));
        node.apply(worker_plan(3, &[&ids[2]])).await;
        eventually("pruned", || node.held() == names(&[&ids[1], &ids[2]])).await;
    });
}

#[test]
fn without_a_manager_a_node_goes_on_from_its_disk() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let manager = Rc::new(FakeManager::new());
        let id = manager.publish(&[("a", "1")]);
        let node = Node::start(&dir, &manager);
        node.apply(worker_plan(7, &[&id])).await;
        drop(node);
        manager.is_gone.set(true);
        let node = Node::start(&dir, &manager);
        eventually("applied", || node.progress().applied == 7).await;
        assert_eq!(node.progress().releases, names(&[&id]));
        assert_eq!(node.worker.plans().len(), 1, "told to the new process");
    });
}

#[test]
fn a_restart_keeps_the_newest_plan_that_each_role_ran() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let manager = Rc::new(FakeManager::new());
        let id = manager.publish(&[("a", "1")]);
        let node = Node::start(&dir, &manager);
        node.apply(worker_plan(7, &[])).await;
        // The worker goes on to 8, the node does not: a release of its plan can't be had.
        manager.is_gone.set(true);
        let mut plan = worker_plan(8, &[]);
        plan.releases = vec![id.to_string()];
        node.apply.plan().send_replace(Some(plan));
        eventually("8 runs", || node.worker.plans().len() == 2).await;
        eventually("8 is kept", || {
            let kept: Option<serde_json::Value> = read_json(&plan_path(dir.path(), Role::Worker));
            kept.is_some_and(|plan| plan["revision"] == 8)
        })
        .await;
        drop(node);
        let node = Node::start(&dir, &manager);
        eventually("started", || !node.worker.plans().is_empty()).await;
        assert_eq!(node.worker.plans()[0]["revision"], 8);
    });
}

/// A manager whose blobs never come.
struct Stuck<'a>(&'a FakeManager);

impl Source for Stuck<'_> {
    async fn manifest(&self, id: &ReleaseId) -> Result<Vec<u8>, FetchError> {
        self.0.manifest(id).await
    }

    async fn blob(&self, _: &Hash, _: &mut BlobWriter) -> Result<(), FetchError> {
        std::future::pending().await
    }
}

#[test]
fn a_plan_with_other_releases_ends_a_fetch_that_hangs() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let manager = FakeManager::new();
        let ids: Vec<_> = ["1", "2"].map(|n| manager.publish(&[("a", n)])).into();
        let blobs = BlobStore::open(&dir.path().join("content")).unwrap();
        let apply = Apply::open(dir.path(), Releases::open(blobs).unwrap()).unwrap();
        apply.plan().send_replace(Some(worker_plan(1, &[&ids[0]])));
        let newer = async {
            eventually("begun", || apply.releases.manifest(&ids[0]).is_ok()).await;
            apply.plan().send_replace(Some(worker_plan(2, &[&ids[1]])));
            eventually("the next", || apply.releases.manifest(&ids[1]).is_ok()).await;
        };
        let stuck = Stuck(&manager);
        tokio::select! {
            () = apply.fetch_all(&stuck) => {}
            () = newer => {}
        }
    });
}

/// A disk that has no room for one of the blobs while something is there.
struct SmallDisk {
    manager: FakeManager,
    blob: Hash,
    is_full: Box<dyn Fn() -> bool>,
}

impl Source for SmallDisk {
    async fn manifest(&self, id: &ReleaseId) -> Result<Vec<u8>, FetchError> {
        self.manager.manifest(id).await
    }

    async fn blob(&self, hash: &Hash, into: &mut BlobWriter) -> Result<(), FetchError> {
        if *hash == self.blob && (self.is_full)() {
            // Others get their turn: what fits comes first.
            sleep(Duration::from_millis(50)).await;
            let full = DiskError::Full { path: "blobs".into() };
            return Err(bramble_content::StoreError::from(full).into());
        }
        self.manager.blob(hash, into).await
    }
}

#[test]
fn on_a_full_disk_old_releases_make_room_for_the_next() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let manager = FakeManager::new();
        let ids: Vec<_> = ["1", "2", "3"].map(|n| manager.publish(&[("a", n)])).into();
        let oldest = dir.path().join("content/releases").join(ids[0].as_str());
        let (blob, is_full) = (Hash::of(b"3"), Box::new(move || oldest.exists()));
        let node = Node::start(&dir, &Rc::new(SmallDisk { manager, blob, is_full }));
        node.apply(worker_plan(1, &[&ids[0]])).await;
        node.apply(worker_plan(2, &[&ids[1]])).await;
        node.apply(worker_plan(3, &[&ids[1], &ids[2]])).await;
        assert_eq!(node.progress().releases, names(&[&ids[1], &ids[2]]));
        eventually("no trouble", || node.progress().trouble().is_none()).await;
    });
}

#[test]
fn what_came_of_a_release_that_does_not_fit_leaves_the_disk() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let manager = FakeManager::new();
        let small = manager.publish(&[("a", "1")]);
        let large = manager.publish(&[("a", "2"), ("b", "3")]);
        let (blob, is_full) = (Hash::of(b"3"), Box::new(|| true));
        let node = Node::start(&dir, &Rc::new(SmallDisk { manager, blob, is_full }));
        node.apply(worker_plan(1, &[&small])).await;
        node.apply.plan().send_replace(Some(worker_plan(2, &[&small, &large])));
        eventually("trouble", || node.progress().trouble().is_some()).await;
        assert!(node.progress().trouble().unwrap().contains("disk is full"));
        let releases = &node.apply.releases;
        eventually("room", || {
            !releases.blobs().has(&Hash::of(b"2")) && releases.manifest(&large).is_err()
        })
        .await;
        assert_eq!(releases.verify(&small).unwrap(), []);
        assert_eq!(node.progress().releases, names(&[&small]));
    });
}

#[test]
fn words_of_others_are_short_and_steer_no_terminal() {
    let words = format!("\u{1b}[2Jred\n{}", "x".repeat(2_000));
    let progress = Progress { push_trouble: Some(words), ..Progress::default() };
    let trouble = progress.trouble().unwrap();
    assert!(trouble.starts_with("[2Jredx") && trouble.len() == TROUBLE_CHARACTERS, "{trouble}");
}

#[test]
fn a_plan_with_a_hostile_release_name_harms_nothing() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let node = Node::start(&dir, &Rc::new(FakeManager::new()));
        let mut plan = worker_plan(7, &[]);
        plan.releases = vec!["../../identity".into()];
        node.apply.plan().send_replace(Some(plan));
        eventually("trouble", || node.progress().trouble().is_some()).await;
        assert_eq!(node.progress().applied, 0);
    });
}
