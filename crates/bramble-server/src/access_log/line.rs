//! What a line says, and how it is laid out. The part that a request alone decides is written when
//! it begins, while its head is there; the rest when it ends. Pure.

use std::io::Write;
use std::net::IpAddr;

use bramble_http::{Kind, RequestHead};

use super::escape::{self, TEXT_BYTES};
use super::{decimal, record::Times};

/// More than the second part of a line takes.
pub(super) const END_BYTES: usize = 2 * TEXT_BYTES + 512;

/// Memory for a request's part of a line, to begin with.
const BEGIN_BYTES: usize = 448;

/// Who asked for what.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    client: IpAddr,
    listener: &'a str,
    method: &'a [u8],
    /// Empty where the request's line was not understood.
    target: &'a [u8],
    version: &'static str,
    host: Option<&'a [u8]>,
    referer: Option<&'a [u8]>,
    user_agent: Option<&'a [u8]>,
}

/// How it ended.
pub(super) struct Ended<'a> {
    /// 0: without an answer.
    pub(super) status: u16,
    pub(super) bytes_out: u64,
    pub(super) number: u32,
    pub(super) pool: Option<&'a str>,
    pub(super) backend: Option<&'a str>,
    pub(super) attempts: u32,
    /// Empty: in order.
    pub(super) reason: &'static str,
    pub(super) times: Times,
}

impl<'a> Asked<'a> {
    /// By a head that was read as far as it could be, in `buf`.
    pub(crate) fn read(
        client: IpAddr,
        listener: &'a str,
        head: &RequestHead,
        buf: &'a [u8],
    ) -> Self {
        let (mut referer, mut user_agent) = (None, None);
        for field in &head.fields {
            match field.kind {
                Kind::Referer => referer = Some(field.value.of(buf)),
                Kind::UserAgent => user_agent = Some(field.value.of(buf)),
                _ => {}
            }
        }
        Self {
            method: head.method.name(buf),
            target: head.target.raw.of(buf),
            version: head.version.number(),
            host: head.host.map(|host| host.of(buf)),
            referer,
            user_agent,
            ..Self::unread(client, listener)
        }
    }

    /// Of whose head nothing is known.
    pub(crate) fn unread(client: IpAddr, listener: &'a str) -> Self {
        Self {
            client: client.to_canonical(),
            listener,
            method: b"",
            target: b"",
            version: "",
            host: None,
            referer: None,
            user_agent: None,
        }
    }
}

/// Writes the part of a JSON object that is known when a request begins; returns its length, as
/// the others do.
pub(super) fn json(out: &mut Vec<u8>, time: &[u8], asked: &Asked<'_>) -> usize {
    out.reserve(BEGIN_BYTES);
    out.extend_from_slice(b"{\"time\":\"");
    out.extend_from_slice(time);
    out.extend_from_slice(b"\",\"client\":\"");
    address(out, asked.client);
    text(out, b"\",\"listener\":\"", asked.listener.as_bytes());
    if !asked.target.is_empty() {
        text(out, b"\",\"method\":\"", asked.method);
        text(out, b"\",\"target\":\"", asked.target);
        out.extend_from_slice(b"\",\"version\":\"");
        out.extend_from_slice(asked.version.as_bytes());
    }
    asked.host.into_iter().for_each(|host| text(out, b"\",\"host\":\"", host));
    asked.referer.into_iter().for_each(|referer| text(out, b"\",\"referer\":\"", referer));
    asked.user_agent.into_iter().for_each(|agent| text(out, b"\",\"user_agent\":\"", agent));
    out.len()
}

/// Ends the object. What is zero or unknown is left out.
pub(super) fn end_json(out: &mut Vec<u8>, ended: &Ended<'_>) {
    number(out, b"\",\"number\":", ended.number.into());
    number(out, b",\"status\":", ended.status.into());
    number(out, b",\"bytes_out\":", ended.bytes_out);
    if let Some(pool) = ended.pool {
        text(out, b",\"pool\":\"", pool.as_bytes());
        number(out, b"\",\"attempts\":", ended.attempts.into());
    }
    if let Some(backend) = ended.backend {
        text(out, b",\"backend\":\"", backend.as_bytes());
        out.push(b'"');
    }
    if !ended.reason.is_empty() {
        text(out, b",\"reason\":\"", ended.reason.as_bytes());
        out.push(b'"');
    }
    let times = &ended.times;
    time(out, b",\"accept_us\":", times.accept_us);
    time(out, b",\"head_us\":", times.head_us);
    time(out, b",\"queue_us\":", times.queue_us);
    time(out, b",\"connect_us\":", times.connect_us);
    time(out, b",\"first_byte_us\":", times.first_byte_us);
    time(out, b",\"body_us\":", times.body_us);
    time(out, b",\"client_us\":", times.client_us);
    number(out, b",\"total_us\":", times.total_us);
    out.extend_from_slice(b"}\n");
}

/// The part of a line before status and length.
pub(super) fn common(out: &mut Vec<u8>, time: &[u8], asked: &Asked<'_>) -> usize {
    out.reserve(BEGIN_BYTES);
    address(out, asked.client);
    out.extend_from_slice(b" - - [");
    out.extend_from_slice(time);
    out.extend_from_slice(b"] \"");
    if asked.target.is_empty() {
        out.push(b'-');
    } else {
        escape::quoted(out, asked.method);
        out.push(b' ');
        escape::quoted(out, asked.target);
        out.extend_from_slice(b" HTTP/");
        out.extend_from_slice(asked.version.as_bytes());
    }
    out.extend_from_slice(b"\" ");
    out.len()
}

/// The same, with what stands behind.
pub(super) fn combined(out: &mut Vec<u8>, time: &[u8], asked: &Asked<'_>) -> usize {
    let middle = common(out, time, asked);
    out.extend_from_slice(b" \"");
    escape::quoted(out, asked.referer.unwrap_or(b"-"));
    out.extend_from_slice(b"\" \"");
    escape::quoted(out, asked.user_agent.unwrap_or(b"-"));
    out.push(b'"');
    middle
}

/// Status and length, between two parts of a line.
pub(super) fn end_common(out: &mut Vec<u8>, ended: &Ended<'_>) {
    match ended.status {
        0 => out.extend_from_slice(b"000"),
        status => decimal::push(out, status.into()),
    }
    out.push(b' ');
    decimal::push(out, ended.bytes_out);
}

#[inline]
fn text<const N: usize>(out: &mut Vec<u8>, before: &[u8; N], text: &[u8]) {
    out.extend_from_slice(before);
    escape::json(out, text);
}

#[inline]
fn number<const N: usize>(out: &mut Vec<u8>, before: &[u8; N], number: u64) {
    out.extend_from_slice(before);
    decimal::push(out, number);
}

#[inline]
fn time<const N: usize>(out: &mut Vec<u8>, before: &[u8; N], us: u64) {
    if us > 0 {
        number(out, before, us);
    }
}

fn address(out: &mut Vec<u8>, client: IpAddr) {
    match client {
        IpAddr::V4(client) => {
            for (i, octet) in client.octets().into_iter().enumerate() {
                if i > 0 {
                    out.push(b'.');
                }
                decimal::push(out, octet.into());
            }
        }
        // Writing to memory can't fail.
        IpAddr::V6(client) => drop(write!(out, "{client}")),
    }
}

#[cfg(test)]
mod tests;
