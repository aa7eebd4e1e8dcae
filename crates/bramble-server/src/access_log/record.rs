//! One request's line in the making, and where its time goes.
//!
//! ```text
//!  accepted ─> began ──> read ───> served ──> asked ─────────> answered ──> ended
//!       accept      head     queue     connect    first byte          body
//! ```
//! Each phase but the first, and what was waited for the client, count once: together they are the
//! total. The record is written when it is dropped, so that no way to end a request lacks one.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_http::RequestHead;

use super::Log;
use super::address::Address;
use super::asked::Asked;
use super::line::Line;
use crate::pool::{Backend, Pool};
use crate::reason::{Event, Word};
use crate::table::Listener;

/// What is known of a connection's request; between two requests, memory for the next.
pub(crate) struct Record {
    log: Rc<Log>,
    listener: Rc<Listener>,
    peer: Address,
    /// Whom a trusted proxy names instead.
    client: Option<Address>,
    /// Its line is still to be written.
    is_open: bool,
    asked: Asked,
    pub(crate) status: u16,
    pub(crate) bytes_out: u64,
    /// Of the requests of its connection.
    pub(crate) number: u32,
    /// One of whose backends none was there to be tried.
    pub(crate) pool: Option<Rc<Pool>>,
    pub(crate) backend: Option<Rc<Backend>>,
    pub(crate) attempts: u32,
    reason: Option<Word>,
    pub(crate) marks: Marks,
}

/// When it got where.
pub(crate) struct Marks {
    accepted: Option<Instant>,
    /// The head's first byte came, where the rest did not come with it.
    began: Option<Instant>,
    /// Its head was whole.
    read: Instant,
    /// Its turn had come, where it had to wait for that.
    pub(crate) served: Option<Instant>,
    /// It had gone to the backend that answered, or that was asked last.
    asked: Option<Instant>,
    /// How long after that the answer began.
    answered: Option<Duration>,
    /// How many microseconds it took from `read` to its end.
    pub(crate) took_us: Option<u64>,
    /// How long the client was waited for before the answer began.
    sending_before: Duration,
    /// The same, all in all: with its body, and with reading the answer.
    pub(crate) sending: Duration,
    pub(crate) reading: Duration,
}

/// The phases, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) accept_us: u64,
    pub(super) head_us: u64,
    pub(super) queue_us: u64,
    pub(super) connect_us: u64,
    pub(super) first_byte_us: u64,
    pub(super) body_us: u64,
    pub(super) client_us: u64,
    pub(super) total_us: u64,
}

impl Record {
    /// For the requests of a connection.
    pub(crate) fn new(log: Rc<Log>, listener: Rc<Listener>, peer: IpAddr) -> Self {
        Self {
            log,
            listener,
            peer: peer.into(),
            client: None,
            is_open: false,
            asked: Asked::default(),
            status: 0,
            bytes_out: 0,
            number: 0,
            pool: None,
            backend: None,
            attempts: 0,
            reason: None,
            marks: Marks::new(None, None, Instant::now()),
        }
    }

    /// Whether its line goes there.
    pub(crate) fn is_for(&self, log: &Rc<Log>) -> bool {
        Rc::ptr_eq(&self.log, log)
    }

    /// It is a request's from now on, by this head, which was read as far as it could be.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        client: Option<IpAddr>,
        marks: Marks,
        head: &RequestHead,
        buf: &[u8],
    ) {
        if client.is_some() || self.client.is_some() {
            self.client = client.map(Address::from);
        }
        self.marks = marks;
        self.asked.keep(head, buf);
        self.is_open = true;
    }

    /// Nothing more is sent: the line is written.
    pub(crate) fn end(&mut self) {
        self.write();
        self.is_open = false;
        (self.pool, self.backend, self.reason) = (None, None, None);
        (self.status, self.bytes_out, self.attempts) = (0, 0, 0);
    }

    fn write(&self) {
        let line = Line {
            client: self.client.as_ref().unwrap_or(&self.peer),
            listener: &self.listener.logged,
            asked: &self.asked,
            number: self.number,
            status: self.status,
            bytes_out: self.bytes_out,
            pool: self.pool.as_ref().map(|pool| &pool.logged),
            backend: self.backend.as_ref().map(|backend| &backend.logged),
            attempts: self.attempts,
            reason: self.reason,
            marks: &self.marks,
        };
        self.log.write(self.marks.began.unwrap_or(self.marks.read), &line);
    }

    /// Why it did not end in order; the first word counts.
    pub(crate) fn because(&mut self, why: Word) {
        self.reason.get_or_insert(why);
    }

    /// One more backend is tried.
    pub(crate) fn tries(&mut self, backend: &Rc<Backend>) {
        self.attempts += 1;
        self.backend = Some(backend.clone());
    }

    /// It may not be the one that was tried last.
    #[inline]
    pub(crate) fn answered_by(&mut self, backend: &Rc<Backend>) {
        if !self.backend.as_ref().is_some_and(|last| Rc::ptr_eq(last, backend)) {
            self.backend = Some(backend.clone());
        }
    }
}

