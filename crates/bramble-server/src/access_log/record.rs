//! One request's line in the making, and where its time goes.
//!
//! ```text
//!  accepted ─> began ──> read ───> served ──> asked ─────────> answered ──> ended
//!       accept      head     queue     connect    first byte          body
//! ```
//! Each phase but the first, and what was waited for the client, count once: together they are the
//! total. The record is written when it is dropped, so that no way to end a request lacks one.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_config::plan::LogFormat;

use super::Log;
use super::line::{self, END_BYTES, Ended};
use crate::pool::{Backend, Pool};
use crate::reason::{Event, Word};

/// A request that goes on.
#[derive(Default)]
pub(crate) struct Record {
    /// None: it is nobody's, and kept for its memory.
    log: Option<Rc<Log>>,
    /// What of the line the request decides.
    pub(super) text: Vec<u8>,
    /// Where in it the rest goes.
    middle: usize,
    pub(crate) status: u16,
    pub(crate) bytes_out: u64,
    /// Of the requests of its connection.
    pub(crate) number: u32,
    pub(crate) pool: Option<Rc<Pool>>,
    pub(crate) backend: Option<Rc<Backend>>,
    pub(crate) attempts: u32,
    reason: Option<Word>,
    is_over: bool,
    pub(crate) marks: Marks,
}

/// When it got where.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marks {
    pub(crate) accepted: Option<Instant>,
    /// The head's first byte came, where the rest did not come with it.
    pub(crate) began: Option<Instant>,
    /// Its head was whole.
    pub(crate) read: Option<Instant>,
    /// Its turn had come, where it had to wait for that.
    pub(crate) served: Option<Instant>,
    /// It had gone to the backend that answered, or that was asked last.
    pub(crate) asked: Option<Instant>,
    /// The answer began.
    pub(crate) answered: Option<Instant>,
    pub(crate) ended: Option<Instant>,
    /// How long the client was waited for before the answer began.
    pub(crate) sending_before: Duration,
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
    /// It is a request's from now on; what the request decides is in `text`.
    pub(super) fn begin(&mut self, log: Rc<Log>, middle: usize, marks: Marks) {
        (self.log, self.middle, self.marks) = (Some(log), middle, marks);
    }

    /// Nothing more is sent: the line is written, and the memory kept.
    pub(crate) fn end(mut self: Box<Self>) {
        self.is_over = true;
        let Some(log) = self.log.take() else { return };
        self.write(&log);
        self.clear();
        log.keep(self);
    }

    fn clear(&mut self) {
        self.text.clear();
        (self.pool, self.backend, self.reason) = (None, None, None);
        (self.status, self.bytes_out, self.attempts, self.is_over) = (0, 0, 0, false);
    }

    fn write(&self, log: &Log) {
        let ended = Ended {
            status: self.status,
            bytes_out: self.bytes_out,
            number: self.number,
            pool: self.pool.as_ref().map(|pool| pool.name.as_str()),
            backend: self.backend.as_ref().map(|backend| backend.plan.name.as_str()),
            attempts: self.attempts,
            reason: self.reason(),
            times: self.marks.times(self.attempts > 0),
        };
        let (begin, rest) = self.text.split_at_checked(self.middle).unwrap_or_default();
        log.write(self.text.len() + END_BYTES, |block| {
            block.extend_from_slice(begin);
            if log.format == LogFormat::Json {
                return line::end_json(block, &ended);
            }
            line::end_common(block, &ended);
            block.extend_from_slice(rest);
            block.push(b'\n');
        });
    }

    /// Why it did not end in order; the first word counts.
    pub(crate) fn because(&mut self, why: Word) {
        self.reason.get_or_insert(why);
    }

    /// What is dropped without a word, in the middle of it, broke off.
    fn reason(&self) -> &'static str {
        let otherwise = if self.is_over { "" } else { Event::AnswerCut.word() };
        self.reason.map_or(otherwise, |word| word.0)
    }

    /// One more backend is tried.
    pub(crate) fn tries(&mut self, backend: &Rc<Backend>) {
        self.attempts += 1;
        self.backend = Some(backend.clone());
    }

    /// It may not be the one that was tried last.
    pub(crate) fn answered_by(&mut self, backend: &Rc<Backend>) {
        if !self.backend.as_ref().is_some_and(|last| Rc::ptr_eq(last, backend)) {
            self.backend = Some(backend.clone());
        }
    }
}

/// However it comes: by a panic, or with the process.
impl Drop for Record {
    fn drop(&mut self) {
        if let Some(log) = self.log.take() {
            self.write(&log);
        }
    }
}

impl Marks {
    /// The request has gone to a backend.
    pub(crate) fn asked(&mut self, now: Instant) {
        (self.asked, self.answered) = (Some(now), None);
    }

    /// A backend's answer has begun, after so long a wait for the client's body.
    pub(crate) fn answered(&mut self, now: Instant, sending: Duration) {
        (self.answered, self.sending_before) = (Some(now), sending);
    }

    fn times(&self, at_backends: bool) -> Times {
        let ended = self.ended.unwrap_or_else(Instant::now);
        let read = self.read.unwrap_or(ended);
        let served = self.served.unwrap_or(read);
        // Where a phase did not come to its end, all that follows was spent in it.
        let (connect, waiting, passing) = match (self.asked, self.answered) {
            _ if !at_backends => (0, 0, us(served, ended)),
            (None, _) => (us(served, ended), 0, 0),
            (Some(asked), None) => (us(served, asked), us(asked, ended), 0),
            (Some(asked), Some(answered)) => {
                (us(served, asked), us(asked, answered), us(answered, ended))
            }
        };
        let before = if self.answered.is_some() { self.sending_before } else { self.sending };
        let after = (self.sending + self.reading).saturating_sub(before);
        let (before, after) = (as_us(before).min(waiting), as_us(after).min(passing));
        let head = self.began.map_or(0, |began| us(began, read));
        let queue = self.served.map_or(0, |served| us(read, served));
        Times {
            accept_us: self.accepted.map_or(0, |at| us(at, self.began.unwrap_or(read))),
            head_us: head,
            queue_us: queue,
            connect_us: connect,
            first_byte_us: waiting - before,
            body_us: passing - after,
            client_us: before + after,
            total_us: head + queue + connect + waiting + passing,
        }
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
