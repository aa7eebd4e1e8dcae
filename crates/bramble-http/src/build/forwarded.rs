//! The fields that tell a backend who the client is and what it asked for: `X-Forwarded-*`,
//! `X-Real-IP` and `Forwarded` (RFC 7239).

use super::{Forward, put};
use crate::{Kind, RequestHead};

/// Appends them all. From a trusted peer, lists are continued and what it said stays; from any
/// other peer nothing of it is left.
pub(super) fn put_identity(out: &mut Vec<u8>, buf: &[u8], head: &RequestHead, how: &Forward<'_>) {
    let client = how.client.text();
    let host = head.host.map(|span| span.of(buf));
    let is_ours = |kind| !how.trusted || head.value(buf, kind).is_none();

    put_list_start(out, b"X-Forwarded-For: ", buf, head, how, Kind::XForwardedFor);
    put(out, &[client, b"\r\n"]);
    if is_ours(Kind::XRealIp) {
        put(out, &[b"X-Real-IP: ", client, b"\r\n"]);
    }
    if let Some(host) = host.filter(|_| is_ours(Kind::XForwardedHost)) {
        put(out, &[b"X-Forwarded-Host: ", host, b"\r\n"]);
    }
    if is_ours(Kind::XForwardedProto) {
        put(out, &[b"X-Forwarded-Proto: ", how.proto.as_bytes(), b"\r\n"]);
    }
    put_list_start(out, b"Forwarded: ", buf, head, how, Kind::Forwarded);
    let (open, close): (&[u8], &[u8]) =
        if how.client.is_ipv6() { (b"for=\"[", b"]\"") } else { (b"for=", b"") };
    put(out, &[open, client, close]);
    if let Some(host) = host {
        put(out, &[b";host=\"", host, b"\""]);
    }
    put(out, &[b";proto=", how.proto.as_bytes(), b"\r\n"]);
}

/// Appends the field's name and, from a trusted peer, the elements it sent: in one field,
/// since many apps read only the first.
fn put_list_start(
    out: &mut Vec<u8>,
    name: &[u8],
    buf: &[u8],
    head: &RequestHead,
    how: &Forward<'_>,
    kind: Kind,
) {
    out.extend_from_slice(name);
    if how.trusted {
        for elements in head.values(buf, kind).filter(|elements| !elements.is_empty()) {
            put(out, &[elements, b", "]);
        }
    }
}
