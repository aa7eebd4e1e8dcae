//! Conditional requests (RFC 9110 section 13): whether a client's copy is still good.

use crate::parse_date;

/// Whether a value of `If-None-Match` lists `etag`, so that a GET is answered with 304.
///
/// `etag` is written as in the `ETag` field, with its quotes. Compared weakly, as the RFC says.
/// A malformed list matches nothing: the client gets the whole answer, which is never wrong.
pub fn if_none_match(value: &[u8], etag: &str) -> bool {
    let value = value.trim_ascii();
    if value == b"*" {
        return true;
    }
    let wanted = opaque(etag.as_bytes());
    let mut rest = value;
    while let Some((tag, behind)) = split_tag(rest) {
        if tag == wanted {
            return true;
        }
        match behind.trim_ascii_start() {
            [b',', more @ ..] => rest = more,
            _ => return false,
        }
    }
    false
}

/// Whether a value of `If-Modified-Since` is no earlier than the last change, so that a GET is
/// answered with 304. A value that is no date does not count.
pub fn is_unmodified_since(value: &[u8], modified_unix_s: u64) -> bool {
    parse_date(value).is_some_and(|since_unix_s| modified_unix_s <= since_unix_s)
}

/// The first entity tag of `list` without its weakness mark, and what stands behind it. A tag
/// may hold commas, so splitting at those would be wrong.
fn split_tag(list: &[u8]) -> Option<(&[u8], &[u8])> {
    let tag = opaque(list.trim_ascii_start());
    let inside = tag.strip_prefix(b"\"")?;
    let close = memchr::memchr(b'"', inside)?;
    tag.split_at_checked(close + 2)
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests;
