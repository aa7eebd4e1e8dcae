//! What is asked of the tables, and what SQLite's errors mean.

use std::path::Path;
use std::time::Duration;

use sqlx::{Connection, Row, SqliteConnection};

use crate::api::Revision;
use crate::store::{Change, Listing, StoreError, Versioned};

/// Revisions that the log holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) oldest: u64,
    pub(super) newest: u64,
}

/// A key with a time limit.
pub(super) struct Lease {
    pub(super) key: String,
    pub(super) revision: u64,
    pub(super) ttl: Duration,
}

pub(super) async fn value(
    connection: &mut SqliteConnection,
    key: &str,
) -> Result<Option<Versioned>, sqlx::Error> {
    let query = sqlx::query("select value, revision from kv where key = ?").bind(key);
    let row = query.fetch_optional(connection).await?;
    row.map(|row| Ok(Versioned { value: row.try_get(0)?, revision: unsigned(row.try_get(1)?) }))
        .transpose()
}

pub(super) async fn list(
    connection: &mut SqliteConnection,
    prefix: &str,
) -> Result<Listing, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let revision = span(&mut transaction).await?.newest;
    let query = "select key, value, revision from kv where substr(key, 1, length(?1)) = ?1";
    let rows = sqlx::query(query).bind(prefix).fetch_all(&mut *transaction).await?;
    let entries = rows.iter().map(|row| {
        let versioned = Versioned { value: row.try_get(1)?, revision: unsigned(row.try_get(2)?) };
        Ok((row.try_get(0)?, versioned))
    });
    Ok(Listing { revision, entries: entries.collect::<Result<_, sqlx::Error>>()? })
}

/// Revisions that the log holds; the newest ever made is known even when the log is empty.
pub(super) async fn span(connection: &mut SqliteConnection) -> Result<Span, sqlx::Error> {
    let query = "select
        (select coalesce(max(seq), 0) from sqlite_sequence where name = 'log'),
        (select min(revision) from log)";
    let row = sqlx::query(query).fetch_one(connection).await?;
    let newest = unsigned(row.try_get(0)?);
    let oldest: Option<i64> = row.try_get(1)?;
    Ok(Span { oldest: oldest.map_or(newest + 1, unsigned), newest })
}

pub(super) async fn log(
    connection: &mut SqliteConnection,
    after: u64,
    limit: u32,
) -> Result<(Span, Vec<Revision>), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let span = span(&mut transaction).await?;
    let query = "select revision, key, value from log where revision > ? order by revision limit ?";
    let query = sqlx::query(query).bind(signed(after)).bind(limit);
    let rows = query.fetch_all(&mut *transaction).await?;
    let revisions = rows.iter().map(|row| {
        let revision = unsigned(row.try_get(0)?);
        Ok(Revision { revision, key: row.try_get(1)?, value: row.try_get(2)? })
    });
    Ok((span, revisions.collect::<Result<_, sqlx::Error>>()?))
}

pub(super) async fn leases(connection: &mut SqliteConnection) -> Result<Vec<Lease>, sqlx::Error> {
    let query = "select key, revision, ttl_ms from kv where ttl_ms is not null";
    let rows = sqlx::query(query).fetch_all(connection).await?;
    let leases = rows.iter().map(|row| {
        let ttl = Duration::from_millis(unsigned(row.try_get(2)?));
        Ok(Lease { key: row.try_get(0)?, revision: unsigned(row.try_get(1)?), ttl })
    });
    leases.collect()
}

/// All changes in one transaction; the log is cut to `bound`.
pub(super) async fn transact(
    connection: &mut SqliteConnection,
    path: &Path,
    changes: &[Change],
    ttl: Option<Duration>,
    bound: u64,
) -> Result<u64, StoreError> {
    let failed = |e| error(path, &e);
    let mut transaction = connection.begin_with("begin immediate").await.map_err(failed)?;
    for change in changes {
        let current = value(&mut transaction, &change.key).await.map_err(failed)?;
        if !change.expected.holds(current.as_ref()) {
            return Err(StoreError::Conflict { key: change.key.clone(), current });
        }
        if change.value.is_some() || current.is_some() {
            set(&mut transaction, change, ttl).await.map_err(failed)?;
        }
    }
    let newest = span(&mut transaction).await.map_err(failed)?.newest;
    let cut = sqlx::query("delete from log where revision <= ?")
        .bind(signed(newest.saturating_sub(bound)));
    cut.execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(newest)
}

async fn set(
    connection: &mut SqliteConnection,
    change: &Change,
    ttl: Option<Duration>,
) -> Result<(), sqlx::Error> {
    let log = sqlx::query("insert into log (key, value) values (?, ?)");
    let log = log.bind(&change.key).bind(&change.value).execute(&mut *connection).await?;
    let Some(value) = &change.value else {
        let delete = sqlx::query("delete from kv where key = ?").bind(&change.key);
        return delete.execute(connection).await.map(drop);
    };
    let put = "insert or replace into kv (key, value, revision, ttl_ms) values (?, ?, ?, ?)";
    let ttl_ms = ttl.map(|ttl| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
    let put = sqlx::query(put).bind(&change.key).bind(value);
    put.bind(log.last_insert_rowid()).bind(ttl_ms).execute(connection).await.map(drop)
}

/// SQLite's result code (`sqlite3.h`: the low byte is the class) in words.
pub(super) fn error(path: &Path, error: &sqlx::Error) -> StoreError {
    const BUSY: i32 = 5;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const NOT_A_DATABASE: i32 = 26;
    // The file that readers and writers share could not grow: `SQLITE_IOERR_SHMSIZE`.
    const SHARED_SIZE: i32 = 10 | (19 << 8);
    let path = path.to_owned();
    let code = error.as_database_error().and_then(|e| e.code()?.parse::<i32>().ok());
    match code.map(|code| if code == SHARED_SIZE { FULL } else { code & 0xff }) {
        Some(BUSY) => StoreError::InUse { path },
        Some(CORRUPT | NOT_A_DATABASE) => {
            StoreError::Damaged { place: path.display().to_string(), detail: error.to_string() }
        }
        Some(FULL) => StoreError::Full { path },
        _ => StoreError::Database { path, detail: error.to_string() },
    }
}

/// SQLite's integers are signed; revisions and times are never negative.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
