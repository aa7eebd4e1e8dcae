//! Tables and their version.

use std::fs::File;
use std::path::Path;

use sqlx::SqliteConnection;

use super::tables;
use crate::store::StoreError;

/// `pragma user_version` of what is made here.
const VERSION: i64 = 1;

const TABLES: &str = "
    begin immediate;
    create table if not exists log (
        revision integer primary key autoincrement,
        key text not null,
        value text
    );
    create table if not exists kv (
        key text primary key,
        value text not null,
        revision integer not null,
        ttl_ms integer
    ) without rowid;
    pragma user_version = 1;
    commit;
";

/// Checks the file, and makes what is missing.
pub(super) async fn prepare(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), StoreError> {
    let failed = |e| tables::error(path, &e);
    let version = sqlx::query_scalar("pragma user_version");
    match version.fetch_one(&mut *connection).await.map_err(failed)? {
        VERSION => check(connection, path).await,
        0 => {
            sqlx::raw_sql(TABLES).execute(&mut *connection).await.map_err(failed)?;
            sync_folder(path)
        }
        found => Err(StoreError::Newer { path: path.to_owned(), found, known: VERSION }),
    }
}

async fn check(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let verdict = sqlx::query_scalar("pragma quick_check(1)").fetch_one(connection).await;
    let detail: String = verdict.map_err(|e| tables::error(path, &e))?;
    if detail == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged { place: path.display().to_string(), detail })
}

/// A new file's name must survive a power cut too.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| StoreError::Io { path: folder.to_owned(), source })
}
