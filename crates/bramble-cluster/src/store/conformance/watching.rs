//! Watches: each revision once, in order, whatever is restarted.

use std::sync::Arc;
use std::time::Duration;

use super::{Failure, Place, ensure, seen, set};
use crate::api::Revision;
use crate::store::{Expected, Store, StoreError};

/// How long a change may take to be seen.
const LIMIT: Duration = Duration::from_secs(10);

/// Only what was asked for, from the start or from the middle, deletions too.
pub(super) async fn prefix(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let first = store.transact(vec![set("a", "1")]).await?;
    store.transact(vec![set("b", "2")]).await?;
    let last = store.compare_and_set("a", Expected::Any, None).await?;
    let deletion = seen(last, "a", None);
    let got = take(&store, 0, "a", 2).await?;
    ensure(got == [seen(first, "a", Some("1")), deletion.clone()], || format!("{got:?}"))?;
    let got = take(&store, first, "a", 1).await?;
    ensure(got == [deletion], || format!("from the middle: {got:?}"))
}

/// Who has seen more than there is (a store put back from a backup) is told.
pub(super) async fn future(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let newest = store.transact(vec![set("a", "1")]).await?;
    let outcome = store.watch(newest + 1, "").await.err();
    ensure(matches!(outcome, Some(StoreError::Compacted { .. })), || format!("{outcome:?}"))
}

/// A writer that stops waiting for its answer keeps no news from a watcher that waits.
pub(super) async fn left_callers(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let mut watch = store.watch(0, "").await?;
    for round in 0..50_u64 {
        let write = store.transact(vec![set("a", &round.to_string())]);
        // Polled once, so that it began, and mostly dropped before its end.
        let _ = tokio::time::timeout(Duration::ZERO, write).await;
    }
    store.transact(vec![set("end", "")]).await?;
    let mut before = 0;
    loop {
        let batch = limited(watch.next()).await?;
        for revision in batch {
            ensure(revision.revision == before + 1, || format!("{before}, then {revision:?}"))?;
            before = revision.revision;
            if revision.key == "end" {
                return Ok(());
            }
        }
    }
}

/// A writer counts on while store and watcher are closed and opened at random points;
/// together the watchers saw each revision once.
pub(super) async fn restarts(place: &impl Place, restarts: u32, seed: u64) -> Result<(), Failure> {
    let mut random = Random(seed);
    let mut store = place.open().await?;
    let mut watch = store.watch(0, "").await?;
    let (mut written, mut read) = (0_u64, 0_u64);
    for _ in 0..restarts {
        for _ in 0..random.below(4) {
            store.transact(vec![set("n", &(written + 1).to_string())]).await?;
            written += 1;
        }
        if read < written && random.below(2) == 0 {
            read = check(limited(watch.next()).await?, read)?;
        }
        match random.below(3) {
            0 => watch = store.watch(read, "").await?,
            1 => {
                drop((watch, store));
                store = place.open().await?;
                watch = store.watch(read, "").await?;
            }
            // Stops waiting, now for something to come and now for nothing.
            _ => {
                let waited = tokio::time::timeout(Duration::from_micros(50), watch.next()).await;
                if let Ok(batch) = waited {
                    read = check(batch?, read)?;
                }
            }
        }
    }
    while read < written {
        read = check(limited(watch.next()).await?, read)?;
    }
    ensure(read == written, || format!("wrote {written}, saw {read}"))
}

/// Each revision of a batch must be the next; answers the last.
fn check(batch: Vec<Revision>, mut read: u64) -> Result<u64, Failure> {
    for got in batch {
        read += 1;
        let expected = seen(read, "n", Some(&read.to_string()));
        ensure(got == expected, || format!("after {} came {got:?}", read - 1))?;
    }
    Ok(read)
}

async fn take(
    store: &Arc<dyn Store>,
    after: u64,
    prefix: &str,
    count: usize,
) -> Result<Vec<Revision>, Failure> {
    let mut watch = store.watch(after, prefix).await?;
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.extend(limited(watch.next()).await?);
    }
    Ok(taken)
}

async fn limited<T>(next: impl Future<Output = Result<T, StoreError>>) -> Result<T, Failure> {
    let waited = tokio::time::timeout(LIMIT, next).await;
    Ok(waited.map_err(|_| Failure::Broken("a change was not seen".to_owned()))??)
}

/// SplitMix64 (Steele, Lea, Flood 2014): a few lines, and the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
