//! What the calls of the API share.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bramble_cluster::api::NodePlan;
use bramble_cluster::certificate::Authority;
use bramble_cluster::state::State;
use bramble_content::{BlobStore, ReleaseId, Releases};
use tokio::sync::{self, RwLock, watch};
use tokio::task::JoinSet;

use crate::ManagerError;
use crate::live::Reports;
use crate::plan::{NodeTask, node_task};
use crate::refusal::Refusal;
use crate::setup::{Home, Settings};
use crate::view::{self, View};

/// Uploads that pruning leaves alone though no site names them yet.
const UPLOADS: usize = 16;

/// How often leases are looked at.
const LEASE_TICK: Duration = Duration::from_secs(1);

/// How long a write may take to be seen by ourselves.
const SEEN_LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct App {
    pub(crate) state: State,
    pub(crate) authority: Authority,
    pub(crate) releases: Releases,
    pub(crate) settings: Settings,
    pub(crate) reports: Reports,
    /// Held shared by who counts on content that no site names yet, alone by who removes some.
    pub(crate) content: Arc<RwLock<()>>,
    /// Held while nodes are taken out of traffic: two at once must not be each other's excuse.
    pub(crate) leaving: sync::Mutex<()>,
    /// Held while the configuration is changed, until balancers have it: who comes next builds on
    /// what is there then, or on what was put back.
    pub(crate) configuring: sync::Mutex<()>,
    views: watch::Receiver<Arc<View>>,
    issued: Mutex<BTreeMap<String, Issued>>,
    changing: Mutex<BTreeSet<String>>,
    uploads: Mutex<VecDeque<ReleaseId>>,
}

/// The plan that a node was last given, kept while it has nothing new to do, so that a change
/// elsewhere does not make it start over.
struct Issued {
    /// State that it was last compared with.
    checked: u64,
    task: NodeTask,
    plan: Arc<NodePlan>,
}

impl App {
    /// Reads the state, and starts what keeps it current.
    pub(crate) async fn start(
        home: &Home,
        state: State,
        tasks: &mut JoinSet<()>,
    ) -> Result<Arc<Self>, ManagerError> {
        let (views, receiver) = watch::channel(Arc::new(View::read(&state).await?));
        tasks.spawn(view::follow(state.clone(), views));
        tasks.spawn(end_leases(state.clone()));
        let content = |error: &dyn ToString| ManagerError::Content(error.to_string());
        let blobs = BlobStore::open(&home.content()).map_err(|e| content(&e))?;
        Ok(Arc::new(Self {
            state,
            authority: Authority::load(&home.folder())?,
            releases: Releases::open(blobs).map_err(|e| content(&e))?,
            settings: home.settings.clone(),
            reports: Reports::new(Instant::now()),
            content: Arc::default(),
            leaving: sync::Mutex::default(),
            configuring: sync::Mutex::default(),
            views: receiver,
            issued: Mutex::default(),
            changing: Mutex::default(),
            uploads: Mutex::default(),
        }))
    }

    /// The state as last read.
    pub(crate) fn view(&self) -> Arc<View> {
        self.views.borrow().clone()
    }

    /// To wait for the next.
    pub(crate) fn views(&self) -> watch::Receiver<Arc<View>> {
        self.views.clone()
    }

    /// The state, once it has that revision: after a write, what comes next builds on it.
    pub(crate) async fn seen(&self, revision: u64) -> Result<Arc<View>, Refusal> {
        let mut views = self.views();
        let reached = views.wait_for(|view| view.snapshot.revision >= revision);
        match tokio::time::timeout(SEEN_LIMIT, reached).await {
            Ok(Ok(view)) => Ok(view.clone()),
            _ => Err(Refusal::internal(&"the state was written but can't be read back")),
        }
    }

    /// What the node is to do now; None if it is no member.
    pub(crate) fn plan(&self, node: &str) -> Result<Option<Arc<NodePlan>>, Refusal> {
        // Under the lock from the view on: an older view must not replace a newer's plan.
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let view = self.view();
        let revision = view.snapshot.revision;
        if let Some(last) = issued.get(node).filter(|last| last.checked == revision) {
            return Ok(Some(last.plan.clone()));
        }
        let Some(task) = node_task(&view.config, &view.snapshot, node) else {
            issued.remove(node);
            return Ok(None);
        };
        let known = issued.get(node).filter(|last| last.task == task).map(|last| last.plan.clone());
        let plan = match known {
            Some(plan) => plan,
            None => Arc::new(task.at(revision).map_err(|e| Refusal::internal(&e))?),
        };
        issued.insert(node.to_owned(), Issued { checked: revision, task, plan: plan.clone() });
        Ok(Some(plan))
    }

    /// Claims a site for one change of its release. In memory, because a manager that dies
    /// must not leave the site claimed.
    pub(crate) fn claim(self: &Arc<Self>, site: &str) -> Option<Claim> {
        let mut changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        changing.insert(site.to_owned()).then(|| Claim { app: self.clone(), site: site.to_owned() })
    }

    /// Sites that are claimed.
    pub(crate) fn changing(&self) -> BTreeSet<String> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers an upload that began.
    pub(crate) fn uploading(&self, release: ReleaseId) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.retain(|known| *known != release);
        uploads.push_back(release);
        if uploads.len() > UPLOADS {
            uploads.pop_front();
        }
    }

    /// Forgets uploads.
    pub(crate) fn abandon(&self, gone: impl Fn(&ReleaseId) -> bool) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.retain(|release| !gone(release));
    }

    pub(crate) fn uploads(&self) -> Vec<ReleaseId> {
        let uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.iter().cloned().collect()
    }
}

/// A site's release is being changed, until this is dropped.
pub(crate) struct Claim {
    app: Arc<App>,
    site: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.app.changing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.site);
    }
}

async fn end_leases(state: State) {
    loop {
        tokio::time::sleep(LEASE_TICK).await;
        if let Err(error) = state.store().expire(Instant::now()).await {
            tracing::warn!(%error, "leases can't be ended now");
        }
    }
}
