//! Doing I/O within a time limit. A limit is armed only when there is something to wait for.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bramble_net::{Buffer, Spare, Stream, Timer};

use crate::floor::Floor;

/// How waiting for a peer ended badly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WaitError {
    #[error("closed by the peer")]
    Closed,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("no progress within {0:?}")]
    Timeout(Duration),
    #[error("slower than is allowed")]
    TooSlow,
    #[error("the request has taken all the time that it may")]
    RequestTimeout,
    /// Somebody else needed the place more.
    #[error("ended to make room")]
    Evicted,
}

/// Polls `operation` until it is ready or `limit` has passed.
pub(crate) async fn within<T>(
    timer: &Timer,
    limit: Duration,
    mut operation: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> Result<T, WaitError> {
    let result = poll_fn(|cx| {
        if let Poll::Ready(result) = operation(cx) {
            return Poll::Ready(result.map_err(WaitError::Io));
        }
        // The operation may have begun the limit anew already.
        if !timer.is_armed() {
            timer.arm(limit);
        }
        ready!(timer.poll_due(cx));
        Poll::Ready(Err(why(timer, limit)))
    })
    .await;
    if timer.is_armed() {
        timer.disarm();
    }
    result
}

fn why(timer: &Timer, limit: Duration) -> WaitError {
    if timer.was_ended() {
        return WaitError::Evicted;
    }
    if timer.is_used_up() { WaitError::RequestTimeout } else { WaitError::Timeout(limit) }
}

/// Polls an operation that moves bytes from or to a client, who has to keep above the floor.
pub(crate) async fn above(
    floor: &mut Floor,
    timer: &Timer,
    operation: impl FnMut(&mut Context<'_>) -> Poll<io::Result<usize>>,
) -> Result<usize, WaitError> {
    let mut blocked = false;
    let mut operation = operation;
    let moved = within(timer, floor.limit(), |cx| {
        let step = operation(cx);
        if step.is_pending() && !blocked {
            blocked = true;
            timer.spare(floor.spare());
        }
        step
    });
    let moved = moved.await;
    if blocked {
        timer.spare(Spare::No);
    }
    let is_too_slow = matches!(moved, Err(WaitError::Timeout(_))) && floor.is_low();
    let waited = if blocked { timer.waited() } else { Duration::ZERO };
    floor.moved(moved.as_ref().map_or(0, |n| *n), waited);
    if is_too_slow { Err(WaitError::TooSlow) } else { moved }
}

/// Reads at least one more byte into `buffer`.
pub(crate) async fn fill(
    stream: &mut Stream,
    buffer: &mut Buffer,
    most: usize,
    timer: &Timer,
    limit: Duration,
) -> Result<usize, WaitError> {
    match within(timer, limit, |cx| buffer.poll_fill(cx, stream, most)).await? {
        0 => Err(WaitError::Closed),
        n => Ok(n),
    }
}

/// Writes all of up to three parts, as one vectored write if they fit; returns their length.
pub(crate) async fn send(
    stream: &mut Stream,
    parts: [&[u8]; 3],
    timer: &Timer,
    floor: &mut Floor,
) -> Result<usize, WaitError> {
    send_beside(stream, parts, timer, floor, |_, _| false).await
}

/// The same, with something else going on whenever it has to wait. Where that moves, which is
/// what it says, the limit begins anew: a client may send first and read later.
pub(crate) async fn send_beside(
    stream: &mut Stream,
    parts: [&[u8]; 3],
    timer: &Timer,
    floor: &mut Floor,
    mut beside: impl FnMut(&mut Context<'_>, &mut Stream) -> bool,
) -> Result<usize, WaitError> {
    let total = parts.iter().map(|part| part.len()).sum();
    let mut sent = write_now(stream, parts)?;
    floor.moved(sent, Duration::ZERO);
    if sent == total && stream.is_plain() {
        return Ok(total);
    }
    loop {
        let limit = floor.limit();
        let step = |cx: &mut Context<'_>| {
            let step = if sent < total {
                poll_write(cx, stream, parts, sent)
            } else {
                stream.poll_flush(cx).map_ok(|()| 0)
            };
            if step.is_pending() && beside(cx, stream) {
                timer.arm(limit);
            }
            step
        };
        match above(floor, timer, step).await? {
            0 if sent == total => return Ok(total),
            n => sent += n,
        }
    }
}

/// Writes what fits now: mostly all of it, and then there is nothing to wait for or to limit.
fn write_now(stream: &mut Stream, parts: [&[u8]; 3]) -> io::Result<usize> {
    let (parts, n) = unsent(parts, 0);
    let parts = parts.get(..n).unwrap_or_default();
    if parts.is_empty() {
        return Ok(0);
    }
    match stream.try_write(parts) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        other => other,
    }
}

/// Writes what is left behind the first `sent` bytes of these parts.
pub(crate) fn poll_write(
    cx: &mut Context<'_>,
    stream: &mut Stream,
    parts: [&[u8]; 3],
    sent: usize,
) -> Poll<io::Result<usize>> {
    let (left, n) = unsent(parts, sent);
    stream.poll_write(cx, left.get(..n).unwrap_or_default())
}

/// The slices behind the first `sent` bytes, and how many of them are not empty.
fn unsent<'a>(parts: [&'a [u8]; 3], mut sent: usize) -> ([IoSlice<'a>; 3], usize) {
    let mut left = [IoSlice::new(&[]), IoSlice::new(&[]), IoSlice::new(&[])];
    let mut n = 0;
    for part in parts {
        let rest = part.get(sent.min(part.len())..).unwrap_or_default();
        sent = sent.saturating_sub(part.len());
        if let Some(slot) = left.get_mut(n)
            && !rest.is_empty()
        {
            *slot = IoSlice::new(rest);
            n += 1;
        }
    }
    (left, n)
}
