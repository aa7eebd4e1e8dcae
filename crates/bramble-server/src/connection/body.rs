//! The body of a request: read to its end, or the connection is closed. What is left unread
//! would be taken for the next request (CVE-2025-4366).

use std::time::{Duration, Instant};

use bramble_http::Body;

use super::{Connection, End};
use crate::reason::Event;
use crate::wait;

impl Connection {
    /// Whether what is left of the body is so little that it will be drained, so that the
    /// connection can stay open behind an early answer.
    pub(super) fn body_will_end(&self) -> bool {
        let most = u64::from(self.table.plan().limits.drain_bytes);
        let is_small = matches!(self.head.body, Body::Length(n) if n <= most);
        self.body.is_done() || is_small && !self.expects
    }

    /// Takes a body that lies whole in the input buffer out of it.
    pub(crate) fn take_body(&mut self) {
        // It has a length, so that one step goes over all of it and nothing can be wrong.
        if let Ok(step) = self.body.next(self.input.unread()) {
            self.input.consume(step.consumed);
        }
    }

    /// Reads what is left of the body and throws it away, within limits. False: there is more
    /// than that, and the connection has to be closed.
    pub(super) async fn drain(&mut self) -> Result<bool, End> {
        if self.body.is_done() {
            return Ok(true);
        }
        if self.head.expect_continue {
            // It was never asked for, so it may come or not: nobody can tell.
            return Ok(false);
        }
        let end = Instant::now() + self.table.times.drain;
        let mut budget = self.table.plan().limits.drain_bytes as usize;
        while !self.body.is_done() {
            // The request is answered already: a malformed rest gets no second answer.
            let Ok(step) = self.body.next(self.input.unread()) else { return Ok(false) };
            self.input.consume(step.consumed);
            let Some(rest) = budget.checked_sub(step.consumed) else {
                self.core.counters.refused(Event::DrainBytes);
                return Ok(false);
            };
            budget = rest;
            let limit = end.saturating_duration_since(Instant::now());
            if step.consumed == 0 && (limit.is_zero() || !self.fill_input(limit).await) {
                if Instant::now() >= end {
                    self.core.counters.refused(Event::DrainTimeout);
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads on for a moment after a refusal, so that the answer is not lost in a reset
    /// (RFC 9112 section 9.6).
    pub(super) async fn linger(&mut self) {
        let end = Instant::now() + self.table.times.drain;
        let mut budget = self.table.plan().limits.drain_bytes as usize;
        loop {
            let read = self.input.unread().len();
            self.input.consume(read);
            let limit = end.saturating_duration_since(Instant::now());
            let Some(rest) = budget.checked_sub(read) else { return };
            budget = rest;
            if limit.is_zero() || !self.fill_input(limit).await {
                return;
            }
        }
    }

    async fn fill_input(&mut self, limit: Duration) -> bool {
        let most = self.table.limits.head_bytes + 1;
        wait::fill(&mut self.stream, &mut self.input, most, &self.timer, limit).await.is_ok()
    }
}
