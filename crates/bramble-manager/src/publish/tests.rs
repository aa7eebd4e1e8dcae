//! Changes of a release over a store that has no room at the wrong moment.

use std::net::Ipv4Addr;
use std::sync::Mutex;

use bramble_cluster::api::NodeReport;
use bramble_cluster::store::{Embedded, Listing, Options, Pending, Store, Versioned, Watch};
use bramble_content::{File, Hash};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;
use crate::setup::{Home, Setup, init};

const CONFIG: &str = "[[listener]]\nname = \"web\"\naddress = \"127.0.0.1:8080\"\n\
                      [[site]]\nname = \"blog\"\n";

/// The real store; each write asks whether there is room.
struct Crowded {
    inner: Embedded,
    has_room: Arc<Mutex<HasRoom>>,
}

type HasRoom = Box<dyn FnMut() -> bool + Send>;

impl Store for Crowded {
    fn get<'a>(&'a self, key: &'a str) -> Pending<'a, Option<Versioned>> {
        self.inner.get(key)
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Pending<'a, Listing> {
        self.inner.list(prefix)
    }

    fn transact(&self, changes: Vec<Change>) -> Pending<'_, u64> {
        if self.has_room.lock().unwrap()() {
            return self.inner.transact(changes);
        }
        Box::pin(async { Err(StoreError::Full { path: "state.db".into() }) })
    }

    fn watch<'a>(&'a self, after: u64, prefix: &'a str) -> Pending<'a, Box<dyn Watch>> {
        self.inner.watch(after, prefix)
    }

    fn lease(&self, change: Change, ttl: Duration, now: Instant) -> Pending<'_, u64> {
        self.inner.lease(change, ttl, now)
    }

    fn keep_alive<'a>(&'a self, key: &'a str, now: Instant) -> Pending<'a, bool> {
        self.inner.keep_alive(key, now)
    }

    fn expire(&self, now: Instant) -> Pending<'_, usize> {
        self.inner.expire(now)
    }
}

/// A manager without doors, and a worker that holds whatever is there.
struct Desk {
    folder: TempDir,
    state: State,
    has_room: Arc<Mutex<HasRoom>>,
    tasks: JoinSet<()>,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            name: "n1".to_owned(),
            address: Ipv4Addr::LOCALHOST.into(),
            roles: vec![Role::Manager, Role::Worker],
            worker_rate: None,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            configuration: CONFIG.to_owned(),
            file: "bramble.toml".to_owned(),
        };
        init(folder.path(), &setup).await.unwrap();
        let path = folder.path().join("manager/state.db");
        let inner = Embedded::open(&path, Options::default()).await.unwrap();
        let has_room: Arc<Mutex<HasRoom>> = Arc::new(Mutex::new(Box::new(|| true)));
        let state = State::new(Arc::new(Crowded { inner, has_room: has_room.clone() }));
        Self { folder, state, has_room, tasks: JoinSet::new() }
    }

    async fn start(&mut self) -> Arc<App> {
        let home = Home::open(self.folder.path()).unwrap();
        crate::begin(&home, self.state.clone(), &mut self.tasks).await.unwrap()
    }

    fn room(&self, has_room: impl FnMut() -> bool + Send + 'static) {
        *self.has_room.lock().unwrap() = Box::new(has_room);
    }

    async fn site(&self) -> Site {
        self.state.record::<Site>("blog").await.unwrap().map(|e| e.record).unwrap_or_default()
    }

    async fn has_record(&self, id: &ReleaseId) -> bool {
        self.state.record::<Release>(&format!("blog/{id}")).await.unwrap().is_some()
    }

    async fn until_nothing_is_staged(&self) {
        for _ in 0..500 {
            if self.site().await.staged.is_none() {
                return;
            }
            tokio::time::sleep(TICK).await;
        }
        panic!("it stays staged");
    }
}

/// Brings a page in, as uploads do; the worker holds it at once.
async fn upload(app: &App, page: &str) -> ReleaseId {
    let hash = Hash::of(page.as_bytes());
    app.releases.blobs().put(page.as_bytes(), hash).unwrap();
    let (path, media_type) = ("index.html".to_owned(), "text/html".to_owned());
    let file = File { path, hash, size: page.len() as u64, media_type };
    let manifest = Manifest::new(vec![file]).unwrap();
    let id = app.releases.record(&manifest).unwrap();
    app.uploading(id.clone());
    let take = |member: &mut Member| {
        member.releases.push(id.to_string());
        true
    };
    let revision = app.state.update::<Member>("n1", take).await.unwrap().unwrap().revision;
    app.seen(revision).await.unwrap();
    app.reports.insert("n1", NodeReport::default(), Instant::now());
    id
}

async fn publish(app: &Arc<App>, id: &ReleaseId) -> Result<Published, Refusal> {
    change_over(app.clone(), "blog".to_owned(), id.clone(), Reason::Publish).await
}

#[tokio::test]
async fn a_publish_that_fails_late_is_taken_back() {
    let mut desk = Desk::new().await;
    let app = desk.start().await;
    let one = upload(&app, "one").await;
    publish(&app, &one).await.unwrap();
    let before = desk.site().await;
    let two = upload(&app, "two").await;
    let mut writes = 0;
    // The flip finds no room.
    desk.room(move || {
        writes += 1;
        writes != 2
    });
    assert!(publish(&app, &two).await.unwrap_err().is_disk_full());
    assert_eq!(desk.site().await, before);
    assert!(!desk.has_record(&two).await);
    publish(&app, &two).await.unwrap();
}

#[tokio::test]
async fn what_a_full_disk_left_staged_makes_room_and_is_taken_back_then() {
    let mut desk = Desk::new().await;
    let app = desk.start().await;
    let one = upload(&app, "one").await;
    let mut writes = 0;
    desk.room(move || {
        writes += 1;
        writes < 2
    });
    assert!(publish(&app, &one).await.unwrap_err().is_disk_full());
    assert!(desk.site().await.staged.is_some());
    crate::prune::abandon(&app, |_| true).await;
    assert!(app.releases.manifest(&one).is_err());
    desk.room(|| true);
    desk.until_nothing_is_staged().await;
    assert!(!desk.has_record(&one).await);
}

#[tokio::test]
async fn a_manager_starts_on_a_full_disk() {
    let mut desk = Desk::new().await;
    let app = desk.start().await;
    let one = upload(&app, "one").await;
    let staged = Site { staged: Some(one.to_string()), ..Site::default() };
    desk.state.put("blog", Expected::Absent, &staged).await.unwrap();
    desk.tasks.shutdown().await;
    drop(app);
    desk.room(|| false);
    let app = desk.start().await;
    assert!(app.releases.manifest(&one).is_err(), "what nobody waits for made no room");
    desk.room(|| true);
    desk.until_nothing_is_staged().await;
}

#[tokio::test]
async fn a_staged_release_that_another_replaces_leaves_no_record() {
    let mut desk = Desk::new().await;
    let app = desk.start().await;
    let (one, two) = (upload(&app, "one").await, upload(&app, "two").await);
    // A claim, so that nothing takes it back meanwhile.
    let claim = app.claim("blog");
    stage(&app, "blog", &one.to_string(), &app.releases.manifest(&one).unwrap()).await.unwrap();
    assert!(desk.has_record(&one).await);
    drop(claim);
    publish(&app, &two).await.unwrap();
    assert!(!desk.has_record(&one).await);
    assert_eq!(desk.site().await.history, [two.to_string()]);
}
