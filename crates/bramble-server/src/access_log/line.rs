//! What a line says, and how it is laid out. Pure.

use std::rc::Rc;

use bramble_config::plan::LogFormat;

use super::decimal;
use super::escape::TEXT_BYTES;
use super::fragment::{BackendFragments, Fragment};
use super::marks::{Ended, Marks, Times};
use super::opening::Opening;
use super::room::Room;
use crate::reason::Word;

/// More than any line takes: five texts of a request and three names, and what stands around them.
pub(super) const LINE_BYTES: usize = 8 * TEXT_BYTES + 1024;

/// What is known of a request.
pub(super) struct Line {
    pub(super) opening: Opening,
    /// Of its connection's requests.
    pub(super) number: u32,
    /// 0: without an answer.
    pub(super) status: u16,
    pub(super) bytes_out: u64,
    /// One of whose backends none was there to be tried.
    pub(super) pool: Option<Rc<Fragment>>,
    /// The one that was tried last, or has answered; if none was, one of a request before.
    pub(super) backend: Option<Rc<BackendFragments>>,
    pub(super) attempts: u32,
    /// None: in order.
    pub(super) reason: Option<Word>,
    pub(super) marks: Marks,
}

impl Line {
    /// Writes it.
    #[inline(always)]
    pub(super) fn write(&self, to: &mut Room<'_>, format: LogFormat, ended: &Ended) {
        match format {
            LogFormat::Combined => self.combined(to),
            LogFormat::Common => self.common(to),
            LogFormat::Json => self.json(to, ended),
        }
    }

    /// What is zero or unknown is left out.
    #[inline(always)]
    fn json(&self, to: &mut Room<'_>, ended: &Ended) {
        self.opening.before().into_iter().for_each(|text| to.copy(text));
        decimal::named(to, b"\",\"number\":", self.number.into());
        decimal::named(to, b",\"status\":", self.status.into());
        decimal::named(to, b",\"bytes_out\":", self.bytes_out);
        self.json_backend(to);
        if let Some(Word(reason)) = self.reason {
            to.put(b",\"reason\":\"");
            to.copy(reason.as_bytes());
            to.put(b"\"");
        }
        json_times(to, &self.marks.times(ended, self.attempts > 0));
        to.put(b"}\n");
    }

    #[inline(always)]
    fn json_backend(&self, to: &mut Room<'_>) {
        match &self.backend {
            Some(backend) if self.attempts == 1 => backend.first.write(to),
            Some(backend) if self.attempts > 1 => {
                backend.pool.write(to);
                decimal::number(to, self.attempts.into());
                backend.name.write(to);
            }
            _ => {}
        }
        if let Some(pool) = &self.pool {
            pool.write(to);
            to.put(b"0");
        }
    }

    #[inline(always)]
    fn common(&self, to: &mut Room<'_>) {
        self.common_fields(to);
        to.put(b"\n");
    }

    #[inline(always)]
    fn combined(&self, to: &mut Room<'_>) {
        self.common_fields(to);
        self.opening.behind().into_iter().for_each(|text| to.copy(text));
        to.put(b"\n");
    }

    #[inline(always)]
    fn common_fields(&self, to: &mut Room<'_>) {
        self.opening.before().into_iter().for_each(|text| to.copy(text));
        match self.status {
            0 => to.put(b"000"),
            status => decimal::number(to, status.into()),
        }
        decimal::named(to, b" ", self.bytes_out);
    }
}

#[inline(always)]
fn json_times(to: &mut Room<'_>, times: &Times) {
    time(to, b",\"accept_us\":", times.accept_us);
    time(to, b",\"head_us\":", times.head_us);
    time(to, b",\"queue_us\":", times.queue_us);
    time(to, b",\"connect_us\":", times.connect_us);
    time(to, b",\"first_byte_us\":", times.first_byte_us);
    time(to, b",\"body_us\":", times.body_us);
    time(to, b",\"client_us\":", times.client_us);
    decimal::named(to, b",\"total_us\":", times.total_us);
}

#[inline(always)]
fn time<const N: usize>(to: &mut Room<'_>, before: &[u8; N], us: u64) {
    if us > 0 {
        decimal::named(to, before, us);
    }
}

#[cfg(test)]
mod tests;
