//! Streaming a request's body to a backend, as fast as it takes it and no faster.
//!
//! Stops as soon as the backend answers: an early refusal is passed on, and the client's
//! connection is closed after it, since the rest of the body is not wanted.

use bramble_http::{CHUNK_END, LAST_CHUNK, chunk_head};

use super::Exchange;
use super::failure::{AttemptError, Failure, FailureKind};
use crate::connection::{Connection, End};
use crate::pool::Link;
use crate::retry::Reached;
use crate::wait;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Passes the body on until its end, or until the backend has something to say.
pub(super) async fn stream(
    c: &mut Connection,
    link: &mut Link,
    exchange: &mut Exchange,
) -> Result<(), AttemptError> {
    if c.head.expect_continue {
        c.head.expect_continue = false;
        let limit = c.table.times.body;
        let sent = wait::send(&mut c.stream, [CONTINUE, &[], &[]], &c.timer, limit).await;
        sent.map_err(End::from)?;
    }
    let chunked = c.head.body == bramble_http::Body::Chunked;
    while !c.body.is_done() {
        // A client that is quick enough never blocks us: the others get their turn.
        tokio::task::coop::consume_budget().await;
        let piece = c.next_piece()?;
        if piece.consumed == 0 {
            if read_or_answer(c, link).await? {
                return Ok(());
            }
            continue;
        }
        exchange.spent = true;
        let framing = Framing::new(chunked, piece.data.len(), piece.done);
        let data = c.input.unread().get(piece.data).unwrap_or_default();
        let parts = [&framing.before[..], data, framing.after];
        let limit = c.table.times.body;
        let sent = wait::send(&mut link.stream, parts, &c.timer, limit).await;
        if let Err(error) = sent {
            // It may have answered and closed: then its answer explains the refusal.
            return if link.stream.is_stale() { Ok(()) } else { Err(failed(error)) };
        }
        c.input.consume(piece.consumed);
    }
    Ok(())
}

/// Waits for more of the body (false) or for the backend's answer (true).
async fn read_or_answer(c: &mut Connection, link: &mut Link) -> Result<bool, AttemptError> {
    let limit = c.table.times.body;
    let most = c.table.limits.head_bytes + 1;
    let (stream, input) = (&mut c.stream, &mut c.input);
    let event = wait::within(&c.timer, limit, |cx| {
        if let std::task::Poll::Ready(result) = input.poll_fill(cx, stream, most) {
            return std::task::Poll::Ready(result.map(Some));
        }
        link.stream.poll_readable(cx).map(|_| Ok(None))
    });
    match event.await.map_err(End::from)? {
        None => Ok(true),
        Some(0) => Err(End::from(wait::WaitError::Closed).into()),
        Some(_) => Ok(false),
    }
}

fn failed(error: wait::WaitError) -> AttemptError {
    Failure::new(Reached::Maybe, FailureKind::sending(error)).into()
}

/// What stands around a piece of a body.
pub(super) struct Framing {
    pub(super) before: Vec<u8>,
    pub(super) after: &'static [u8],
}

impl Framing {
    pub(super) fn new(chunked: bool, len: usize, last: bool) -> Self {
        let mut before = Vec::new();
        if !chunked {
            return Self { before, after: &[] };
        }
        chunk_head(len, &mut before);
        Self { before, after: after_chunk(len, last) }
    }
}

/// What follows the data of a chunk, with the body's end where it is the last.
pub(super) fn after_chunk(len: usize, last: bool) -> &'static [u8] {
    match (len, last) {
        (0, false) => &[],
        (0, true) => LAST_CHUNK,
        (_, false) => CHUNK_END,
        (_, true) => b"\r\n0\r\n\r\n",
    }
}
