//! Keys that go when nobody keeps them alive. Time is told, not waited for.

use std::time::{Duration, Instant};

use super::{Failure, Place, ensure, seen, set};

const TTL: Duration = Duration::from_secs(60);

/// Kept alive it stays, left alone it goes, and a watcher sees it go.
pub(super) async fn expiry(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let start = Instant::now();
    let made = store.lease(set("a", "1"), TTL, start).await?;
    ensure(store.expire(start + TTL / 2).await? == 0, || "gone at half time".to_owned())?;
    let alive = store.keep_alive("a", start + TTL / 2).await?;
    ensure(alive, || "there is no lease to keep alive".to_owned())?;
    ensure(store.expire(start + TTL).await? == 0, || "gone though kept alive".to_owned())?;
    ensure(store.expire(start + 2 * TTL).await? == 1, || "still there".to_owned())?;
    ensure(store.get("a").await?.is_none(), || "the key stayed".to_owned())?;
    ensure(!store.keep_alive("a", start).await?, || "kept alive after its end".to_owned())?;
    let gone = store.watch(made, "").await?.next().await?;
    ensure(gone == [seen(made + 1, "a", None)], || format!("watchers saw {gone:?}"))
}

/// A plain write takes the limit off.
pub(super) async fn made_permanent(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let start = Instant::now();
    store.lease(set("a", "1"), TTL, start).await?;
    store.transact(vec![set("a", "2")]).await?;
    ensure(store.expire(start + 2 * TTL).await? == 0, || "a plain key went".to_owned())
}

/// After a restart it still is a lease, with at most its whole time again.
pub(super) async fn over_restart(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let start = Instant::now();
    store.lease(set("a", "1"), TTL, start).await?;
    drop(store);
    let store = place.open().await?;
    store.expire(start).await?;
    ensure(store.get("a").await?.is_some(), || "gone by the restart".to_owned())?;
    ensure(store.expire(start + 2 * TTL).await? == 1, || "it never ends".to_owned())
}
