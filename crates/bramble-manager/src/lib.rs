//! The control plane: state, authority and API of a cluster, in one process.
//!
//! [`init`] makes a cluster with its first node; [`Manager::open`] and [`Manager::run`] serve
//! it: nodes by mutual TLS, the operator by a Unix socket. What nodes are to do is a pure
//! function of the state ([`plan`]), so a restarted manager says the same again.
//!
//! The only crate with axum. Must not know data-plane sockets.

mod api;
mod app;
mod configure;
mod live;
pub mod plan;
mod prune;
mod publish;
mod refusal;
mod serve;
mod settle;
mod setup;
mod view;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bramble_cluster::certificate::CertificateError;
use bramble_cluster::state::State;
use bramble_cluster::store::{Embedded, Options, StoreError};
use bramble_net::tls::TlsError;
use thiserror::Error;
use tokio::task::JoinSet;

use self::app::App;
use self::serve::Doors;
use self::setup::Home;
pub use self::setup::{Setup, init};

/// Why the manager could not start, or had to end.
#[derive(Debug, Error)]
pub enum ManagerError {
    /// Keys or certificates.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The configuration in the state, or that of a new cluster, can't be used.
    #[error("{0}")]
    Configuration(String),
    /// The content folder.
    #[error("the manager's content can't be used: {0}")]
    Content(String),
    /// A file or folder.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An address can't be had.
    #[error(
        "can't listen on {address}: {source}; stop what holds it, or change the address in {file}"
    )]
    Listen {
        /// Which.
        address: String,
        /// Why.
        source: io::Error,
        /// Where it is set.
        file: PathBuf,
    },
    /// There is no cluster here.
    #[error("{0} holds no manager; `bramble up` makes one")]
    Nothing(PathBuf),
    /// The state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A manager that listens.
pub struct Manager {
    app: Arc<App>,
    doors: Doors,
    tasks: JoinSet<()>,
}

impl Manager {
    /// Opens the state in `data_dir/manager` and listens; connections wait until it runs.
    pub async fn open(data_dir: &Path) -> Result<Self, ManagerError> {
        let home = Home::open(data_dir)?;
        let store = Embedded::open(&home.state(), Options::default()).await?;
        let mut tasks = JoinSet::new();
        let state = State::new(Arc::new(store));
        let app = begin(&home, state, &mut tasks).await?;
        let doors = Doors::open(&home).await?;
        tracing::info!(nodes = %doors.nodes_address(), operator = %home.socket().display(), "manager listens");
        Ok(Self { app, doors, tasks })
    }

    /// Where nodes come.
    pub fn nodes_address(&self) -> SocketAddr {
        self.doors.nodes_address()
    }

    /// Serves until `shutdown`, then ends every task and lets go of the state.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let router = api::routers(&self.app);
        tokio::select! {
            () = self.doors.serve(router) => {}
            () = shutdown => {}
        }
        drop(self.doors);
        self.tasks.shutdown().await;
        tracing::info!("manager ends");
    }
}

/// Takes up the state, with what a crash or a full disk left undone.
async fn begin(
    home: &Home,
    state: State,
    tasks: &mut JoinSet<()>,
) -> Result<Arc<App>, ManagerError> {
    publish::unstage_all(&state).await?;
    let app = App::start(home, state, tasks).await?;
    tasks.spawn(publish::unstage_later(app.clone()));
    prune::prune(&app).await;
    Ok(app)
}
