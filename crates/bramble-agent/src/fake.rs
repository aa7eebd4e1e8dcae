//! Stand-ins for tests: a role's executable, its control socket, a manager's content.

mod link;

pub(crate) use link::FakeLink;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_cluster::api::{NodePlan, Role};
use bramble_cluster::link::LinkError;
use bramble_content::{BlobStore, BlobWriter, File, Hash, Manifest, ReleaseId, Releases};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;

use crate::fetch::{FetchError, Source};
use crate::node::control_path;

/// Runs the test on one thread, as the agent does.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limited = async { tokio::time::timeout(Duration::from_secs(30), test).await.unwrap() };
    tokio::task::LocalSet::new().block_on(&runtime, limited);
}

/// Waits until it holds.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn role_executable() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fake-role.sh")
}

/// What role processes in this folder do from now on, in sh.
pub(crate) fn behave(data: &Path, script: &str) {
    fs::write(data.join("behaviour"), script).unwrap();
}

/// Answers each request on the role's control socket until dropped.
pub(crate) struct FakeRole {
    pub(crate) requests: Rc<RefCell<Vec<Value>>>,
    task: tokio::task::JoinHandle<()>,
}

impl FakeRole {
    pub(crate) fn listen(
        data: &Path,
        role: Role,
        answer: impl Fn(&Value) -> Value + 'static,
    ) -> Self {
        let path = control_path(data, role);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(path).unwrap();
        let requests = Rc::<RefCell<Vec<Value>>>::default();
        let seen = requests.clone();
        let task = tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                let request: Value = serde_json::from_str(&line).unwrap();
                let answer = format!("{}\n", answer(&request));
                seen.borrow_mut().push(request);
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { requests, task }
    }

    /// One that does as it is told.
    pub(crate) fn willing(data: &Path, role: Role) -> Self {
        Self::listen(data, role, |_| json!({ "ok": true }))
    }

    /// Plans that came, in order.
    pub(crate) fn plans(&self) -> Vec<Value> {
        self.requests.borrow().iter().filter_map(|request| request.get("plan").cloned()).collect()
    }
}

impl Drop for FakeRole {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A manager's releases, on disk.
pub(crate) struct FakeManager {
    _dir: TempDir,
    pub(crate) releases: Releases,
    /// Does not answer now.
    pub(crate) is_gone: std::cell::Cell<bool>,
    /// How many blobs it gave.
    pub(crate) blobs: std::cell::Cell<usize>,
}

impl FakeManager {
    pub(crate) fn new() -> Self {
        let (dir, releases) = content();
        Self { _dir: dir, releases, is_gone: false.into(), blobs: 0.into() }
    }

    pub(crate) fn publish(&self, files: &[(&str, &str)]) -> ReleaseId {
        let file = |(path, bytes): &(&str, &str)| {
            let hash = Hash::of(bytes.as_bytes());
            self.releases.blobs().put(bytes.as_bytes(), hash).unwrap();
            let media_type = "text/plain".into();
            File { path: (*path).into(), hash, size: bytes.len() as u64, media_type }
        };
        let manifest = Manifest::new(files.iter().map(file).collect()).unwrap();
        self.releases.stage(&manifest).unwrap()
    }

    fn check_here(&self) -> Result<(), LinkError> {
        match self.is_gone.get() {
            true => Err(unreachable()),
            false => Ok(()),
        }
    }
}

impl Source for FakeManager {
    async fn manifest(&self, id: &ReleaseId) -> Result<Vec<u8>, FetchError> {
        self.check_here()?;
        Ok(self.releases.manifest(id)?.to_string().into_bytes())
    }

    async fn blob(&self, hash: &Hash, into: &mut BlobWriter) -> Result<(), FetchError> {
        self.check_here()?;
        self.blobs.set(self.blobs.get() + 1);
        let bytes = fs::read(self.releases.blobs().path(hash)).unwrap_or_default();
        for byte in bytes.chunks(3) {
            into.write(byte)?;
        }
        Ok(())
    }
}

pub(crate) fn unreachable() -> LinkError {
    let source = std::io::ErrorKind::ConnectionRefused.into();
    LinkError::Unreachable { address: "127.0.0.1:1".into(), source }
}

/// A node's content folder.
pub(crate) fn content() -> (TempDir, Releases) {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(BlobStore::open(dir.path()).unwrap()).unwrap();
    (dir, releases)
}

/// A plan for a worker that serves these releases.
pub(crate) fn worker_plan(revision: u64, releases: &[&ReleaseId]) -> NodePlan {
    let names: Vec<String> = releases.iter().map(|id| id.to_string()).collect();
    let folders: Vec<String> = names.iter().map(|id| format!("content/releases/{id}")).collect();
    let plan = json!({ "revision": revision, "folders": folders });
    NodePlan { revision, releases: names, roles: [(Role::Worker, plan)].into() }
}
