//! Records over a real store.

use std::sync::Arc;

use tempfile::TempDir;

use super::{Member, Site, State, delete, put};
use crate::api::{NodeState, Role};
use crate::store::{Embedded, Expected, Options, StoreError};

async fn state() -> (TempDir, State) {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(&folder.path().join("state.db"), Options::default()).await.unwrap();
    (folder, State::new(Arc::new(store)))
}

fn member(key: &str) -> Member {
    Member {
        key: key.to_owned(),
        address: [127, 0, 0, 11].into(),
        roles: vec![Role::Worker],
        state: NodeState::Enabled,
        worker_address: None,
        worker_rate: Some(160),
        releases: Vec::new(),
    }
}

#[tokio::test]
async fn a_snapshot_sorts_records_by_kind() {
    let (_folder, state) = state().await;
    let site = Site { current: Some("r1".to_owned()), ..Site::default() };
    let changes = vec![
        put("n1", Expected::Absent, &member("k1")).unwrap(),
        put("blog", Expected::Absent, &site).unwrap(),
    ];
    let revision = state.store().transact(changes).await.unwrap();
    let snapshot = state.snapshot().await.unwrap();
    assert_eq!(snapshot.revision, revision);
    assert_eq!(snapshot.member("k1"), Some(("n1", &member("k1"))));
    assert_eq!(snapshot.member("k2"), None);
    assert_eq!(snapshot.site("blog").record, site);
    assert_eq!(snapshot.site("new").expected(), Expected::Absent);

    let gone = delete::<Member>("n1", snapshot.nodes["n1"].expected());
    state.store().transact(vec![gone]).await.unwrap();
    assert!(state.snapshot().await.unwrap().nodes.is_empty());
}

#[tokio::test]
async fn updates_of_two_at_once_both_count() {
    let (_folder, state) = state().await;
    state.put("blog", Expected::Absent, &Site::default()).await.unwrap();
    let add = |release: &'static str| {
        let state = state.clone();
        async move {
            for _ in 0..20 {
                let grow = |site: &mut Site| {
                    site.history.push(release.to_owned());
                    true
                };
                state.update("blog", grow).await.unwrap();
            }
        }
    };
    tokio::join!(add("a"), add("b"));
    assert_eq!(state.record::<Site>("blog").await.unwrap().unwrap().record.history.len(), 40);
    assert_eq!(state.update::<Site>("none", |_| true).await.unwrap(), None);
}

#[tokio::test]
async fn a_damaged_record_is_named() {
    let (_folder, state) = state().await;
    let text = Some("{".to_owned());
    state.store().compare_and_set("nodes/n1", Expected::Any, text).await.unwrap();
    let error = state.snapshot().await.unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { place, .. } if place == "nodes/n1"), "{error}");
}
