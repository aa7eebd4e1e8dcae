//! Passing a backend's answer on to the client.

use std::task::{Context, Poll};
use std::time::Instant;

use bramble_http::{Body, BodyReader, ForwardResponse, chunk_head, forward_response};
use bramble_net::{Spare, Stream};

use super::Exchange;
use super::attempt::Attempt;
use super::bulk;
use super::tries::is_poor;
use super::upload::{Source, Upload, after_chunk};
use crate::balance::{Heard, Weight};
use crate::connection::{Connection, End, Next};
use crate::reason::{Event, Reason};
use crate::wait::{self, WaitError};

/// Sends head and body on; afterwards the backend's connection is kept if it can be.
pub(super) async fn pass_on(
    c: &mut Connection,
    mut answer: Box<Attempt>,
    mut exchange: Exchange,
) -> Result<Next, End> {
    let mut reader = BodyReader::of_answer(c.answer.body, &c.table.answer_limits);
    let (next, framing) = build_head(c, &answer, &mut exchange);
    answer.in_flight.standing().received(c.answer.reason.end());
    answer.buffer.consume(c.answer.len);
    let passed = pass_body(c, &mut answer, &mut reader, framing, &mut exchange).await;
    let waited = exchange.waited();
    c.mark(|marks| marks.sending = waited);
    if let Some(upload) = exchange.upload.take() {
        // An answer that is whole while the body is not wants no more of it.
        upload.give_up(&mut c.input);
    }
    if !exchange.arrived {
        answer.abandon();
    }
    let now = Instant::now();
    c.metered_until(now);
    match passed {
        Err(End::Cut) => {
            // Not plain: what it broke off may be an answer that is too much for it.
            let why = "broke off in the middle of an answer";
            exchange.pool.failed(&answer.backend, Weight::Doubt, why, now);
        }
        _ if is_poor(c.answer.status) || exchange.pool.ejects_for(c.answer.status) => {}
        _ => {
            let sound = c.answer.status < 500;
            if sound {
                answer.backend.has_answered(now);
            }
            let heard =
                Heard { began_after: answer.began_after, alone: !exchange.hedgeable, sound };
            exchange.pool.answered(&answer.backend, heard, now);
        }
    }
    match passed {
        Ok(()) => c.answered(c.answer.status),
        Err(End::Cut) if !c.out.is_empty() => {
            // Nothing has gone to the client yet, so it can still be told.
            return c.problem(Reason::BackendAnswer).await;
        }
        Err(end) => return Err(break_off(c, end, framing)),
    }
    let whole = exchange.arrived && c.body.is_done() && c.answer.body != Body::UntilClose;
    // Surplus bytes would be taken for the next answer: such a connection is not used again.
    if whole && c.answer.keep_alive && answer.buffer.is_empty() && !brings_a_body(c, &mut answer) {
        let limit = c.table.plan().limits.idle_backend_connections as usize;
        if answer.backend.check_in(answer.link.stream, now, limit) {
            c.core.counters.refused(Event::IdleBackendConnections);
        }
    }
    Ok(next)
}

/// Whether what announced no body brings one all the same, as some apps do behind an answer to
/// HEAD or a 304. Asked at once: it may be there before the loop would hear of it.
fn brings_a_body(c: &Connection, answer: &mut Attempt) -> bool {
    c.answer.body == Body::None && !answer.link.stream.is_silent()
}

/// Ends in the middle of an answer. A client whose body is malformed gets no second answer: it
/// would read that as a part of the first.
fn break_off(c: &mut Connection, end: End, framing: Body) -> End {
    c.answered(c.answer.status);
    if framing == Body::UntilClose {
        // An end in order would look like the answer's.
        c.stream.reset_when_closed();
    }
    match end {
        End::Refused(reject) => {
            c.refused(reject);
            End::Cut
        }
        end => end,
    }
}

/// Builds the head for the client in `c.out`; tells how the body goes on.
fn build_head(c: &mut Connection, answer: &Attempt, exchange: &mut Exchange) -> (Next, Body) {
    let next = c.next();
    // Most answers say it: then the clock is not looked at.
    let date = c.answer.lacks_date().then(|| c.core.date());
    let cookie = exchange.pool.cookie(exchange.session, &answer.backend);
    let extra = cookie.map(|cookie| ("Set-Cookie", cookie));
    let how = ForwardResponse {
        date: date.as_deref().unwrap_or_default(),
        keep_alive: next == Next::Request,
        client_version: c.head.version,
        request_was_head: c.is_head(),
        back: exchange.mapped.as_mut().map(|mapped| mapped.back(&answer.backend.plan)),
        extra: extra.as_slice(),
    };
    c.out.clear();
    let framing = forward_response(&mut c.out, answer.buffer.unread(), &c.answer, &how);
    let next = if framing == Body::UntilClose { Next::Close } else { next };
    (next, framing)
}