/// What is dropped in the middle of it broke off, however that comes: by a panic, or with the
/// process.
impl Drop for Record {
    fn drop(&mut self) {
        if self.is_open {
            self.because(Event::AnswerCut.into());
            self.write();
        }
    }
}

impl Marks {
    /// A request's head was whole.
    #[inline]
    pub(crate) fn new(accepted: Option<Instant>, began: Option<Instant>, read: Instant) -> Self {
        Self {
            accepted,
            began,
            read,
            served: None,
            asked: None,
            answered: None,
            took_us: None,
            sending_before: Duration::ZERO,
            sending: Duration::ZERO,
            reading: Duration::ZERO,
        }
    }

    /// The request has gone to a backend.
    pub(crate) fn asked(&mut self, now: Instant) {
        (self.asked, self.answered) = (Some(now), None);
    }

    /// A backend's answer has begun, after so long a wait for the client's body. If that went with
    /// the rest, it is known when the backend was asked and how long after that this is.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        known: Option<(Instant, Duration)>,
        sending: Duration,
    ) {
        let since = |asked: Instant| (asked, now.saturating_duration_since(asked));
        let (asked, after) = known.or_else(|| self.asked.map(since)).unzip();
        (self.asked, self.answered, self.sending_before) = (asked, after, sending);
    }

    #[inline(always)]
    pub(super) fn times(&self, at_backends: bool) -> Times {
        let read = self.read;
        let head_us = self.began.map_or(0, |began| us(began, read));
        let queue_us = self.served.map_or(0, |served| us(read, served));
        let took_us = self.took_us.unwrap_or_else(|| us(read, Instant::now()));
        let left_us = took_us.saturating_sub(queue_us);
        // Where a phase did not come to its end, all that follows was spent in it.
        let (connect_us, waiting_us) = match (self.asked, self.answered) {
            _ if !at_backends => (0, 0),
            (None, _) => (left_us, 0),
            (Some(asked), None) => (us(self.served.unwrap_or(read), asked), left_us),
            (Some(asked), Some(answered)) => {
                (us(self.served.unwrap_or(read), asked), as_us(answered))
            }
        };
        let connect_us = connect_us.min(left_us);
        let waiting_us = waiting_us.min(left_us - connect_us);
        let passing_us = left_us - connect_us - waiting_us;
        let (before_us, after_us) = self.waits();
        let (before_us, after_us) = (before_us.min(waiting_us), after_us.min(passing_us));
        Times {
            accept_us: self.accepted.map_or(0, |at| us(at, self.began.unwrap_or(read))),
            head_us,
            queue_us,
            connect_us,
            first_byte_us: waiting_us - before_us,
            body_us: passing_us - after_us,
            client_us: before_us + after_us,
            total_us: head_us + queue_us + left_us,
        }
    }

    /// How long the client was waited for before the answer began, and since.
    fn waits(&self) -> (u64, u64) {
        if self.sending.is_zero() && self.reading.is_zero() {
            return (0, 0);
        }
        let all = self.sending + self.reading;
        let before = if self.answered.is_some() { self.sending_before } else { self.sending };
        (as_us(before), as_us(all.saturating_sub(before)))
    }
}

/// 0 if they are the other way round.
fn us(from: Instant, to: Instant) -> u64 {
    as_us(to.saturating_duration_since(from))
}

fn as_us(time: Duration) -> u64 {
    time.as_secs() * 1_000_000 + u64::from(time.subsec_micros())
}

#[cfg(test)]
mod tests;
