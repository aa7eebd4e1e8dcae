//! The rest of a large answer, between two plain connections: bytes that have a length and no
//! framing, of which nothing is held here.
//!
//! Pieces are as large as the client takes them. On one machine what costs most of a large body is
//! waking who waits for it, and with larger pieces that happens less often.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bramble_net::Passed;

use super::Exchange;
use super::attempt::Attempt;
use crate::connection::{Connection, End};
use crate::wait::{self, WaitError};

/// The first piece, and the smallest.
const FIRST_BYTES: usize = 64 * 1024;
/// What fits a processor's own cache beside its copy in the socket.
const LARGEST_BYTES: usize = 256 * 1024;

/// Whether both sides are such that nothing has to be done with the bytes.
pub(super) fn is_possible(c: &Connection, answer: &Attempt) -> bool {
    c.stream.is_plain() && answer.link.stream.is_plain()
}

/// Passes on `left` bytes, all that is still to come.
pub(super) async fn pass(
    c: &mut Connection,
    answer: &mut Attempt,
    mut left: u64,
    exchange: &mut Exchange,
) -> Result<(), End> {
    let mut piece = FIRST_BYTES;
    answer.buffer.release();
    while left > 0 {
        // A peer that is quick enough never blocks us: the others get their turn.
        tokio::task::coop::consume_budget().await;
        let Passed { seen, taken } = step(c, answer, left, piece, exchange).await?;
        match taken {
            Ok(0) => return Err(End::Cut),
            Ok(taken) => {
                c.sent(taken);
                answer.in_flight.standing().received(taken);
                c.reading.moved(taken, Duration::ZERO);
                // Surplus bytes would be taken for the next answer.
                c.answer.keep_alive &= seen as u64 <= left;
                left -= taken as u64;
                piece = next_piece(piece, seen, taken);
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                // Nobody takes what the backend goes on sending.
                answer.link.stream.will_fill(left);
                writable(c).await?;
            }
            Err(e) => return Err(WaitError::Io(e).into()),
        }
    }
    Ok(())
}

/// One look at what has come, with one write.
async fn step(
    c: &mut Connection,
    answer: &mut Attempt,
    left: u64,
    piece: usize,
    exchange: &mut Exchange,
) -> Result<Passed, End> {
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    let looked_at = piece.min(left) + 1;
    let (from, to, scratch) = (&mut answer.link.stream, &mut c.stream, &c.core.scratch);
    let passed = exchange.watching(&c.timer, c.table.times.body, |cx, exchange| {
        let passed = scratch.with(looked_at, |memory| from.poll_pass(cx, to, left, memory));
        // While bytes flow, to write them tells as much.
        if passed.is_pending() && exchange.is_left(cx, to) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        passed
    });
    let passed = passed.await;
    passed.map_err(|error| match (exchange.broken.take(), error) {
        (Some(end), _) => end,
        (None, error @ (WaitError::RequestTimeout | WaitError::Evicted)) => error.into(),
        _ => End::Cut,
    })
}

/// Until the client takes more.
async fn writable(c: &mut Connection) -> Result<(), End> {
    let stream = &mut c.stream;
    let writable = |cx: &mut Context<'_>| stream.poll_writable(cx).map_ok(|()| 0);
    wait::above(&mut c.reading, &c.timer, writable).await?;
    Ok(())
}

/// Twice as much after a piece that was there and was taken whole; else as much as is taken at
/// once.
fn next_piece(piece: usize, seen: usize, taken: usize) -> usize {
    let next = match () {
        () if taken < seen.min(piece) => taken,
        () if seen > piece => piece * 2,
        () => piece,
    };
    next.clamp(FIRST_BYTES, LARGEST_BYTES)
}

#[cfg(test)]
mod tests;
