//! One attempt with one connection: send the request, read the head of its answer.

use std::io;
use std::time::Duration;

use bramble_http::{Body, Parsed, parse_response};
use bramble_net::{Buffer, Stream};

use super::failure::{AttemptError, Failure, FailureKind};
use super::{Exchange, upload};
use crate::connection::Connection;
use crate::pool::{Backend, InFlight, Link};
use crate::retry::Reached;
use crate::wait;

/// Answers up to this size are passed on only when they are there whole, so that a backend
/// that dies in the middle of one can still be replaced.
const WHOLE_ANSWER_BYTES: usize = 64 * 1024;

/// For a TLS handshake: it needs turns of the peer's processor where a SYN needs its kernel
/// alone. A busy board that had only a connect's 250 ms would begin one after the other and
/// finish none (seen on 2 cores at a load of 8).
const HANDSHAKE: Duration = Duration::from_secs(1);

/// A connection whose answer has begun; the head is in [`Connection::answer`], its bytes and
/// what follows in `buffer`.
pub(super) struct Answer {
    pub(super) link: Link,
    pub(super) buffer: Buffer,
    _in_flight: InFlight,
}

/// Opens a connection within the limits.
pub(super) async fn connect(c: &Connection, backend: &Backend) -> Result<Link, AttemptError> {
    let limit = c.table.times.connect;
    let mut stream = within(limit, Stream::connect(backend.plan.address, None)).await?;
    if let Some(connector) = &backend.connector {
        within(limit.max(HANDSHAKE), stream.connect_tls(connector)).await?;
    }
    Ok(Link { stream, reused: false })
}

async fn within<T>(
    limit: Duration,
    connecting: impl Future<Output = io::Result<T>>,
) -> Result<T, Failure> {
    let kind = match tokio::time::timeout(limit, connecting).await {
        Ok(Ok(connected)) => return Ok(connected),
        Ok(Err(error)) => FailureKind::connecting(error),
        Err(_) => FailureKind::ConnectTimeout,
    };
    Err(Failure::new(Reached::Never, kind))
}

/// Sends the request over `link` and waits for the head of the answer.
pub(super) async fn exchange(
    c: &mut Connection,
    mut link: Link,
    in_flight: InFlight,
    exchange: &mut Exchange,
) -> Result<Answer, AttemptError> {
    send(c, &mut link, exchange).await?;
    let mut buffer = c.core.heads.buffer();
    receive_head(c, &mut link, &mut buffer).await?;
    receive_rest(c, &mut link, &mut buffer).await?;
    // The answer counts: from here on nothing is repeated, and the body is used up.
    if let Some(whole) = exchange.whole {
        use_up(c, whole);
    }
    Ok(Answer { link, buffer, _in_flight: in_flight })
}

async fn send(
    c: &mut Connection,
    link: &mut Link,
    exchange: &mut Exchange,
) -> Result<(), AttemptError> {
    let limit = c.table.times.body;
    let body = c.input.unread().get(..exchange.whole.unwrap_or(0)).unwrap_or_default();
    let parts = [&c.forwarded[..], body, &[]];
    let sent = wait::send(&mut link.stream, parts, &c.timer, limit).await;
    sent.map_err(|error| early(link, FailureKind::sending(error)))?;
    if exchange.whole.is_none() {
        upload::stream(c, link, exchange).await?;
    }
    Ok(())
}

async fn receive_head(
    c: &mut Connection,
    link: &mut Link,
    buffer: &mut Buffer,
) -> Result<(), AttemptError> {
    let is_head = c.is_head();
    let most = c.table.plan().limits.informational;
    let mut interim = 0;
    loop {
        let parsed = if buffer.is_empty() {
            Ok(Parsed::Partial)
        } else {
            parse_response(buffer.unread(), &c.table.answer_limits, is_head, &mut c.answer)
        };
        match parsed {
            Ok(Parsed::Complete) if c.answer.status >= 200 => return Ok(()),
            Ok(Parsed::Complete) => {
                buffer.consume(c.answer.len);
                interim += 1;
                if interim > most {
                    return Err(late(FailureKind::TooManyInterim(most)));
                }
            }
            Ok(Parsed::Partial) => {
                let first = buffer.is_empty() && interim == 0;
                let limit = if first { c.table.times.first_byte } else { c.table.times.body };
                let more = fill(c, link, buffer, limit).await;
                more.map_err(|kind| if first { early(link, kind) } else { late(kind) })?;
            }
            Err(reject) => return Err(late(FailureKind::BadAnswer(reject))),
        }
    }
}

/// Waits for the rest of a small answer.
async fn receive_rest(
    c: &mut Connection,
    link: &mut Link,
    buffer: &mut Buffer,
) -> Result<(), AttemptError> {
    let Body::Length(length) = c.answer.body else { return Ok(()) };
    let Ok(length) = usize::try_from(length) else { return Ok(()) };
    while length <= WHOLE_ANSWER_BYTES && buffer.unread().len() < c.answer.len + length {
        fill(c, link, buffer, c.table.times.body).await.map_err(late)?;
    }
    Ok(())
}

async fn fill(
    c: &Connection,
    link: &mut Link,
    buffer: &mut Buffer,
    limit: Duration,
) -> Result<usize, FailureKind> {
    let most = c.table.limits.head_bytes + WHOLE_ANSWER_BYTES;
    let filled = wait::fill(&mut link.stream, buffer, most, &c.timer, limit).await;
    filled.map_err(|error| FailureKind::receiving(&error))
}

/// A failure before the first byte of an answer: over a reused connection that was closed,
/// the request surely never arrived.
fn early(link: &Link, kind: FailureKind) -> AttemptError {
    let closed = matches!(kind, FailureKind::Closed | FailureKind::Send(_));
    let reached = if link.reused && closed { Reached::Never } else { Reached::Maybe };
    Failure::new(reached, kind).into()
}

fn late(kind: FailureKind) -> AttemptError {
    Failure::new(Reached::Maybe, kind).into()
}

/// The body has been sent whole: take it out of the buffer, with its reader told.
fn use_up(c: &mut Connection, whole: usize) {
    let mut left = whole;
    while left > 0 {
        let Ok(piece) = c.next_piece() else { return };
        if piece.consumed == 0 {
            return;
        }
        c.input.consume(piece.consumed);
        left = left.saturating_sub(piece.consumed);
    }
}
