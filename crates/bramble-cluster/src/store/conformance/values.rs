//! Reading, writing, and who comes first.

use std::collections::BTreeMap;

use super::{Failure, Place, ensure, set};
use crate::store::{Change, Expected, KEY_BYTES, Listing, StoreError, VALUE_BYTES, Versioned};

/// What was written is read, alone and by prefix, also after the store was opened anew.
pub(super) async fn set_and_read(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let first = store.transact(vec![set("a/1", "one"), set("a/2", "two")]).await?;
    let last = store.compare_and_set("b", Expected::Absent, Some("three".to_owned())).await?;
    ensure(last > first, || format!("revision {last} came after {first}"))?;
    drop(store);

    let store = place.open().await?;
    let one = Versioned { value: "one".to_owned(), revision: first - 1 };
    let two = Versioned { value: "two".to_owned(), revision: first };
    let got = store.get("a/1").await?;
    ensure(got.as_ref() == Some(&one), || format!("a/1 is {got:?}"))?;
    let entries = BTreeMap::from([("a/1".to_owned(), one), ("a/2".to_owned(), two)]);
    let expected = Listing { revision: last, entries };
    let got = store.list("a/").await?;
    ensure(got == expected, || format!("a/ lists {got:?}"))?;

    let deleted = store.compare_and_set("a/1", Expected::Any, None).await?;
    ensure(deleted > last, || "a deletion is a revision".to_owned())?;
    ensure(store.get("a/1").await?.is_none(), || "a/1 is still there".to_owned())?;
    let again = store.compare_and_set("a/1", Expected::Any, None).await?;
    ensure(again == deleted, || "to delete nothing is no revision".to_owned())
}

/// Each expectation holds just when it should.
pub(super) async fn expectations(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let first = store.compare_and_set("k", Expected::Absent, Some("1".to_owned())).await?;
    let second =
        store.compare_and_set("k", Expected::Revision(first), Some("2".to_owned())).await?;
    for expected in [Expected::Absent, Expected::Revision(first)] {
        let current = Some(Versioned { value: "2".to_owned(), revision: second });
        match store.compare_and_set("k", expected, Some("3".to_owned())).await {
            Err(StoreError::Conflict { current: found, .. }) if found == current => {}
            other => return Err(Failure::Broken(format!("{expected:?} gave {other:?}"))),
        }
    }
    store.compare_and_set("k", Expected::Revision(second), None).await?;
    let gone = store.compare_and_set("k", Expected::Revision(second), None).await;
    let refused = matches!(gone, Err(StoreError::Conflict { current: None, .. }));
    ensure(refused, || format!("a deleted key's revision held: {gone:?}"))
}

/// A transaction with one broken expectation leaves no trace.
pub(super) async fn whole_or_nothing(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let before = store.transact(vec![set("a", "1")]).await?;
    let refused = Change { expected: Expected::Absent, ..set("a", "2") };
    let outcome = store.transact(vec![set("b", "2"), refused]).await;
    let refused = matches!(outcome, Err(StoreError::Conflict { .. }));
    ensure(refused, || format!("it was made: {outcome:?}"))?;
    let listing = store.list("").await?;
    ensure(listing.revision == before && listing.entries.len() == 1, || format!("{listing:?}"))
}

/// Eight writers count one number up together; none is lost.
pub(super) async fn race(place: &impl Place) -> Result<(), Failure> {
    const WRITERS: u64 = 8;
    const TIMES: u64 = 25;
    let store = place.open().await?;
    store.transact(vec![set("n", "0")]).await?;
    let writers = (0..WRITERS).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut done = 0;
            while done < TIMES {
                let Some(now) = store.get("n").await? else { return Ok(()) };
                let next = now.value.parse::<u64>().unwrap_or(0) + 1;
                let expected = Expected::Revision(now.revision);
                match store.compare_and_set("n", expected, Some(next.to_string())).await {
                    Ok(_) => done += 1,
                    Err(StoreError::Conflict { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.map_err(|e| Failure::Broken(e.to_string()))??;
    }
    let end = store.get("n").await?.map(|n| n.value);
    ensure(end == Some((WRITERS * TIMES).to_string()), || format!("counted to {end:?}"))
}

/// Keys and values up to the limit, and not one byte more.
pub(super) async fn limits(place: &impl Place) -> Result<(), Failure> {
    let store = place.open().await?;
    let (key, value) = ("k".repeat(KEY_BYTES), "v".repeat(VALUE_BYTES));
    store.transact(vec![set(&key, &value)]).await?;
    for change in [set(&format!("{key}k"), "v"), set("k", &format!("{value}v"))] {
        let outcome = store.transact(vec![change]).await;
        let refused = matches!(outcome, Err(StoreError::TooLarge { .. }));
        ensure(refused, || format!("over the limit: {outcome:?}"))?;
    }
    Ok(())
}
