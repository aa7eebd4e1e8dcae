//! The suite that every store passes, and what only a file can suffer.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::{Embedded, Options};
use crate::store::conformance::{self, Place};
use crate::store::{Expected, Pending, Store, StoreError};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("state.db")
    }

    async fn store(&self) -> Embedded {
        Embedded::open(&self.path(), Options::default()).await.unwrap()
    }
}

impl Place for Folder {
    fn open(&self) -> Pending<'_, Arc<dyn Store>> {
        Box::pin(async {
            let store = Embedded::open(&self.path(), Options::default()).await?;
            Ok(Arc::new(store) as Arc<dyn Store>)
        })
    }
}

async fn set(store: &Embedded, value: String) -> Result<u64, StoreError> {
    store.compare_and_set("k", Expected::Any, Some(value)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    conformance::all(Folder::new).await.unwrap();
}

#[tokio::test]
async fn the_log_is_cut_and_says_so() {
    let folder = Folder::new();
    let options = Options { log_revisions: 10, ..Options::default() };
    let store = Embedded::open(&folder.path(), options).await.unwrap();
    for n in 0..25 {
        set(&store, n.to_string()).await.unwrap();
    }
    let outcome = store.watch(5, "").await.err();
    assert!(
        matches!(outcome, Some(StoreError::Compacted { after: 5, oldest: 16, newest: 25 })),
        "{outcome:?}"
    );
    assert_eq!(store.watch(15, "").await.unwrap().next().await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_full_database_refuses_writes_and_goes_on_reading() {
    let folder = Folder::new();
    let options = Options { pages: 40, ..Options::default() };
    let store = Embedded::open(&folder.path(), options).await.unwrap();
    let mut last = String::new();
    let error = loop {
        let value = format!("{}{}", "x".repeat(20_000), last.len());
        match set(&store, value.clone()).await {
            Ok(_) => last = value,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().contains("free some space"), "{error}");
    assert_eq!(store.get("k").await.unwrap().unwrap().value, last);
    // What is too much stays refused; what there is room for is taken.
    let error = set(&store, "x".repeat(20_000)).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    set(&store, "small".to_owned()).await.unwrap();
    assert_eq!(store.get("k").await.unwrap().unwrap().value, "small");
}

#[tokio::test]
async fn a_second_manager_is_refused() {
    let folder = Folder::new();
    let _first = folder.store().await;
    let second = Embedded::open(&folder.path(), Options::default()).await.err().unwrap();
    assert!(matches!(second, StoreError::InUse { .. }), "{second}");
}

#[tokio::test]
async fn a_damaged_file_is_named_at_start() {
    let folder = Folder::new();
    let store = folder.store().await;
    for n in 0..200 {
        store
            .compare_and_set(&format!("k{n}"), Expected::Any, Some("x".repeat(500)))
            .await
            .unwrap();
    }
    // Folds the log into the file, where the damage is to be.
    let mut writer = store.inner.writer.acquire().await.unwrap();
    sqlx::raw_sql("pragma wal_checkpoint(truncate)").execute(&mut *writer).await.unwrap();
    drop((writer, store));
    let mut bytes = fs::read(folder.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x5a);
    fs::write(folder.path(), bytes).unwrap();
    let error = Embedded::open(&folder.path(), Options::default()).await.err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("backup"), "{error}");
}

#[tokio::test]
async fn not_a_database() {
    let folder = Folder::new();
    fs::write(folder.path(), "hello".repeat(1000)).unwrap();
    let error = Embedded::open(&folder.path(), Options::default()).await.err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = Folder::new();
    let store = folder.store().await;
    let mut writer = store.inner.writer.acquire().await.unwrap();
    sqlx::raw_sql("pragma user_version = 99").execute(&mut *writer).await.unwrap();
    drop((writer, store));
    let error = Embedded::open(&folder.path(), Options::default()).await.err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
}
