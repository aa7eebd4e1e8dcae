//! What every store must do, as cases to run on each of them. A case gets a fresh store that
//! it may close and open again; it answers what went wrong in words.

mod leases;
mod values;
mod watching;

use std::sync::Arc;

use thiserror::Error;

use super::{Change, Expected, Pending, Store, StoreError};
use crate::api::Revision;

/// A place where one store lives on while it is closed.
pub trait Place: Send + Sync {
    /// Opens it; the last handle was dropped before.
    fn open(&self) -> Pending<'_, Arc<dyn Store>>;
}

/// How a store failed a case.
#[derive(Debug, Error)]
pub enum Failure {
    /// It did something else than promised.
    #[error("{0}")]
    Broken(String),
    /// It could not do what it should.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs all cases, each on a store from `fresh`; the error names the case.
pub async fn all<P: Place>(fresh: impl Fn() -> P) -> Result<(), (&'static str, Failure)> {
    values::set_and_read(&fresh()).await.map_err(|e| ("set and read", e))?;
    values::expectations(&fresh()).await.map_err(|e| ("expectations", e))?;
    values::whole_or_nothing(&fresh()).await.map_err(|e| ("whole or nothing", e))?;
    values::race(&fresh()).await.map_err(|e| ("race", e))?;
    values::limits(&fresh()).await.map_err(|e| ("limits", e))?;
    watching::prefix(&fresh()).await.map_err(|e| ("watch by prefix", e))?;
    watching::future(&fresh()).await.map_err(|e| ("watch from the future", e))?;
    watching::left_callers(&fresh()).await.map_err(|e| ("callers that leave", e))?;
    watching::restarts(&fresh(), 1_000, 7).await.map_err(|e| ("watch over restarts", e))?;
    leases::expiry(&fresh()).await.map_err(|e| ("lease expiry", e))?;
    leases::made_permanent(&fresh()).await.map_err(|e| ("lease made permanent", e))?;
    leases::over_restart(&fresh()).await.map_err(|e| ("lease over a restart", e))
}

/// Fails the case with these words unless it holds.
fn ensure(holds: bool, words: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::Broken(words())) }
}

/// A change without conditions.
fn set(key: &str, value: &str) -> Change {
    Change { key: key.to_owned(), expected: Expected::Any, value: Some(value.to_owned()) }
}

/// As a watcher is to see it.
fn seen(revision: u64, key: &str, value: Option<&str>) -> Revision {
    Revision { revision, key: key.to_owned(), value: value.map(str::to_owned) }
}
