//! A request's body: whole in memory, and sent in parts, so that it is seen whether it moves.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::sleep;

/// What is sent at a time: enough to cost nothing, and gone in a moment on the slowest link.
const PART_BYTES: usize = 64 * 1024;

/// A body that tells when a part of it is taken.
pub(super) struct Whole {
    rest: Bytes,
    moves: Moves,
}

/// That something moves.
#[derive(Clone, Default)]
pub(super) struct Moves(Arc<Notify>);

impl Whole {
    pub(super) fn new(bytes: Bytes, moves: Moves) -> Self {
        Self { rest: bytes, moves }
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let bytes = self.rest.len().min(PART_BYTES);
        self.moves.0.notify_one();
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl Moves {
    /// Waits for `work`, however long it takes, but only `limit` while nothing moves.
    pub(super) async fn wait<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Some(done),
                () = self.0.notified() => {}
                () = sleep(limit) => return None,
            }
        }
    }
}
