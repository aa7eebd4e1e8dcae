//! The store on the manager's own disk: SQLite in WAL mode with `synchronous=FULL` (NORMAL
//! loses acknowledged commits at power loss), one writer, readers beside it.
//!
//! `kv` is what holds now, `log` what changed, kept to a bound. Each write runs as a task of
//! its own: a caller that goes away can't leave a change made and its watchers unwoken.

mod lock;
mod schema;
mod tables;
mod watch;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync;

use self::lock::Lock;
use self::tables::Lease;
use super::{
    Change, Expected, Listing, Pending, Store, StoreError, Versioned, Watch, within_limits,
};

/// Bounds of the store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Changes that the log keeps.
    pub log_revisions: u64,
    /// Size of the database file at most, in pages of 4 KiB.
    pub pages: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { log_revisions: 100_000, pages: 256 * 1024 }
    }
}

/// SQLite in one file.
pub struct Embedded {
    inner: Arc<Inner>,
}

impl Embedded {
    /// Opens the file, or makes it.
    pub async fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let lock = Lock::take(path).await?;
        let failed = |e| tables::error(path, &e);
        let settings = settings(path, &options);
        let writers = SqlitePoolOptions::new().max_connections(1);
        let writer = writers.connect_with(settings.clone()).await.map_err(failed)?;
        schema::prepare(&mut *writer.acquire().await.map_err(failed)?, path).await?;
        let readers = SqlitePoolOptions::new().max_connections(4).connect_lazy_with(settings);
        let newest = tables::span(&mut *readers.acquire().await.map_err(failed)?).await;
        let (newest, _) = sync::watch::channel(newest.map_err(failed)?.newest);
        let path = path.to_owned();
        let deadlines = Mutex::default();
        let inner = Inner { path, options, writer, readers, newest, deadlines, _lock: lock };
        Ok(Self { inner: Arc::new(inner) })
    }

    async fn write(&self, changes: Vec<Change>, ttl: Option<Duration>) -> Result<u64, StoreError> {
        changes.iter().try_for_each(within_limits)?;
        let inner = self.inner.clone();
        let task = tokio::spawn(async move { inner.write(&changes, ttl).await });
        task.await.unwrap_or_else(|e| Err(self.inner.failed(e.to_string())))
    }
}

fn settings(path: &Path, options: &Options) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .pragma("max_page_count", options.pages.to_string())
}

struct Inner {
    path: PathBuf,
    options: Options,
    writer: SqlitePool,
    readers: SqlitePool,
    /// Newest revision, for those who wait for one.
    newest: sync::watch::Sender<u64>,
    /// When leases run out. Kept by the monotonic clock and so not on disk: after a restart
    /// each lease has its whole time again.
    deadlines: Mutex<BTreeMap<String, Instant>>,
    _lock: Lock,
}

impl Inner {
    async fn write(&self, changes: &[Change], ttl: Option<Duration>) -> Result<u64, StoreError> {
        let mut writer = self.writer.acquire().await.map_err(|e| self.error(&e))?;
        let bound = self.options.log_revisions;
        let written = tables::transact(&mut writer, &self.path, changes, ttl, bound).await;
        if written.as_ref().is_err_and(|e| !matches!(e, StoreError::Conflict { .. })) {
            // After an error SQLite may have rolled back by itself (a full disk) and sqlx not
            // know it: every later transaction would be refused. The next write opens anew.
            writer.close().await.map_err(|e| self.error(&e))?;
            return written;
        }
        let revision = written?;
        // Told before the writer is let go, so that what watchers see never goes back.
        self.newest.send_replace(revision);
        Ok(revision)
    }

    async fn reader(&self) -> Result<impl AsMut<SqliteConnection> + use<>, StoreError> {
        self.readers.acquire().await.map(Reader).map_err(|e| self.error(&e))
    }

    fn set_deadline(&self, key: &str, deadline: Instant) {
        let mut deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        deadlines.insert(key.to_owned(), deadline);
    }

    /// Leases of which the time is over. One seen for the first time since the start begins now.
    fn overdue(&self, leases: Vec<Lease>, now: Instant) -> Vec<Lease> {
        let mut known = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        let deadlines = leases.iter().map(|lease| {
            let deadline = known.get(&lease.key).copied().unwrap_or(now + lease.ttl);
            (lease.key.clone(), deadline)
        });
        *known = deadlines.collect();
        leases
            .into_iter()
            .filter(|lease| known.get(&lease.key).is_some_and(|d| *d <= now))
            .collect()
    }

    fn error(&self, error: &sqlx::Error) -> StoreError {
        tables::error(&self.path, error)
    }

    fn failed(&self, detail: String) -> StoreError {
        StoreError::Database { path: self.path.clone(), detail }
    }
}

struct Reader(sqlx::pool::PoolConnection<sqlx::Sqlite>);

impl AsMut<SqliteConnection> for Reader {
    fn as_mut(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}

impl Store for Embedded {
    fn get<'a>(&'a self, key: &'a str) -> Pending<'a, Option<Versioned>> {
        Box::pin(async move {
            let mut reader = self.inner.reader().await?;
            tables::value(reader.as_mut(), key).await.map_err(|e| self.inner.error(&e))
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Pending<'a, Listing> {
        Box::pin(async move {
            let mut reader = self.inner.reader().await?;
            tables::list(reader.as_mut(), prefix).await.map_err(|e| self.inner.error(&e))
        })
    }

    fn transact(&self, changes: Vec<Change>) -> Pending<'_, u64> {
        Box::pin(self.write(changes, None))
    }

    fn watch<'a>(&'a self, after: u64, prefix: &'a str) -> Pending<'a, Box<dyn Watch>> {
        Box::pin(async move {
            let log = watch::Log::open(self.inner.clone(), after, prefix).await?;
            Ok(Box::new(log) as Box<dyn Watch>)
        })
    }

    fn lease(&self, change: Change, ttl: Duration, now: Instant) -> Pending<'_, u64> {
        Box::pin(async move {
            let key = change.key.clone();
            let revision = self.write(vec![change], Some(ttl)).await?;
            self.inner.set_deadline(&key, now + ttl);
            Ok(revision)
        })
    }

    fn keep_alive<'a>(&'a self, key: &'a str, now: Instant) -> Pending<'a, bool> {
        Box::pin(async move {
            let mut reader = self.inner.reader().await?;
            let leases = tables::leases(reader.as_mut()).await.map_err(|e| self.inner.error(&e))?;
            let lease = leases.into_iter().find(|lease| lease.key == key);
            if let Some(lease) = &lease {
                self.inner.set_deadline(key, now + lease.ttl);
            }
            Ok(lease.is_some())
        })
    }

    fn expire(&self, now: Instant) -> Pending<'_, usize> {
        Box::pin(async move {
            let mut reader = self.inner.reader().await?;
            let leases = tables::leases(reader.as_mut()).await.map_err(|e| self.inner.error(&e))?;
            drop(reader);
            let mut expired = 0;
            for lease in self.inner.overdue(leases, now) {
                let expected = Expected::Revision(lease.revision);
                match self.compare_and_set(&lease.key, expected, None).await {
                    Ok(_) => expired += 1,
                    // Renewed by a new value just now.
                    Err(StoreError::Conflict { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(expired)
        })
    }
}