async fn pass_body(
    c: &mut Connection,
    answer: &mut Attempt,
    reader: &mut BodyReader,
    framing: Body,
    exchange: &mut Exchange,
) -> Result<(), End> {
    loop {
        // A peer that is quick enough never blocks us: the others get their turn.
        tokio::task::coop::consume_budget().await;
        let (consumed, done) = pass_piece(c, answer, reader, framing, exchange).await?;
        answer.buffer.consume(consumed);
        if done {
            return Ok(());
        }
        if !answer.buffer.is_empty() && consumed > 0 {
            continue;
        }
        if let Some(left) = left_in_bulk(c, answer, reader, framing, exchange) {
            return bulk::pass(c, answer, left, exchange).await;
        }
        if answer.buffer.is_empty() {
            // What follows is a large body: read it in large pieces.
            answer.buffer = c.core.body_buffer();
        }
        if !receive(c, answer, exchange).await? {
            reader.finish_on_close().map_err(|_| End::Cut)?;
            return end_body(c, framing).await;
        }
    }
}

/// What is still to come, where nothing has to be done with it and nothing goes on beside it.
fn left_in_bulk(
    c: &Connection,
    answer: &Attempt,
    reader: &BodyReader,
    framing: Body,
    exchange: &Exchange,
) -> Option<u64> {
    let is_alone = exchange.upload.is_none() && answer.buffer.is_empty();
    let is_bare = matches!(framing, Body::Length(_));
    reader.left().filter(|_| is_alone && is_bare && bulk::is_possible(c, answer))
}

/// Sends what the buffer holds of the body, with the head if that is still to go.
async fn pass_piece(
    c: &mut Connection,
    answer: &mut Attempt,
    reader: &mut BodyReader,
    framing: Body,
    exchange: &mut Exchange,
) -> Result<(usize, bool), End> {
    let Attempt { link, buffer, in_flight, .. } = answer;
    let unread = buffer.unread();
    let step = reader.next(unread).map_err(|_| End::Cut)?;
    let data = unread.get(step.data).unwrap_or_default();
    in_flight.standing().received(data.len());
    let mut after: &[u8] = &[];
    if framing == Body::Chunked {
        chunk_head(data.len(), &mut c.out);
        after = after_chunk(data.len(), step.done);
    }
    let data = if framing == Body::None { &[] } else { data };
    let parts = [&c.out[..], data, after];
    let most = c.table.limits.head_bytes + 1;
    let left = reader.left().unwrap_or(u64::MAX);
    let (input, body) = (&mut c.input, &mut c.body);
    let upload = |cx: &mut Context<'_>, stream: &mut Stream| {
        // While the client takes nothing nobody reads from the backend, which goes on sending.
        link.stream.will_fill(left);
        let mut source = Source { stream, input: &mut *input, body: &mut *body, most };
        let ended = exchange.poll_upload(cx, &mut source, &mut link.stream);
        ended || exchange.moved().is_some_and(|left| !left.is_zero())
    };
    let sent = wait::send_beside(&mut c.stream, parts, &c.timer, &mut c.reading, upload).await?;
    c.sent(sent);
    c.out.clear();
    exchange.broken.take().map_or(Ok((step.consumed, step.done)), Err)
}

/// Reads more of the answer; false when the backend has closed the connection.
async fn receive(
    c: &mut Connection,
    answer: &mut Attempt,
    exchange: &mut Exchange,
) -> Result<bool, End> {
    loop {
        let filled = fill(c, answer, exchange).await;
        if let Some(end) = exchange.broken.take() {
            return Err(end);
        }
        return match filled {
            // The backend's turn begins with the end of the body.
            Ok(None) => continue,
            Ok(Some(n)) => Ok(n > 0),
            Err(error @ (WaitError::RequestTimeout | WaitError::Evicted)) => Err(error.into()),
            Err(error) if exchange.waits_for_client() => Err(error.into()),
            Err(_) => Err(End::Cut),
        };
    }
}

/// Reads more of the answer, and passes the body on meanwhile. None: that has come to its end, or
/// the client has broken off.
async fn fill(
    c: &mut Connection,
    answer: &mut Attempt,
    exchange: &mut Exchange,
) -> Result<Option<usize>, WaitError> {
    let most = c.table.limits.head_bytes.max(c.table.limits.chunk_extension_body_bytes);
    let limit = exchange.upload.as_ref().map_or(c.table.times.body, Upload::limit);
    let Attempt { link, buffer, .. } = answer;
    let mut source = Source {
        stream: &mut c.stream,
        input: &mut c.input,
        body: &mut c.body,
        most: c.table.limits.head_bytes + 1,
    };
    let filled = exchange.watching(&c.timer, limit, |cx, exchange| {
        if exchange.poll_upload(cx, &mut source, &mut link.stream) {
            return Poll::Ready(Ok(None));
        }
        if let Some(left) = exchange.moved() {
            c.timer.arm(left);
        }
        exchange.spare(&c.timer);
        if exchange.is_broken(cx, &mut source) {
            return Poll::Ready(Ok(None));
        }
        buffer.poll_fill(cx, &mut link.stream, most).map_ok(Some)
    });
    let filled = filled.await;
    c.timer.spare(Spare::No);
    filled
}

async fn end_body(c: &mut Connection, framing: Body) -> Result<(), End> {
    if framing != Body::Chunked {
        return Ok(());
    }
    c.out.clear();
    c.out.extend_from_slice(bramble_http::LAST_CHUNK);
    c.send_out(&[]).await
}
