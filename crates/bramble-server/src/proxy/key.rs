//! What requests have in common that a pool sends to the same backend.

use std::net::IpAddr;

use bramble_config::plan::HashBy;
use bramble_http::Kind;

use crate::balance::key_of;
use crate::clients;
use crate::connection::Connection;

/// The key of the request whose head is in the buffer. One without the cookie or field goes by its
/// client.
pub(super) fn of(by: &HashBy, c: &Connection) -> u64 {
    let buf = c.input.unread();
    let found = match by {
        HashBy::Client => None,
        HashBy::Cookie(name) => cookie(c, buf, name.as_bytes()),
        HashBy::Header(name) => {
            let is_it = |bytes: &[u8]| bytes.eq_ignore_ascii_case(name.as_bytes());
            let field = c.head.fields.iter().find(|field| is_it(field.name.of(buf)));
            field.map(|field| field.value.of(buf))
        }
        HashBy::Path => Some(c.head.target.path.of(buf)),
    };
    found.map_or_else(|| of_client(c), key_of)
}

/// That of its client.
pub(super) fn of_client(c: &Connection) -> u64 {
    match clients::client(c.visitor.peer.ip()) {
        IpAddr::V4(address) => key_of(&address.octets()),
        IpAddr::V6(address) => key_of(&address.octets()),
    }
}

/// The value of a cookie (RFC 6265 section 5.4).
fn cookie<'a>(c: &Connection, buf: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let pairs = c.head.values(buf, Kind::Cookie).flat_map(|value| value.split(|b| *b == b';'));
    pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"=")).next()
}
