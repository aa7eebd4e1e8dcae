//! State as keys and values under one rising revision: the trait that every store has, and
//! what it promises. `conformance` holds each store to it.
//!
//! Promises: a write that was answered survives a power cut; a transaction is whole or
//! nothing; each changed key gets a revision of its own, rising by time; a watch gives every
//! revision after its start once and in order, or says that the log no longer reaches back
//! that far; a lease's key goes, as a revision, when nobody keeps it alive.

pub mod conformance;
pub mod embedded;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::api::Revision;

pub use embedded::{Embedded, Options};

/// Longest key and value that any store takes.
pub const KEY_BYTES: usize = 256;
/// See [`KEY_BYTES`].
pub const VALUE_BYTES: usize = 1 << 20;

/// A store's answer on its way. Boxed, so that a `dyn Store` can be picked at start.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where state lives.
pub trait Store: Send + Sync {
    /// The value of one key.
    fn get<'a>(&'a self, key: &'a str) -> Pending<'a, Option<Versioned>>;

    /// All keys that start so, at one revision.
    fn list<'a>(&'a self, prefix: &'a str) -> Pending<'a, Listing>;

    /// Makes all changes or none; answers the last revision made. Goes on to its end even if
    /// the caller stops waiting, so that no watcher misses the news of it.
    fn transact(&self, changes: Vec<Change>) -> Pending<'_, u64>;

    /// Every change after that revision to keys that start so. Refused at once if the log
    /// does not reach back that far.
    fn watch<'a>(&'a self, after: u64, prefix: &'a str) -> Pending<'a, Box<dyn Watch>>;

    /// Makes one change, and deletes its key once nobody kept it alive for `ttl`. Any later
    /// change of the key by other means makes it permanent.
    fn lease(&self, change: Change, ttl: Duration, now: Instant) -> Pending<'_, u64>;

    /// Gives a lease its whole time again; false if there is none under that key.
    fn keep_alive<'a>(&'a self, key: &'a str, now: Instant) -> Pending<'a, bool>;

    /// Deletes the keys of leases that ran out; to be called now and then. Answers how many.
    fn expire(&self, now: Instant) -> Pending<'_, usize>;

    /// One change alone.
    fn compare_and_set(
        &self,
        key: &str,
        expected: Expected,
        value: Option<String>,
    ) -> Pending<'_, u64> {
        self.transact(vec![Change { key: key.to_owned(), expected, value }])
    }
}

/// A place in the log of changes.
pub trait Watch: Send {
    /// Waits for changes; one or more, in order. Dropping the future loses none.
    fn next(&mut self) -> Pending<'_, Vec<Revision>>;
}

/// A value and the revision that set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The value.
    pub value: String,
    /// The change that made it so.
    pub revision: u64,
}

/// Keys and values at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The whole store's revision, not only that of the keys listed.
    pub revision: u64,
    /// Key → value.
    pub entries: BTreeMap<String, Versioned>,
}

/// One key's new value, and what must hold before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// At most [`KEY_BYTES`].
    pub key: String,
    /// Refused with [`StoreError::Conflict`] otherwise.
    pub expected: Expected,
    /// None deletes; at most [`VALUE_BYTES`].
    pub value: Option<String>,
}

/// What a key must be before a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// There must be no such key.
    Absent,
    /// Whatever it is.
    Any,
    /// Set by just this revision.
    Revision(u64),
}

impl Expected {
    /// Does the key as it is allow the change?
    pub fn holds(self, current: Option<&Versioned>) -> bool {
        match self {
            Self::Absent => current.is_none(),
            Self::Any => true,
            Self::Revision(revision) => current.is_some_and(|v| v.revision == revision),
        }
    }
}

/// Why a store did not do it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The watcher is behind the log, or before it: list anew, then watch from there.
    #[error(
        "revision {after} is not in the log (it goes from {oldest} to {newest}); \
         read everything anew and watch from there"
    )]
    Compacted {
        /// Where the watcher was.
        after: u64,
        /// Oldest revision in the log.
        oldest: u64,
        /// Newest revision in the log.
        newest: u64,
    },
    /// Somebody else was first.
    #[error("{key} was changed by somebody else; read it again and repeat")]
    Conflict {
        /// The key.
        key: String,
        /// What it is now.
        current: Option<Versioned>,
    },
    /// What lies on disk isn't what we wrote.
    #[error(
        "the state in {place} is damaged: {detail}; stop bramble, keep a copy of the file, \
         and put the last backup in its place"
    )]
    Damaged {
        /// File or key.
        place: String,
        /// What the store says.
        detail: String,
    },
    /// No room.
    #[error("no room left to write {path}; nothing was changed, reading goes on; free some space")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Another process has it.
    #[error("{path} is in use by another manager; stop that one first")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file or its folder can't be used.
    #[error("the state in {path} can't be used: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Written by a later bramble.
    #[error("{path} was written by a newer bramble (schema {found}, known here: {known}); upgrade")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Key or value over the limit.
    #[error("{key}: {bytes} bytes are more than the limit of {limit}")]
    TooLarge {
        /// The key, shortened.
        key: String,
        /// How much it is.
        bytes: usize,
        /// How much it may be.
        limit: usize,
    },
    /// Anything else that the database says.
    #[error("the state in {path} failed: {detail}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database says.
        detail: String,
    },
}

/// Refuses keys and values over the limits.
pub fn within_limits(change: &Change) -> Result<(), StoreError> {
    let too_large = |bytes, limit| {
        let key = change.key.chars().take(64).collect();
        Err(StoreError::TooLarge { key, bytes, limit })
    };
    let value_bytes = change.value.as_ref().map_or(0, String::len);
    if change.key.len() > KEY_BYTES {
        too_large(change.key.len(), KEY_BYTES)
    } else if value_bytes > VALUE_BYTES {
        too_large(value_bytes, VALUE_BYTES)
    } else {
        Ok(())
    }
}
