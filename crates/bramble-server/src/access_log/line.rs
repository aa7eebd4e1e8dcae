//! What a line says, and how it is laid out. Pure.

use bramble_config::plan::LogFormat;
use bramble_http::Version;

use super::address::Address;
use super::asked::Asked;
use super::clock::{COMMON_BYTES, TIME_BYTES};
use super::decimal;
use super::escape::{self, TEXT_BYTES};
use super::fragment::{BackendFragments, Fragment};
use super::record::{Marks, Times};
use super::room::{Room, Text};
use crate::reason::Word;

/// More than any line takes: five texts of a request and three names, and what stands around them.
pub(super) const LINE_BYTES: usize = 8 * TEXT_BYTES + 1024;

/// A request that has ended.
pub(super) struct Line<'a> {
    pub(super) client: &'a Address,
    pub(super) listener: &'a Fragment,
    pub(super) asked: &'a Asked,
    /// Of its connection's requests.
    pub(super) number: u32,
    /// 0: without an answer.
    pub(super) status: u16,
    pub(super) bytes_out: u64,
    /// One of whose backends none was there to be tried.
    pub(super) pool: Option<&'a Fragment>,
    pub(super) backend: Option<&'a BackendFragments>,
    pub(super) attempts: u32,
    /// None: in order.
    pub(super) reason: Option<Word>,
    pub(super) marks: &'a Marks,
}

impl Line<'_> {
    /// Writes it.
    #[inline(always)]
    pub(super) fn write(&self, to: &mut Room<'_>, format: LogFormat, time: &[u8; TIME_BYTES]) {
        match format {
            LogFormat::Combined => self.combined(to, time),
            LogFormat::Common => self.common(to, time),
            LogFormat::Json => self.json(to, time),
        }
    }

    /// What is zero or unknown is left out.
    #[inline(always)]
    fn json(&self, to: &mut Room<'_>, time: &[u8; TIME_BYTES]) {
        to.put(time);
        self.client.write(to);
        self.listener.write(to);
        json_asked(to, self.asked);
        decimal::named(to, b"\",\"number\":", self.number.into());
        decimal::named(to, b",\"status\":", self.status.into());
        decimal::named(to, b",\"bytes_out\":", self.bytes_out);
        self.json_backend(to);
        if let Some(Word(reason)) = self.reason {
            to.put(b",\"reason\":\"");
            to.copy(reason.as_bytes());
            to.put(b"\"");
        }
        json_times(to, &self.marks.times(self.attempts > 0));
        to.put(b"}\n");
    }

    #[inline(always)]
    fn json_backend(&self, to: &mut Room<'_>) {
        match self.backend {
            Some(backend) if self.attempts == 1 => backend.first.write(to),
            Some(backend) => {
                backend.pool.write(to);
                decimal::number(to, self.attempts.into());
                backend.name.write(to);
            }
            None => {}
        }
        if let Some(pool) = self.pool {
            pool.write(to);
            to.put(b"0");
        }
    }

    #[inline(always)]
    fn common(&self, to: &mut Room<'_>, time: &[u8; TIME_BYTES]) {
        self.common_fields(to, time);
        to.put(b"\n");
    }

    #[inline(always)]
    fn combined(&self, to: &mut Room<'_>, time: &[u8; TIME_BYTES]) {
        self.common_fields(to, time);
        quoted(to, b" \"", self.asked.referer());
        quoted(to, b"\" \"", self.asked.user_agent());
        to.put(b"\"\n");
    }

    #[inline(always)]
    fn common_fields(&self, to: &mut Room<'_>, time: &[u8; TIME_BYTES]) {
        self.client.write(to);
        to.put_some(time, COMMON_BYTES);
        common_asked(to, self.asked);
        match self.status {
            0 => to.put(b"000"),
            status => decimal::number(to, status.into()),
        }
        decimal::named(to, b" ", self.bytes_out);
    }
}

#[inline(always)]
fn json_asked(to: &mut Room<'_>, asked: &Asked) {
    if let Some(target) = asked.target() {
        match asked.is_get() {
            true => to.put(b"\",\"method\":\"GET\",\"target\":\""),
            false => {
                to.put(b"\",\"method\":\"");
                to.copy(asked.method());
                to.put(b"\",\"target\":\"");
            }
        }
        checked(to, target);
        match asked.version {
            Version::Http10 => to.put(b"\",\"version\":\"1.0"),
            Version::Http11 => to.put(b"\",\"version\":\"1.1"),
        }
    }
    if let Some(host) = asked.host() {
        to.put(b"\",\"host\":\"");
        checked(to, host);
    }
    if let Some(referer) = asked.referer() {
        spelt(to, b"\",\"referer\":\"", referer, escape::json);
    }
    if let Some(user_agent) = asked.user_agent() {
        spelt(to, b"\",\"user_agent\":\"", user_agent, escape::json);
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
fn common_asked(to: &mut Room<'_>, asked: &Asked) {
    let Some(target) = asked.target() else { return to.put(b"-\" ") };
    match asked.is_get() {
        true => to.put(b"GET "),
        false => {
            to.copy(asked.method());
            to.put(b" ");
        }
    }
    checked(to, target);
    match asked.version {
        Version::Http10 => to.put(b" HTTP/1.0\" "),
        Version::Http11 => to.put(b" HTTP/1.1\" "),
    }
}

/// Adds a text that the parser has found to be of characters that are written as they are: so are
/// methods, targets and hosts.
#[inline(always)]
fn checked(to: &mut Room<'_>, text: Text<'_>) {
    to.text::<32>(text);
}

/// Adds a text of any characters.
#[inline(always)]
fn spelt<const N: usize>(
    to: &mut Room<'_>,
    before: &[u8; N],
    text: Text<'_>,
    spell: impl FnOnce(&[u8]) -> Vec<u8>,
) {
    to.put(before);
    if escape::is_plain(text.bytes()) {
        to.text::<32>(text);
    } else {
        to.copy(&spell(text.bytes()));
    }
}

#[inline(always)]
fn quoted<const N: usize>(to: &mut Room<'_>, before: &[u8; N], text: Option<Text<'_>>) {
    match text {
        Some(text) => spelt(to, before, text, escape::quoted),
        None => {
            to.put(before);
            to.put(b"-");
        }
    }
}

#[inline(always)]
fn time<const N: usize>(to: &mut Room<'_>, before: &[u8; N], us: u64) {
    if us > 0 {
        decimal::named(to, before, us);
    }
}

#[cfg(test)]
mod tests;
