//! A plan made ready to be taken by the cores: keys read, TLS set up, verdicts attached.
//!
//! This happens once, on the control thread; the cores get the result by message and share
//! it. What can fail, fails here, and the running plan stays.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bramble_config::plan::{self, Plan};
use bramble_net::tls::{Acceptor, ClientCertificate, Connector, Identity, KeyId, TlsError, Trust};

use crate::access_log::Writer;
use crate::health::{Health, Verdict};
use crate::lanes::Lanes;
use crate::rate::Rates;

/// Why a plan can't be taken.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A listener's address can't be had.
    #[error("can't listen on {address}: {source}")]
    Address {
        /// Which address.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The cores are gone.
    #[error("the data plane has stopped")]
    Gone,
    /// Mutual TLS without a certificate.
    #[error("the plan asks for mutual TLS but names no identity")]
    Identity,
    /// A key that is no key.
    #[error("listener or backend {name}: {source}")]
    Key {
        /// Whose.
        name: String,
        /// Why.
        source: bramble_net::tls::KeyIdError,
    },
    /// The access log's file can't be opened.
    #[error("can't write the access log {path}: {source}")]
    AccessLog {
        /// Its file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A site's folder can't be opened.
    #[error("site {site}: can't open {path}: {source}")]
    Site {
        /// Which site.
        site: String,
        /// Its folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Certificate or key are unusable.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Another core could not be started.
    #[error("can't start a thread: {0}")]
    Thread(std::io::Error),
}

/// A plan with everything that its cores share.
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    in_force: AtomicBool,
    /// By listener name; none for a plain one.
    pub(crate) acceptors: BTreeMap<String, Option<Acceptor>>,
    /// In the plan's order.
    pub(crate) pools: Vec<PreparedPool>,
    /// Requests of the process.
    pub(crate) work: Arc<Lanes>,
    /// Of the access log, if one is kept.
    pub(crate) writer: Option<Arc<Writer>>,
    /// What clients have asked for lately, if that is limited.
    pub(crate) rates: Option<Arc<Rates>>,
}

pub(crate) struct PreparedPool {
    pub(crate) backends: Vec<PreparedBackend>,
}

#[derive(Clone)]
pub(crate) struct PreparedBackend {
    pub(crate) connector: Option<Connector>,
    pub(crate) health: Arc<Health>,
    /// Requests of all cores.
    pub(crate) lanes: Arc<Lanes>,
}

impl Prepared {
    /// Reads keys below `folder`, sets up TLS, and keeps the verdicts of `old`.
    pub(crate) fn new(plan: Plan, folder: &Path, old: Option<&Self>) -> Result<Self, PlanError> {
        let identity = match &plan.identity {
            Some(i) => Some(Identity::load(&folder.join(&i.certificate), &folder.join(&i.key))?),
            None => None,
        };
        let mut acceptors = BTreeMap::new();
        for listener in &plan.listeners {
            let acceptor = acceptor(listener, identity.as_ref())?;
            acceptors.insert(listener.name.clone(), acceptor);
        }
        let mut pools = Vec::new();
        for pool in &plan.pools {
            pools.push(prepare_pool(pool, plan.threads, identity.as_ref(), old)?);
        }
        let writer = plan.access_log.as_ref().map(|log| writer(log, folder, old)).transpose()?;
        let rates = rates(&plan, old);
        let work = Lanes::of(plan.threads, old.map(|old| &old.work));
        Ok(Self { plan, in_force: AtomicBool::new(false), acceptors, pools, work, writer, rates })
    }

    /// Every core is ready for it: they all change over now.
    pub(crate) fn put_in_force(&self) {
        self.in_force.store(true, Ordering::Release);
    }

    /// Whether that has happened.
    pub(crate) fn is_in_force(&self) -> bool {
        self.in_force.load(Ordering::Acquire)
    }

    fn find(&self, pool: &str, backend: &plan::Backend) -> Option<&PreparedBackend> {
        let i = self.plan.pools.iter().position(|p| p.name == pool)?;
        let backends = &self.plan.pools.get(i)?.backends;
        // With another key it is another backend, whatever it is called.
        let same = |b: &plan::Backend| {
            b.name == backend.name && b.address == backend.address && b.link == backend.link
        };
        self.pools.get(i)?.backends.get(backends.iter().position(same)?)
    }
}

fn prepare_pool(
    pool: &plan::Pool,
    threads: u16,
    identity: Option<&Identity>,
    old: Option<&Prepared>,
) -> Result<PreparedPool, PlanError> {
    let unknown = if pool.health.is_some() { Verdict::Checking } else { Verdict::Up };
    let mut backends = Vec::new();
    for backend in &pool.backends {
        let kept = old.and_then(|old| old.find(&pool.name, backend));
        let lanes = Lanes::of(threads, kept.map(|b| &b.lanes));
        let health = kept.filter(|_| pool.health.is_some()).map(|b| b.health.clone());
        backends.push(PreparedBackend {
            connector: connector(backend, identity)?,
            health: health.unwrap_or_else(|| Arc::new(Health::new(unknown))),
            lanes,
        });
    }
    Ok(PreparedPool { backends })
}

/// That of `old`, if nothing but the format is another: lines of both are in order then.
fn writer(
    log: &plan::AccessLog,
    folder: &Path,
    old: Option<&Prepared>,
) -> Result<Arc<Writer>, PlanError> {
    let path = folder.join(&log.path);
    let kept = old.and_then(|old| old.writer.as_ref()).filter(|old| old.is_for(&path, log));
    if let Some(kept) = kept {
        return Ok(kept.clone());
    }
    let failed = |source| PlanError::AccessLog { path: path.display().to_string(), source };
    Writer::start(path.clone(), log).map(Arc::new).map_err(failed)
}

/// Those of `old`: a new plan gives nobody a new burst. Whoever comes by mutual TLS is one of our
/// own, and not limited.
fn rates(plan: &Plan, old: Option<&Prepared>) -> Option<Arc<Rates>> {
    let is_public = plan.listeners.iter().any(|listener| listener.link == plan::Link::Plain);
    plan.limits.requests_per_s_per_client.filter(|_| is_public)?;
    let kept = old.and_then(|old| old.rates.clone());
    Some(kept.unwrap_or_else(|| Arc::new(Rates::new(Instant::now()))))
}

fn acceptor(
    listener: &plan::Listener,
    identity: Option<&Identity>,
) -> Result<Option<Acceptor>, PlanError> {
    let plan::Link::Mutual { keys: list } = &listener.link else { return Ok(None) };
    let identity = identity.ok_or(PlanError::Identity)?;
    let clients = Trust::Keys(keys(&listener.name, list)?);
    Ok(Some(Acceptor::new(identity, clients, ClientCertificate::Required)?))
}

fn connector(
    backend: &plan::Backend,
    identity: Option<&Identity>,
) -> Result<Option<Connector>, PlanError> {
    let plan::Link::Mutual { keys: list } = &backend.link else { return Ok(None) };
    let identity = identity.ok_or(PlanError::Identity)?;
    let servers = Trust::Keys(keys(&backend.name, list)?);
    Ok(Some(Connector::new(Some(identity), servers)?))
}

fn keys(name: &str, list: &[String]) -> Result<BTreeSet<KeyId>, PlanError> {
    let parse = |key: &String| key.parse::<KeyId>();
    list.iter()
        .map(parse)
        .collect::<Result<_, _>>()
        .map_err(|source| PlanError::Key { name: name.to_owned(), source })
}
