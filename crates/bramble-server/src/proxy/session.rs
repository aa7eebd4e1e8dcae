//! The session that a request belongs to, where its pool has sessions.

use bramble_http::Kind;

use crate::connection::Connection;
use crate::sticky::{Session, Sticky};

/// That of the request whose head is in the buffer.
pub(super) fn of(sticky: &Sticky, c: &Connection) -> Session {
    let buf = c.input.unread();
    let is_secure = sticky.sets() && is_secure(c, buf);
    Session { home: sticky.home(&c.head, buf), is_secure }
}

/// Whether the visitor came by TLS, to us or to a trusted proxy.
fn is_secure(c: &Connection, buf: &[u8]) -> bool {
    let is_told = || {
        // Of several proxies the first has seen the visitor.
        let told = c.head.value(buf, Kind::XForwardedProto).unwrap_or_default();
        let first = told.split(|byte| *byte == b',').next().unwrap_or_default();
        c.trusts_peer() && first.trim_ascii().eq_ignore_ascii_case(b"https")
    };
    c.visitor.key.is_some() || c.head.target.is_https(buf) || is_told()
}
