//! What the access log, and whoever counts, hears of a request. Without a log, each of these is one
//! look at an option.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Instant;

use bramble_http::{Kind, RequestHead};

use super::{Connection, End};
use crate::access_log::{Log, Marks, Record};
use crate::counters::add;
use crate::reason::Word;
use crate::visitor::Visitor;

impl Connection {
    /// Begins the line of a request whose head is there.
    pub(super) fn begin_record(&mut self) {
        let Some(log) = &self.table.log else { return };
        let kept = self.spare_record.take().filter(|record| record.is_for(log));
        let mut record = kept.unwrap_or_else(|| self.new_record(log));
        let marks = Marks::new(self.accepted.take(), self.heard, self.read_at());
        record.begin(self.named_client(), marks, &self.head, self.input.unread());
        record.number = self.visitor.requests;
        self.record = Some(record);
    }

    #[cold]
    fn new_record(&self, log: &Rc<Log>) -> Box<Record> {
        let Visitor { listener, peer, .. } = &self.visitor;
        Box::new(Record::new(log.clone(), listener.clone(), peer.ip()))
    }

    /// Begins the line of a request that ended before its head was read: of what was refused as
    /// much is known as was understood, of what did not come whole nothing.
    pub(super) fn note_unread(&mut self, end: &End) {
        if self.record.is_some() || self.table.log.is_none() {
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
        let Some(mut record) = self.record.take() else { return };
        record.marks.took_us = took_us.filter(|_| record.status != 101);
        record.marks.reading = self.reading.waited();
        record.end();
        self.spare_record = Some(record);
    }

    /// An answer with this status was sent, or begun.
    pub(crate) fn answered(&mut self, status: u16) {
        self.core.counters.answered(status);
        self.metering.status = status;
        self.record.iter_mut().for_each(|record| record.status = status);
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
        self.record.iter_mut().for_each(|record| record.bytes_out += bytes as u64);
    }

    /// The request got to one of the places at which its time is taken.
    #[inline]
    pub(crate) fn mark(&mut self, mark: impl FnOnce(&mut Marks)) {
        if let Some(record) = &mut self.record {
            mark(&mut record.marks);
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
