//! What the access log, and whoever counts, hears of a request. Without a log, each of these is one
//! look at an option.

use std::net::IpAddr;
use std::time::Instant;

use bramble_http::{Kind, RequestHead};

use super::{Connection, End};
use crate::access_log::{Asked, Marks};
use crate::counters::add;
use crate::reason::Word;

impl Connection {
    /// Begins the line of a request whose head is there.
    pub(super) fn begin_record(&mut self) {
        let Some(log) = &self.table.log else { return };
        let (accepted, read) = (self.accepted.take(), Some(self.read_at()));
        let marks = Marks { accepted, began: self.heard, read, ..Marks::default() };
        let asked = Asked::read(
            self.client(),
            &self.visitor.listener.name,
            &self.head,
            self.input.unread(),
        );
        let mut record = log.record(&asked, marks);
        record.number = self.visitor.requests;
        self.record = Some(record);
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

    /// Ends the line: what comes now is not the answer's.
    pub(super) fn end_record(&mut self) {
        let Some(mut record) = self.record.take() else { return };
        record.marks.reading = self.reading.waited();
        record.end();
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
    pub(crate) fn mark(&mut self, mark: impl FnOnce(&mut Marks)) {
        if let Some(record) = &mut self.record {
            mark(&mut record.marks);
        }
    }

    /// All of the answer has gone.
    pub(crate) fn answer_ended(&mut self, now: Instant) {
        self.mark(|marks| marks.ended = Some(now));
        self.metered_until(now);
    }

    /// When the head was whole, if that is known, and now otherwise: to look at the clock once.
    pub(crate) fn read_at(&self) -> Instant {
        self.metering.began.unwrap_or_else(Instant::now)
    }

    /// Who asks: the peer, or whom a trusted proxy names last.
    fn client(&self) -> IpAddr {
        let peer = self.visitor.peer.ip();
        if !self.trusts_peer() {
            return peer;
        }
        let named = self.head.values(self.input.unread(), Kind::XForwardedFor).last();
        let last = named.and_then(|names| names.rsplit(|byte| *byte == b',').next());
        let text = last.and_then(|name| std::str::from_utf8(name).ok());
        text.and_then(|text| text.trim().parse().ok()).unwrap_or(peer)
    }
}
