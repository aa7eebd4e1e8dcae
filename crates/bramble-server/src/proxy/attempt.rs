//! One attempt with one connection: send the request, read the head of its answer.

use std::io;
use std::task::Poll;
use std::time::Duration;

use bramble_http::{
    Asked, Body, ForwardResponse, Parsed, Version, forward_response, parse_response,
};
use bramble_net::{Buffer, Stream};

use super::Exchange;
use super::failure::{AttemptError, Failure, FailureKind};
use super::upload::{Source, Upload};
use crate::connection::{Connection, End};
use crate::pool::{Backend, InFlight, Link};
use crate::retry::Reached;
use crate::wait::{self, WaitError};

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

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
    pub(super) _in_flight: InFlight,
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
    receive_head(c, &mut link, &mut buffer, exchange).await?;
    receive_rest(c, &mut link, &mut buffer, exchange).await?;
    // The answer counts: from here on nothing is repeated, and the body is used up.
    if exchange.whole.is_some() {
        c.take_body();
    }
    Ok(Answer { link, buffer, _in_flight: in_flight })
}

/// Sends the head, with the body if that is there whole. Otherwise it follows beside the
/// answer.
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
        ask_for_body(c).await.map_err(End::from)?;
        exchange.upload = Some(Upload::new(c.head.body == Body::Chunked));
    }
    Ok(())
}

/// The client may wait for a word before it sends its body; it gets ours, since the backend is
/// not told of the expectation (RFC 9110 section 10.1.1).
async fn ask_for_body(c: &mut Connection) -> Result<(), WaitError> {
    if std::mem::take(&mut c.head.expect_continue) {
        let limit = c.table.times.body;
        wait::send(&mut c.stream, [CONTINUE, &[], &[]], &c.timer, limit).await?;
    }
    Ok(())
}

async fn receive_head(
    c: &mut Connection,
    link: &mut Link,
    buffer: &mut Buffer,
    exchange: &mut Exchange,
) -> Result<(), AttemptError> {
    let asked = Asked { head: c.is_head(), upgrade: c.head.upgrade };
    let most = c.table.plan().limits.informational;
    let mut interim = 0;
    loop {
        let parsed = if buffer.is_empty() {
            Ok(Parsed::Partial)
        } else {
            parse_response(buffer.unread(), &c.table.answer_limits, asked, &mut c.answer)
        };
        match parsed {
            Ok(Parsed::Complete) if c.answer.is_final() => return Ok(()),
            Ok(Parsed::Complete) => {
                interim += 1;
                if interim > most {
                    return Err(late(FailureKind::TooManyInterim(most)));
                }
                // Once a byte has gone to the client, nothing is repeated.
                exchange.spent |= pass_interim(c, buffer).await.map_err(End::from)?;
                buffer.consume(c.answer.len);
            }
            Ok(Parsed::Partial) => {
                let first = buffer.is_empty() && interim == 0;
                let limit = if first { c.table.times.first_byte } else { c.table.times.body };
                match fill(c, &mut link.stream, buffer, limit, exchange).await {
                    Err(FillError::Client(end)) => return Err(end.into()),
                    Err(FillError::Backend(kind)) if first => return Err(early(link, kind)),
                    Err(FillError::Backend(kind)) => return Err(late(kind)),
                    Ok(()) => {}
                }
            }
            Err(reject) => return Err(late(FailureKind::BadAnswer(reject))),
        }
    }
}

/// Passes an interim answer on, as early hints. 100 is not among them: we have asked for the
/// body ourselves. An HTTP/1.0 client does not know them (RFC 9110 section 15.2). False: it was
/// kept back.
async fn pass_interim(c: &mut Connection, buffer: &Buffer) -> Result<bool, WaitError> {
    if c.answer.status == 100 || c.head.version == Version::Http10 {
        return Ok(false);
    }
    let how = ForwardResponse {
        keep_alive: true,
        client_version: c.head.version,
        request_was_head: c.is_head(),
    };
    c.out.clear();
    forward_response(&mut c.out, buffer.unread(), &c.answer, &how);
    let limit = c.table.times.body;
    let sent = wait::send(&mut c.stream, [&c.out, &[], &[]], &c.timer, limit).await;
    c.out.clear();
    sent.map(|_| true)
}

/// Waits for the rest of a small answer.
async fn receive_rest(
    c: &mut Connection,
    link: &mut Link,
    buffer: &mut Buffer,
    exchange: &mut Exchange,
) -> Result<(), AttemptError> {
    let Body::Length(length) = c.answer.body else { return Ok(()) };
    let Ok(length) = usize::try_from(length) else { return Ok(()) };
    while length <= WHOLE_ANSWER_BYTES && buffer.unread().len() < c.answer.len + length {
        let limit = c.table.times.body;
        match fill(c, &mut link.stream, buffer, limit, exchange).await {
            Err(FillError::Client(end)) => return Err(end.into()),
            Err(FillError::Backend(kind)) => return Err(late(kind)),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Why no more of an answer came.
enum FillError {
    Backend(FailureKind),
    Client(End),
}

/// What happened first while an answer was waited for.
enum Event {
    Filled(usize),
    /// The body has come to its end.
    Sent,
}

/// Reads more of the answer, and passes the body on meanwhile. `limit` counts from the end of
/// the body; until then each side may take the time limit of bodies from one move to the next.
async fn fill(
    c: &mut Connection,
    from: &mut Stream,
    buffer: &mut Buffer,
    limit: Duration,
    exchange: &mut Exchange,
) -> Result<(), FillError> {
    let most = c.table.limits.head_bytes + WHOLE_ANSWER_BYTES;
    loop {
        let limit = if exchange.upload.is_some() { c.table.times.body } else { limit };
        let timer = &c.timer;
        let mut source = Source {
            stream: &mut c.stream,
            input: &mut c.input,
            body: &mut c.body,
            most: c.table.limits.head_bytes + 1,
        };
        let event = wait::within(timer, limit, |cx| {
            if exchange.poll_upload(cx, &mut source, from) {
                return Poll::Ready(Ok(Event::Sent));
            }
            if exchange.has_moved() {
                timer.arm(limit);
            }
            buffer.poll_fill(cx, from, most).map_ok(Event::Filled)
        });
        let event = event.await;
        if let Some(end) = exchange.broken.take() {
            return Err(FillError::Client(end));
        }
        match event {
            Ok(Event::Filled(0)) => return Err(FillError::Backend(FailureKind::Closed)),
            Ok(Event::Filled(_)) => return Ok(()),
            Ok(Event::Sent) => {}
            Err(error) if exchange.waits_for_client() => {
                return Err(FillError::Client(error.into()));
            }
            Err(error) => return Err(FillError::Backend(FailureKind::receiving(&error))),
        }
    }
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
