//! Streaming a request's body to a backend, as fast as it takes it and no faster.
//!
//! It goes on while the answer comes: an app that answers as it reads would stand still
//! otherwise. A backend that has had enough is told by its answer, not by an error here.
//! Polled beside whatever the connection waits for, and so without a task of its own.

use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bramble_http::{BodyReader, CHUNK_END, LAST_CHUNK, chunk_head};
use bramble_net::{Buffer, Stream};

use crate::balance::Standing;
use crate::connection::End;
use crate::floor::Floor;
use crate::wait::{self, WaitError};

/// Pieces that one turn passes on before others get theirs.
const PIECES_A_TURN: usize = 8;

/// The client's side: where a body comes from.
pub(super) struct Source<'a> {
    pub(super) stream: &'a mut Stream,
    pub(super) input: &'a mut Buffer,
    pub(super) body: &'a mut BodyReader,
    /// Bytes that may wait in `input`.
    pub(super) most: usize,
}

/// A body on its way.
pub(super) struct Upload {
    chunked: bool,
    consent: Consent,
    piece: Option<Piece>,
    waits_for: Side,
    begun: bool,
    /// Bytes have moved since [`Upload::moved`] was asked.
    moved: bool,
    /// Of the backend, which counts what it gets.
    standing: Rc<Standing>,
    /// How slowly the client may send.
    sending: Floor,
    /// Since when it is waited for.
    since: Option<Instant>,
}

/// What a client that waits with its body is told (RFC 9110 section 10.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// Nothing so far.
    Due,
    /// To go on; or it had no reason to wait.
    Given,
    /// The answer itself, which says all.
    Refused,
}

/// Who has to do something next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Backend,
    Client,
}

/// Why a body did not arrive.
pub(super) enum UploadError {
    /// The backend takes no more of it.
    Backend,
    Client(End),
}

/// What is being written: framing around a part of the input.
struct Piece {
    before: Vec<u8>,
    data: Range<usize>,
    after: &'static [u8],
    /// Bytes of the input to mark as used up once it is written.
    consumed: usize,
    written: usize,
}

impl Upload {
    pub(super) fn new(
        chunked: bool,
        consent: Consent,
        sending: Floor,
        standing: Rc<Standing>,
    ) -> Self {
        Self {
            chunked,
            consent,
            piece: None,
            waits_for: Side::Client,
            begun: false,
            moved: false,
            standing,
            sending,
            since: None,
        }
    }

    /// What the client is told, if it still waits for that.
    pub(super) fn decide(&mut self, consent: Consent) {
        if self.consent == Consent::Due {
            self.consent = consent;
        }
    }

    /// Whether the client waits to be told something, which it needn't.
    pub(super) fn awaits_consent(&self) -> bool {
        self.consent == Consent::Due && !self.begun
    }

    /// Whether the client rightly sends nothing.
    pub(super) fn is_held(&self) -> bool {
        self.consent != Consent::Given && !self.begun
    }

    /// Passes on what it can; ready when all of the body has arrived.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Source<'_>,
        to: &mut Stream,
    ) -> Poll<Result<(), UploadError>> {
        for _ in 0..PIECES_A_TURN {
            self.waits_for = Side::Backend;
            let written = self.poll_write(cx, from.input, to);
            if written.is_pending() {
                // Nobody reads on from the client, who goes on sending.
                from.stream.will_fill(from.body.left().unwrap_or(u64::MAX));
            }
            ready!(written).map_err(|_| UploadError::Backend)?;
            if from.body.is_done() {
                return Poll::Ready(Ok(()));
            }
            self.waits_for = Side::Client;
            ready!(self.poll_next(cx, from)).map_err(UploadError::Client)?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// How long the next move may take, where anything has moved since the last time: a slow body
    /// is not one that stands still.
    pub(super) fn moved(&mut self) -> Option<Duration> {
        std::mem::take(&mut self.moved).then(|| self.limit())
    }

    /// How long the next move may take.
    pub(super) fn limit(&self) -> Duration {
        self.sending.limit()
    }

    /// It is not a single wait that is too long, but all of them.
    pub(super) fn is_slow(&self) -> bool {
        self.sending.is_low()
    }

    /// How long the client was waited for.
    pub(super) fn waited(&self) -> Duration {
        let now = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        self.sending.waited().saturating_add(now)
    }

    /// Whether anything of the body may have reached the backend.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    pub(super) fn waits_for(&self) -> Side {
        self.waits_for
    }

    /// Bytes of the body that have not come in yet, at least: of one in chunks it is known only that
    /// it has not ended.
    pub(super) fn missing(&self, from: &Source<'_>) -> u64 {
        let taken = self.piece.as_ref().map_or(0, |piece| piece.consumed);
        let here = from.input.unread().len().saturating_sub(taken) as u64;
        match from.body.left() {
            Some(left) => left.saturating_sub(here),
            None => u64::from(!from.body.is_done() && here == 0),
        }
    }

    /// Gives the rest up; what lies in the input of a piece begun is used up.
    pub(super) fn give_up(self, input: &mut Buffer) {
        input.consume(self.piece.map_or(0, |piece| piece.consumed));
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut Buffer,
        to: &mut Stream,
    ) -> Poll<io::Result<()>> {
        let Some(piece) = &mut self.piece else { return Poll::Ready(Ok(())) };
        let data = input.unread().get(piece.data.clone()).unwrap_or_default();
        let parts = [&piece.before[..], data, piece.after];
        let total: usize = parts.iter().map(|part| part.len()).sum();
        while piece.written < total {
            let n = ready!(wait::poll_write(cx, to, parts, piece.written))?;
            piece.written += n;
            self.standing.sent(n);
            self.moved = true;
        }
        ready!(to.poll_flush(cx))?;
        input.consume(piece.consumed);
        self.piece = None;
        Poll::Ready(Ok(()))
    }

    /// Takes the next piece out of what has come in, or waits for more to come.
    fn poll_next(&mut self, cx: &mut Context<'_>, from: &mut Source<'_>) -> Poll<Result<(), End>> {
        let step = from.body.next(from.input.unread())?;
        if step.consumed == 0 {
            let filled = from.input.poll_fill(cx, from.stream, from.most);
            if filled.is_pending() && !self.is_held() {
                self.since.get_or_insert_with(Instant::now);
            }
            let n = ready!(filled).map_err(|e| End::Client(WaitError::Io(e)))?;
            self.sending.moved(n, self.since.take().map_or(Duration::ZERO, |at| at.elapsed()));
            return Poll::Ready(if n == 0 { Err(WaitError::Closed.into()) } else { Ok(()) });
        }
        let (len, consumed) = (step.data.len(), step.consumed);
        let mut before = Vec::new();
        let mut after: &[u8] = &[];
        if self.chunked {
            chunk_head(len, &mut before);
            after = after_chunk(len, step.done);
        }
        (self.begun, self.moved) = (true, true);
        self.piece = Some(Piece { before, data: step.data, after, consumed, written: 0 });
        Poll::Ready(Ok(()))
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

#[cfg(test)]
mod tests;
