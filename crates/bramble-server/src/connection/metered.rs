//! Counting each request by where it came in and where it went.

use std::time::Instant;

use super::{Connection, End};

/// A request in the middle of being counted.
#[derive(Default)]
pub(crate) struct Metering {
    /// Its head was whole; none: it is no request yet, or was counted.
    pub(super) began: Option<Instant>,
    /// When all of its answer had gone, if somebody has looked at the clock then.
    pub(super) ended: Option<Instant>,
    /// From when on it waited for nobody else, where its answer says what one takes.
    pub(super) worked_from: Option<Instant>,
    /// Of the table's routes.
    pub(super) route: Option<usize>,
    /// 0: no answer so far.
    pub(super) status: u16,
    pub(crate) sent_bytes: u64,
}

impl Connection {
    /// Counts what was refused before it was a request.
    pub(super) fn meter_unread(&mut self, end: &End) {
        if self.metering.began.is_none() && matches!(end, End::Late(_) | End::Refused(_)) {
            self.metering.began = Some(self.heard.unwrap_or_else(Instant::now));
        }
    }

    /// What comes from here on belongs to no request, or takes as long as it takes.
    pub(crate) fn metered_until(&mut self, now: Instant) {
        self.metering.ended = Some(now);
    }

    /// Counts the request that has ended, however it did; none twice. Returns how many
    /// microseconds it took.
    pub(super) fn meter(&mut self) -> Option<u64> {
        let Metering { began, ended, route, status, sent_bytes, .. } =
            std::mem::take(&mut self.metering);
        let began = began?;
        let took = ended.unwrap_or_else(Instant::now).saturating_duration_since(began);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let meters = self.table.meters(route);
        for meter in meters.iter().chain([&self.visitor.listener.meter]) {
            meter.record(status, sent_bytes, us);
        }
        Some(us)
    }
}
