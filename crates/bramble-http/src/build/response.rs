//! The head of an answer: a backend's as a client may see it, or our own.

use super::{PSEUDONYM, UPGRADE, put, put_decimal, put_field, put_formatted, put_framing};
use crate::{Back, Body, Kind, ResponseHead, Version, reason_phrase, response::is_bodiless, scan};

/// What a forwarded answer depends on beyond the answer.
#[derive(Clone, Copy, Debug)]
pub struct ForwardResponse<'a> {
    /// Now, for an answer that [lacks](ResponseHead::lacks_date) a time: caches count from it.
    pub date: &'a str,
    /// Whether the client's connection stays open.
    pub keep_alive: bool,
    /// The version of the client's request.
    pub client_version: Version,
    /// Whether the client's method was HEAD.
    pub request_was_head: bool,
    /// What the backend says of its own places, where visitors know them by others.
    pub back: Option<Back<'a>>,
    /// Fields of our own, as a cookie. Those that could break out of their line are left out.
    pub extra: &'a [(&'a str, &'a str)],
}

/// Appends the head of `head`, which was parsed from `buf`, as the client may see it, and
/// returns how its body must be framed. Hop-by-hop fields and `Bramble-*` are dropped.
///
/// Chunks become [`Body::UntilClose`] for an HTTP/1.0 client, which does not know them: then the
/// connection must be closed at the end, whatever `keep_alive` says. A body that ends with the
/// backend's connection becomes chunks for any other client.
pub fn forward_response(
    out: &mut Vec<u8>,
    buf: &[u8],
    head: &ResponseHead,
    how: &ForwardResponse<'_>,
) -> Body {
    out.reserve(head.len + 128);
    let body = outgoing_body(head, how);
    out.extend_from_slice(b"HTTP/1.1 ");
    put_decimal(out, u64::from(head.status));
    put(out, &[b" ", head.reason.of(buf), b"\r\n"]);
    if let Some(back) = &how.back {
        put_mapped_fields(out, buf, head, back);
    } else {
        for field in head.fields.iter().filter(|field| goes_on(field.kind)) {
            put_field(out, buf, field);
        }
    }
    if head.lacks_date() {
        put_fields(out, &[("Date", how.date)]);
    }
    put_fields(out, how.extra);
    put(out, &[b"Via: ", head.version.number().as_bytes(), b" ", PSEUDONYM, b"\r\n"]);
    put_framing(out, announced(head, body));
    if head.status == 101 || head.status == 426 && names_websocket(buf, head) {
        out.extend_from_slice(UPGRADE);
    }
    if head.status >= 200 {
        put_connection(out, how, body);
    }
    out.extend_from_slice(b"\r\n");
    body
}

/// Apart, and without what others use, so that they keep theirs inlined: 1 % of a request.
#[cold]
fn put_mapped_fields(out: &mut Vec<u8>, buf: &[u8], head: &ResponseHead, back: &Back<'_>) {
    for field in head.fields.iter().filter(|field| goes_on(field.kind)) {
        if !back.put(out, buf, field) {
            put(out, &[field.name.of(buf), b": ", field.value.of(buf), b"\r\n"]);
        }
    }
}

/// Appends the head of an answer of our own, whose body is framed as `body` says.
///
/// Fields whose name or value could break out of their line are left out. `Content-Length`,
/// `Transfer-Encoding` and `Connection` are written here; `Date` is the caller's, who has a clock.
pub fn response_head(
    out: &mut Vec<u8>,
    status: u16,
    fields: &[(&str, &str)],
    body: Body,
    keep_alive: bool,
) {
    begin_head(out, status, fields, body);
    end_head(out, &[], keep_alive);
}

/// Appends the part of such a head that can be kept for the next answer.
pub fn begin_head(out: &mut Vec<u8>, status: u16, fields: &[(&str, &str)], body: Body) {
    put_formatted(out, format_args!("HTTP/1.1 {status} {}\r\n", reason_phrase(status)));
    put_fields(out, fields);
    put_framing(out, body);
}

/// Appends the rest: what only this answer has, and the head's end.
pub fn end_head(out: &mut Vec<u8>, fields: &[(&str, &str)], keep_alive: bool) {
    put_fields(out, fields);
    // Said even where it is the default, since HTTP/1.0 clients wait for it.
    let connection: &[u8] = if keep_alive { b"keep-alive" } else { b"close" };
    put(out, &[b"Connection: ", connection, b"\r\n\r\n"]);
}

fn put_fields(out: &mut Vec<u8>, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        let (name, value) = (name.as_bytes(), value.as_bytes());
        if scan::is_token(name) && scan::text_run(value) == value.len() {
            put(out, &[name, b": ", value, b"\r\n"]);
        }
    }
}

/// Appends a whole answer with a fixed body. `head_only` leaves the body out, for HEAD; the
/// statuses that have none (204, 304) get neither it nor a length.
pub fn simple_response(
    out: &mut Vec<u8>,
    status: u16,
    fields: &[(&str, &str)],
    body: &[u8],
    keep_alive: bool,
    head_only: bool,
) {
    let bodiless = is_bodiless(status);
    let framing = if bodiless { Body::None } else { Body::Length(body.len() as u64) };
    response_head(out, status, fields, framing, keep_alive);
    if !head_only && !bodiless {
        out.extend_from_slice(body);
    }
}

fn goes_on(kind: Kind) -> bool {
    !kind.is_hop_by_hop() && !kind.is_ours()
}

/// Whether the one protocol that we pass on is what a 426 wants; it must say so
/// (RFC 9110 section 15.5.22).
fn names_websocket(buf: &[u8], head: &ResponseHead) -> bool {
    let mut names = head.values(buf, Kind::Upgrade).flat_map(|v| v.split(|&byte| byte == b','));
    names.any(|name| scan::trim(name).eq_ignore_ascii_case(b"websocket"))
}

fn outgoing_body(head: &ResponseHead, how: &ForwardResponse<'_>) -> Body {
    match (head.body, how.client_version) {
        _ if how.request_was_head => Body::None,
        (Body::Chunked | Body::UntilClose, Version::Http11) => Body::Chunked,
        (Body::Chunked | Body::UntilClose, Version::Http10) => Body::UntilClose,
        (body, _) => body,
    }
}

/// The framing to write: an answer to HEAD and a 304 announce a body that does not come.
fn announced(head: &ResponseHead, body: Body) -> Body {
    match (body, head.content_length) {
        (Body::None, Some(length)) if !matches!(head.status, 100..=199 | 204) => {
            Body::Length(length)
        }
        _ => body,
    }
}

fn put_connection(out: &mut Vec<u8>, how: &ForwardResponse<'_>, body: Body) {
    if !how.keep_alive || body == Body::UntilClose {
        out.extend_from_slice(b"Connection: close\r\n");
    } else if how.client_version == Version::Http10 {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
    }
}
