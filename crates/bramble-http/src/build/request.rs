//! The request head that goes on to a backend.

use super::{
    ClientAddress, PSEUDONYM, UPGRADE, forwarded, put, put_decimal, put_field, put_framing,
};
use crate::{Form, Kind, Mapping, RequestHead};

/// What a forwarded request says beyond what the client said.
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a> {
    /// The address of the peer that sent the request.
    pub client: &'a ClientAddress,
    /// How it came: `http` or `https`.
    pub proto: &'a str,
    /// Whether the configuration trusts that peer to say who its own client is.
    pub trusted: bool,
    /// The release that a worker shall answer from.
    pub release: Option<&'a str>,
    /// The `Host` that the backend gets; usually the request's own authority.
    pub host: &'a [u8],
    /// Whether a client that waits for a word before its body waits for the backend's.
    pub expects: bool,
    /// What the path is called at the backend, if it is not the same.
    pub mapping: Option<&'a Mapping>,
}

/// Appends the head of an HTTP/1.1 request: `head`, which was parsed from `buf`, as a backend
/// may see it.
///
/// Dropped are hop-by-hop fields, any `Upgrade` but to WebSocket, `Proxy`, `Bramble-*` and, unless
/// trusted, whatever claims to say who the client is.
pub fn forward_request(out: &mut Vec<u8>, buf: &[u8], head: &RequestHead, how: &Forward<'_>) {
    out.reserve(head.len + 512);
    match how.mapping {
        None => put_request_line(out, buf, head),
        Some(mapping) => put_mapped_line(out, buf, head, mapping),
    }
    put(out, &[b"Host: ", how.host, b"\r\n"]);
    let max_forwards = head.max_forwards(buf);
    for field in &head.fields {
        let is_counted = field.kind == Kind::MaxForwards && max_forwards.is_some();
        if goes_on(field.kind, how.trusted) && !is_counted {
            put_field(out, buf, field);
        }
    }
    if let Some(hops) = max_forwards {
        out.extend_from_slice(b"Max-Forwards: ");
        put_decimal(out, hops.saturating_sub(1));
        out.extend_from_slice(b"\r\n");
    }
    forwarded::put_identity(out, buf, head, how);
    if let Some(release) = how.release {
        put(out, &[b"Bramble-Release: ", release.as_bytes(), b"\r\n"]);
    }
    put(out, &[b"Via: ", head.version.number().as_bytes(), b" ", PSEUDONYM, b"\r\n"]);
    if head.upgrade {
        out.extend_from_slice(UPGRADE);
    }
    if how.expects && head.expect_continue {
        out.extend_from_slice(b"Expect: 100-continue\r\n");
    }
    put_framing(out, head.body);
    out.extend_from_slice(b"\r\n");
}

/// The target in origin form: the authority of an absolute one is already in `Host`.
fn put_request_line(out: &mut Vec<u8>, buf: &[u8], head: &RequestHead) {
    put(out, &[head.method.name(buf), b" "]);
    let target = &head.target;
    match target.form {
        Form::Origin => out.extend_from_slice(target.raw.of(buf)),
        Form::Asterisk => out.push(b'*'),
        // An empty query is one, too: it goes on as it came (RFC 9110 section 7.7).
        Form::Absolute if !target.raw.of(buf).contains(&b'?') => {
            out.extend_from_slice(target.path.of(buf));
        }
        Form::Absolute => put(out, &[target.path.of(buf), b"?", target.query.of(buf)]),
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// The same for a backend that knows the path under another prefix. Apart, so that others keep
/// theirs inlined.
#[cold]
fn put_mapped_line(out: &mut Vec<u8>, buf: &[u8], head: &RequestHead, mapping: &Mapping) {
    let target = &head.target;
    put(out, &[head.method.name(buf), b" "]);
    match target.form {
        Form::Asterisk => out.push(b'*'),
        Form::Origin | Form::Absolute => mapping.forward(out, target.path.of(buf)),
    }
    if target.raw.of(buf).contains(&b'?') {
        put(out, &[b"?", target.query.of(buf)]);
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

fn goes_on(kind: Kind, trusted: bool) -> bool {
    match kind {
        Kind::Host | Kind::Expect | Kind::Proxy => false,
        kind if kind.is_ours() => false,
        // Their lists get our own element, in one field.
        Kind::XForwardedFor | Kind::Forwarded => false,
        kind if kind.is_identity() => trusted,
        kind => !kind.is_hop_by_hop(),
    }
}
