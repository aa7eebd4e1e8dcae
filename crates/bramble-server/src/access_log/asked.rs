//! What a line says of a request's head, in each format. Pure.

use bramble_config::plan::LogFormat;
use bramble_http::{Kind, Method, RequestHead, Span, Version};

use super::escape::{self, TEXT_BYTES};
use super::room::Room;

/// Adds what a line says of a head, which was read from `buf` as far as it could be. Returns where
/// that begins which stands behind the answer.
#[inline(always)] // As all of a line is: how much is filled then stays in a register.
pub(super) fn put_request<const M: usize>(
    to: &mut Room<'_, M>,
    format: LogFormat,
    head: &RequestHead,
    buf: &[u8],
) -> usize {
    match format {
        LogFormat::Combined => {
            common(to, head, buf);
            let behind_at = to.end();
            common_fields(to, head, buf);
            return behind_at;
        }
        LogFormat::Common => common(to, head, buf),
        LogFormat::Json => json(to, head, buf),
    }
    to.end()
}

/// What was not understood is left out.
#[inline(always)]
fn json<const M: usize>(to: &mut Room<'_, M>, head: &RequestHead, buf: &[u8]) {
    if let Some(target) = target(head) {
        match head.method {
            Method::Get => to.put(b"\",\"method\":\"GET\",\"target\":\""),
            method => {
                to.put(b"\",\"method\":\"");
                to.copy(cut(method.name(buf)));
                to.put(b"\",\"target\":\"");
            }
        }
        checked(to, target, buf);
        match head.version {
            Version::Http10 => to.put(b"\",\"version\":\"1.0"),
            Version::Http11 => to.put(b"\",\"version\":\"1.1"),
        }
    }
    if let Some(host) = head.host {
        to.put(b"\",\"host\":\"");
        checked(to, host, buf);
    }
    if let Some(referer) = last(head, Kind::Referer) {
        to.put(b"\",\"referer\":\"");
        spelt(to, referer, buf, escape::json);
    }
    if let Some(user_agent) = last(head, Kind::UserAgent) {
        to.put(b"\",\"user_agent\":\"");
        spelt(to, user_agent, buf, escape::json);
    }
}

#[inline(always)]
fn common<const M: usize>(to: &mut Room<'_, M>, head: &RequestHead, buf: &[u8]) {
    let Some(target) = target(head) else { return to.put(b"-\" ") };
    match head.method {
        Method::Get => to.put(b"GET "),
        method => {
            to.copy(cut(method.name(buf)));
            to.put(b" ");
        }
    }
    checked(to, target, buf);
    match head.version {
        Version::Http10 => to.put(b" HTTP/1.0\" "),
        Version::Http11 => to.put(b" HTTP/1.1\" "),
    }
}

/// What Combined has more than Common.
#[inline(always)]
fn common_fields<const M: usize>(to: &mut Room<'_, M>, head: &RequestHead, buf: &[u8]) {
    to.put(b" \"");
    quoted(to, last(head, Kind::Referer), buf);
    to.put(b"\" \"");
    quoted(to, last(head, Kind::UserAgent), buf);
    to.put(b"\"");
}

/// None where the request's line was not understood.
#[inline(always)]
fn target(head: &RequestHead) -> Option<Span> {
    let target = head.target.raw;
    (!target.is_empty()).then_some(target)
}

/// The value of the last field of this kind.
#[inline(always)]
fn last(head: &RequestHead, kind: Kind) -> Option<Span> {
    head.fields.iter().rfind(|field| field.kind == kind).map(|field| field.value)
}

#[inline(always)]
fn quoted<const M: usize>(to: &mut Room<'_, M>, span: Option<Span>, buf: &[u8]) {
    match span {
        Some(span) => spelt(to, span, buf, escape::quoted),
        None => to.put(b"-"),
    }
}

/// Adds a text of any characters.
#[inline(always)]
fn spelt<const M: usize>(
    to: &mut Room<'_, M>,
    span: Span,
    buf: &[u8],
    spell: impl FnOnce(&[u8]) -> Vec<u8>,
) {
    if let Some((start, len)) = short::<16>(span, buf)
        && escape::is_plain(start.get(..len).unwrap_or_default())
    {
        return to.put_some(start, len);
    }
    let text = cut(span.of(buf));
    if escape::is_plain(text) {
        to.copy(text);
    } else {
        to.copy(&spell(text));
    }
}

/// Adds a text of characters that are written as they are: the parser lets no other through in
/// methods, targets and hosts.
#[inline(always)]
fn checked<const M: usize>(to: &mut Room<'_, M>, span: Span, buf: &[u8]) {
    match short::<32>(span, buf) {
        Some((start, len)) => to.put_some(start, len),
        None => to.copy(cut(span.of(buf))),
    }
}

/// A text of up to `N` bytes, with what stands behind it: to add that too costs less than to add no
/// more than the text.
#[inline(always)]
fn short<const N: usize>(span: Span, buf: &[u8]) -> Option<(&[u8; N], usize)> {
    // If it ended before it begins, its length were great.
    let len = span.end().wrapping_sub(span.start());
    let start = buf.get(span.start()..span.start() + N)?.first_chunk()?;
    (len <= N).then_some((start, len))
}

#[inline(always)]
fn cut(text: &[u8]) -> &[u8] {
    text.get(..TEXT_BYTES).unwrap_or(text)
}
