//! The manager's folder: what lies where, and how a cluster begins.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bramble_cluster::api::{NodeState, Role};
use bramble_cluster::certificate::{Authority, NodeKey, write_private};
use bramble_cluster::state::{Configuration, Member, Record, State};
use bramble_cluster::store::{Embedded, Expected, Options};
use bramble_net::{ListenSocket, steady_port};
use serde::{Deserialize, Serialize};

use crate::ManagerError;

/// A new cluster and its first node, which needs no ticket.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The first node's name.
    pub name: String,
    /// Address that the first node can be reached at.
    pub address: IpAddr,
    /// What it runs; `Role::Manager` is among them.
    pub roles: Vec<Role>,
    /// Its worker emulates one old board: requests a second.
    pub worker_rate: Option<u32>,
    /// Where nodes come. Port 0: a free one, chosen now and kept.
    pub listen: SocketAddr,
    /// The configuration, and what its file is called.
    pub configuration: String,
    /// See `configuration`.
    pub file: String,
}

/// What the manager keeps outside of the state: it is needed to open the door.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Where it listens for nodes.
    pub(crate) listen: SocketAddr,
    /// Where nodes find it; stands in tickets.
    pub(crate) addresses: Vec<SocketAddr>,
    /// How long a publish waits for workers to fetch the release.
    #[serde(default = "prepare_limit_s")]
    pub(crate) prepare_limit_s: u64,
}

fn prepare_limit_s() -> u64 {
    30
}

/// Makes the cluster in `data_dir` unless there is one: authority, manager's key, state, and
/// the first node's identity in `data_dir/identity`. Answers where nodes find the manager. May
/// be repeated after a crash at any point.
pub async fn init(data_dir: &Path, setup: &Setup) -> Result<Vec<SocketAddr>, ManagerError> {
    if let Ok(home) = Home::open(data_dir) {
        return Ok(home.settings.addresses);
    }
    bramble_config::load(&setup.configuration, &setup.file)
        .map_err(|e| ManagerError::Configuration(e.to_string()))?;
    let folder = data_dir.join("manager");
    let identity = data_dir.join("identity");
    [&folder, &identity].into_iter().try_for_each(|folder| private_folder(folder))?;
    let authority = authority(&folder)?;
    let own = key(&folder.join("key.pem"))?;
    let issued = authority.issue_manager(&own, SystemTime::now())?;
    write_private(&folder.join("cert.pem"), &issued.chain)?;
    let node_key = first_identity(&identity, &authority, setup)?;
    first_state(&folder, setup, node_key).await?;
    let settings = settings(setup)?;
    let json = serde_json::to_string_pretty(&settings).map_err(io::Error::from);
    let path = Home::settings_path(data_dir);
    // Written last: it says that all the rest is there.
    write_private(&path, &json.map_err(at(&path))?)?;
    Ok(settings.addresses)
}

fn authority(folder: &Path) -> Result<Authority, ManagerError> {
    if folder.join("ca.pem").exists() {
        return Ok(Authority::load(folder)?);
    }
    let authority = Authority::create("bramble cluster")?;
    authority.save(folder)?;
    Ok(authority)
}

fn key(path: &Path) -> Result<NodeKey, ManagerError> {
    if path.exists() {
        let pem = fs::read_to_string(path).map_err(at(path))?;
        return Ok(NodeKey::from_pem(&pem)?);
    }
    let key = NodeKey::generate()?;
    write_private(path, &key.pem())?;
    Ok(key)
}

fn first_identity(
    folder: &Path,
    authority: &Authority,
    setup: &Setup,
) -> Result<String, ManagerError> {
    let csr = key(&folder.join("key.pem"))?.csr_pem()?;
    let issued = authority.issue(&csr, &setup.name, &setup.roles, SystemTime::now())?;
    write_private(&folder.join("ca.pem"), authority.pem())?;
    write_private(&folder.join("cert.pem"), &issued.chain)?;
    Ok(issued.key.to_string())
}

async fn first_state(folder: &Path, setup: &Setup, key: String) -> Result<(), ManagerError> {
    let store = Embedded::open(&folder.join("state.db"), Options::default()).await?;
    let state = State::new(Arc::new(store));
    let configuration = Configuration {
        text: setup.configuration.clone(),
        file: setup.file.clone(),
        loaded: setup.configuration.clone(),
    };
    let member = Member {
        key,
        address: setup.address,
        roles: setup.roles.clone(),
        state: NodeState::Enabled,
        worker_address: None,
        worker_rate: setup.worker_rate,
        releases: Vec::new(),
    };
    write(&state, "", &configuration).await?;
    write(&state, &setup.name, &member).await
}

async fn write<R: Record>(state: &State, name: &str, record: &R) -> Result<(), ManagerError> {
    Ok(state.put(name, Expected::Any, record).await.map(drop)?)
}

/// Settles the port: nodes remember it.
fn settings(setup: &Setup) -> Result<Settings, ManagerError> {
    let listen = free_address(setup.listen).map_err(|source| ManagerError::Listen {
        address: setup.listen.to_string(),
        source,
        file: PathBuf::from(&setup.file),
    })?;
    let address = if listen.ip().is_unspecified() { setup.address } else { listen.ip() };
    let addresses = vec![SocketAddr::new(address, listen.port())];
    Ok(Settings { listen, addresses, prepare_limit_s: prepare_limit_s() })
}

fn free_address(wanted: SocketAddr) -> io::Result<SocketAddr> {
    match wanted.port() {
        0 => Ok(SocketAddr::new(wanted.ip(), steady_port(wanted.ip())?)),
        _ => ListenSocket::reserve(wanted),
    }
}

/// The folder of a manager that was set up.
pub(crate) struct Home {
    data_dir: PathBuf,
    pub(crate) settings: Settings,
}

impl Home {
    pub(crate) fn open(data_dir: &Path) -> Result<Self, ManagerError> {
        let path = Self::settings_path(data_dir);
        let json = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ManagerError::Nothing(data_dir.to_owned()));
            }
            json => json.map_err(at(&path))?,
        };
        let settings = serde_json::from_slice(&json).map_err(io::Error::from).map_err(at(&path))?;
        Ok(Self { data_dir: data_dir.to_owned(), settings })
    }

    pub(crate) fn settings_path(data_dir: &Path) -> PathBuf {
        data_dir.join("manager/manager.json")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.data_dir.join("manager")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder().join("state.db")
    }

    pub(crate) fn content(&self) -> PathBuf {
        self.folder().join("content")
    }

    /// The operator's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.data_dir.join("run/manager-api.sock")
    }

    pub(crate) fn file(&self) -> PathBuf {
        Self::settings_path(&self.data_dir)
    }
}

/// A folder that only its owner can enter.
pub(crate) fn private_folder(path: &Path) -> Result<(), ManagerError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(at(path))
}

pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> ManagerError {
    move |source| ManagerError::File { path: path.to_owned(), source }
}
