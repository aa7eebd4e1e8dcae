//! One request's line in the making. It is written when the record is dropped, if not before, so
//! that no way to end a request lacks one.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_http::RequestHead;
use bramble_net::{Grant, Ledger, Use};

use super::Log;
use super::fragment::Fragment;
use super::line::Line;
use super::marks::{Arrival, Ended, Marks};
use super::opening::Opening;
use crate::pool::{Backend, Pool};
use crate::reason::{Event, Word};

/// What is known of a connection's request; between two requests, memory for the next.
pub(crate) struct Record {
    log: Rc<Log>,
    peer: IpAddr,
    /// A trusted proxy named somebody else.
    is_named: bool,
    /// Its line is still to be written.
    is_open: bool,
    line: Line,
    _held: Grant,
}

impl Record {
    /// For the requests of a connection. Its memory is entered in the ledger.
    pub(crate) fn new(
        log: Rc<Log>,
        listener: &Rc<Fragment>,
        peer: IpAddr,
        ledger: &Rc<Ledger>,
    ) -> Self {
        let line = Line {
            opening: Opening::new(log.format, peer, listener.clone(), ledger.clone()),
            number: 0,
            status: 0,
            bytes_out: 0,
            pool: None,
            backend: None,
            attempts: 0,
            reason: None,
            marks: Marks::new(&Arrival { accepted: None, began: None, read: Instant::now() }),
        };
        let held = ledger.grant(Use::Connections, size_of::<Self>() as u64);
        Self { log, peer, is_named: false, is_open: false, line, _held: held }
    }

    /// Whether its line goes there.
    pub(crate) fn is_for(&self, log: &Rc<Log>) -> bool {
        Rc::ptr_eq(&self.log, log)
    }

    /// Whether a request's line is in the making.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// It is a request's from now on, by this head, which was read as far as it could be.
    #[inline(always)]
    pub(crate) fn begin(
        &mut self,
        client: Option<IpAddr>,
        number: u32,
        arrival: &Arrival,
        head: &RequestHead,
        buf: &[u8],
    ) {
        if client.is_some() || self.is_named {
            self.set_client(client);
        }
        let line = &mut self.line;
        line.marks = Marks::new(arrival);
        let mut clock = self.log.clock.borrow_mut();
        let time = match arrival.began {
            Some(began) => clock.at(began),
            None => clock.now(arrival.read),
        };
        line.opening.set_request(time, head, buf);
        (line.number, line.status, line.bytes_out, line.attempts) = (number, 0, 0, 0);
        (line.pool, line.reason) = (None, None);
        self.is_open = true;
    }

    #[cold]
    fn set_client(&mut self, named: Option<IpAddr>) {
        self.is_named = named.is_some();
        self.line.opening.set_client(named.unwrap_or(self.peer));
    }

    /// Nothing more is sent: the line is written.
    #[inline(always)]
    pub(crate) fn end(&mut self, mut ended: Ended) {
        if self.line.status == 101 {
            // A tunnel goes on longer than its answer.
            ended.took_us = None;
        }
        self.write(&ended);
    }

    #[inline(always)]
    fn write(&mut self, ended: &Ended) {
        self.is_open = false;
        self.log.write(&self.line, ended);
    }

    /// It was answered with this status.
    pub(crate) fn answered(&mut self, status: u16) {
        self.line.status = status;
    }

    /// So many bytes have gone to the client.
    pub(crate) fn sent(&mut self, bytes: u64) {
        self.line.bytes_out += bytes;
    }

    /// Why it did not end in order; the first word counts.
    pub(crate) fn because(&mut self, why: Word) {
        self.line.reason.get_or_insert(why);
    }

    /// One more backend is tried.
    #[inline(always)]
    pub(crate) fn tries(&mut self, backend: &Backend) {
        self.line.attempts += 1;
        self.answered_by(backend);
    }

    /// It may not be the one that was tried last.
    #[inline(always)]
    pub(crate) fn answered_by(&mut self, backend: &Backend) {
        let now = &backend.logged;
        if !self.line.backend.as_ref().is_some_and(|last| Rc::ptr_eq(last, now)) {
            self.line.backend = Some(now.clone());
        }
    }

    /// This pool had no backend to be tried.
    pub(crate) fn found_none(&mut self, pool: &Pool) {
        self.line.pool = Some(pool.logged.clone());
    }

    #[inline(always)]
    pub(crate) fn marks(&mut self) -> &mut Marks {
        &mut self.line.marks
    }
}

/// What is dropped in the middle of it broke off, however that comes: by a panic, or with the
/// process.
impl Drop for Record {
    fn drop(&mut self) {
        if self.is_open {
            self.because(Event::AnswerCut.into());
            self.write(&Ended { took_us: None, reading: Duration::ZERO });
        }
    }
}

#[cfg(test)]
mod tests;
