//! Reads on in the log, and waits at its end.

use std::sync::Arc;

use tokio::sync::watch::Receiver;

use super::{Inner, tables};
use crate::api::Revision;
use crate::store::{Pending, StoreError, Watch};

/// Revisions read at a time.
const BATCH: u32 = 1_000;

pub(super) struct Log {
    inner: Arc<Inner>,
    newest: Receiver<u64>,
    after: u64,
    prefix: String,
}

impl Log {
    pub(super) async fn open(
        inner: Arc<Inner>,
        after: u64,
        prefix: &str,
    ) -> Result<Self, StoreError> {
        let newest = inner.newest.subscribe();
        let log = Self { inner, newest, after, prefix: prefix.to_owned() };
        let mut reader = log.inner.reader().await?;
        let span = tables::span(reader.as_mut()).await.map_err(|e| log.inner.error(&e))?;
        log.check(span)?;
        Ok(log)
    }

    fn check(&self, span: tables::Span) -> Result<(), StoreError> {
        let tables::Span { oldest, newest } = span;
        if self.after.saturating_add(1) < oldest || self.after > newest {
            return Err(StoreError::Compacted { after: self.after, oldest, newest });
        }
        Ok(())
    }

    /// Reads one batch and goes past it; only what has the prefix is answered.
    async fn batch(&mut self) -> Result<Vec<Revision>, StoreError> {
        let mut reader = self.inner.reader().await?;
        let (span, mut batch) = tables::log(reader.as_mut(), self.after, BATCH)
            .await
            .map_err(|e| self.inner.error(&e))?;
        self.check(span)?;
        self.after = batch.last().map_or(self.after, |last| last.revision);
        batch.retain(|revision| revision.key.starts_with(&self.prefix));
        Ok(batch)
    }

    async fn changes(&mut self) -> Result<Vec<Revision>, StoreError> {
        loop {
            // Marked as seen before the log is read: a change made in between wakes us again.
            self.newest.borrow_and_update();
            let before = self.after;
            let batch = self.batch().await?;
            if !batch.is_empty() {
                return Ok(batch);
            }
            if self.after == before {
                // Can't fail: the sender lives in `inner`, which we hold.
                let _ = self.newest.changed().await;
            }
        }
    }
}

impl Watch for Log {
    fn next(&mut self) -> Pending<'_, Vec<Revision>> {
        Box::pin(self.changes())
    }
}
