//! What the access log, and whoever counts, hears of a request. Without a log, each of these is one
//! look at an option.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Instant;

use bramble_http::{Kind, RequestHead};

use super::{Connection, End};
use crate::access_log::{Arrival, Ended, Log, Marks, Record};
use crate::counters::add;
use crate::reason::Word;
use crate::visitor::Visitor;

impl Connection {
    /// Begins the line of a request whose head is there.
    pub(super) fn begin_record(&mut self) {
        let Some(log) = &self.table.log else { return };
        let named = self.named_client();
        let (accepted, began) = (self.accepted.take(), self.heard);
        let arrival = Arrival { accepted, began, read: self.read_at() };
        let record = match &mut self.record {
            Some(record) if record.is_for(log) => record,
            other => other.insert(new_record(log, &self.visitor)),
        };
        record.begin(named, self.visitor.requests, &arrival, &self.head, self.input.unread());
    }

    /// Begins the line of a request that ended before its head was read: of what was refused as
    /// much is known as was understood, of what did not come whole nothing.
    pub(super) fn note_unread(&mut self, end: &End) {
        if self.record.as_ref().is_some_and(|record| record.is_open()) || self.table.log.is_none() {
            return;
        }
        self.visitor.requests += 1;
        if !matches!(end, End::Refused(_)) {
            self.head = RequestHead::default();
        }
        self.begin_record();
    }

    /// Ends the line: what comes now is not the answer's. The answer took so many microseconds from
    /// the end of the request's head, if that is known; a tunnel goes on longer.
    pub(super) fn end_record(&mut self, took_us: Option<u64>) {
        let reading = self.reading.waited();
        if let Some(record) = self.record.as_mut().filter(|record| record.is_open()) {
            record.end(Ended { took_us, reading });
        }
    }

    /// An answer with this status was sent, or begun.
    pub(crate) fn answered(&mut self, status: u16) {
        self.core.counters.answered(status);
        self.metering.status = status;
        self.record.iter_mut().for_each(|record| record.answered(status));
    }

    /// The request was refused, or its answer cut.
    pub(crate) fn refused(&mut self, why: impl Into<Word>) {
        let why = why.into();
        self.core.counters.refused(why);
        self.record.iter_mut().for_each(|record| record.because(why));
    }

    /// So many bytes have gone to the client.
    pub(crate) fn sent(&mut self, bytes: usize) {
        add(&self.core.counters.bytes_out, bytes as u64);
        self.metering.sent_bytes += bytes as u64;
        self.record.iter_mut().for_each(|record| record.sent(bytes as u64));
    }

    /// The request got to one of the places at which its time is taken.
    #[inline]
    pub(crate) fn mark(&mut self, mark: impl FnOnce(&mut Marks)) {
        if let Some(record) = &mut self.record {
            mark(record.marks());
        }
    }

    /// When the head was whole, if that is known, and now otherwise: to look at the clock once.
    pub(crate) fn read_at(&self) -> Instant {
        self.metering.began.unwrap_or_else(Instant::now)
    }

    /// Whom a trusted proxy names last as its own client.
    fn named_client(&self) -> Option<IpAddr> {
        if !self.trusts_peer() {
            return None;
        }
        let named = self.head.values(self.input.unread(), Kind::XForwardedFor).last()?;
        let last = named.rsplit(|byte| *byte == b',').next()?;
        std::str::from_utf8(last).ok()?.trim().parse().ok()
    }
}

#[cold]
fn new_record(log: &Rc<Log>, visitor: &Visitor) -> Box<Record> {
    let Visitor { listener, peer, place, .. } = visitor;
    let ledger = &place.core.ledger;
    Box::new(Record::new(log.clone(), &listener.logged, peer.ip(), ledger))
}
