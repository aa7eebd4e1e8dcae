//! A cluster in a temporary folder.

use std::net::SocketAddr;
use std::path::Path;

use bramble_cluster::api::{
    Invite, InviteRequest, PublishRequest, Published, Role, Staged, Status,
};
use bramble_cluster::link::{Link, LinkError};
use bramble_content::{File, Hash, Manifest};
use bramble_manager::{Manager, Setup, init};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const CONFIG: &str = r#"
[[listener]]
name = "web"
address = "127.0.0.1:8080"
[[site]]
name = "blog"
"#;

pub struct Cluster {
    pub folder: TempDir,
    pub address: SocketAddr,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Cluster {
    pub async fn start() -> Self {
        Self::of(&setup()).await
    }

    /// A manager that waits for no balancer.
    pub async fn without_balancer() -> Self {
        Self::of(&Setup { roles: vec![Role::Manager], ..setup() }).await
    }

    async fn of(setup: &Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let addresses = init(folder.path(), setup).await.unwrap();
        shorten_waits(folder.path());
        let mut cluster = Self { folder, address: addresses[0], running: None };
        cluster.resume().await;
        cluster
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub async fn resume(&mut self) {
        let manager = Manager::open(self.path()).await.unwrap();
        assert_eq!(manager.nodes_address(), self.address);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(manager.run(async { stopped.await.unwrap_or(()) }));
        self.running = Some((stop, task));
    }

    pub async fn stop(&mut self) {
        let (stop, task) = self.running.take().unwrap();
        stop.send(()).unwrap();
        task.await.unwrap();
    }

    pub async fn restart(&mut self) {
        self.stop().await;
        self.resume().await;
    }

    pub fn operator(&self) -> Link {
        Link::operator(&self.path().join("run/manager-api.sock"))
    }

    pub async fn status(&self) -> Status {
        self.operator().get_json("/v1/status").await.unwrap()
    }

    pub async fn ticket(&self, role: Role) -> String {
        let request = InviteRequest { roles: vec![role], expires_s: 900 };
        let invite: Invite = self.operator().post_json("/v1/invite", &request).await.unwrap();
        invite.ticket
    }

    /// Uploads one page for the site; answers the release.
    pub async fn upload(&self, page: &str) -> String {
        let operator = self.operator();
        let text = manifest(page).to_string();
        let staged: Staged = operator.post_text("/v1/sites/blog/stage", text).await.unwrap();
        for blob in &staged.missing {
            let bytes = page.to_owned().into_bytes().into();
            operator.put_bytes(&format!("/v1/blob/{blob}"), bytes).await.unwrap();
        }
        staged.release
    }

    pub async fn publish(&self, page: &str) -> Result<Published, LinkError> {
        let release = self.upload(page).await;
        let path = "/v1/sites/blog/publish";
        self.operator().post_json(path, &PublishRequest { release }).await
    }

    pub async fn post(&self, path: &str) -> Result<Value, LinkError> {
        self.operator().post_json(path, &Value::Null).await
    }
}

pub fn manifest(page: &str) -> Manifest {
    let file = File {
        path: "index.html".to_owned(),
        hash: Hash::of(page.as_bytes()),
        size: page.len() as u64,
        media_type: "text/html".to_owned(),
    };
    Manifest::new(vec![file]).unwrap()
}

/// A publish waits 2 s for laggards, not 30.
fn shorten_waits(folder: &Path) {
    let path = folder.join("manager/manager.json");
    let settings = std::fs::read_to_string(&path).unwrap();
    assert!(settings.contains("\"prepare_limit_s\": 30"), "{settings}");
    let shorter = settings.replace("\"prepare_limit_s\": 30", "\"prepare_limit_s\": 2");
    std::fs::write(&path, shorter).unwrap();
}

pub fn setup() -> Setup {
    Setup {
        name: "node1".to_owned(),
        address: [127, 0, 0, 1].into(),
        roles: vec![Role::Balancer, Role::Manager],
        worker_rate: None,
        listen: ([127, 0, 0, 1], 0).into(),
        configuration: CONFIG.to_owned(),
        file: "bramble.toml".to_owned(),
    }
}

/// The refusal's status and words.
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, LinkError>) -> (u16, String) {
    let error = outcome.unwrap_err();
    let text = error.to_string();
    let status = match error {
        LinkError::Refused { status, .. } => status,
        LinkError::Protocol { .. } | LinkError::Unreachable { .. } => 0,
    };
    assert_ne!(status, 0, "{text}");
    (status, text)
}
