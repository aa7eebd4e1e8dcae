//! Conditional requests (RFC 9110 section 13): whether a client's copy is still good, and whether
//! what it asks for is still what it knows. For GET and HEAD of something that is there.

use crate::{Kind, RequestHead, parse_date};

/// What tells one state of a representation from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validators<'a> {
    /// As in the `ETag` field, with its quotes.
    pub etag: &'a str,
    /// When it changed last, in a second that is over: two states never share it.
    pub modified_unix_s: Option<u64>,
}

/// The fields that make a request conditional, as far as it has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    if_match: Option<Vec<u8>>,
    if_none_match: Option<Vec<u8>>,
    if_modified_since: Option<Vec<u8>>,
    if_unmodified_since: Option<Vec<u8>>,
    if_range: Option<Vec<u8>>,
}

/// What a request's conditions come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They hold: the answer is what it would be without them.
    Hold,
    /// The client's copy is good: 304.
    NotModified,
    /// What is there is not what the client means: 412.
    PreconditionFailed,
}

impl Conditions {
    /// Those of a request whose head was parsed from `buf`.
    pub fn read(head: &RequestHead, buf: &[u8]) -> Conditions {
        let value = |kind| joined(head, buf, kind);
        Conditions {
            if_match: value(Kind::IfMatch),
            if_none_match: value(Kind::IfNoneMatch),
            if_modified_since: value(Kind::IfModifiedSince),
            if_unmodified_since: value(Kind::IfUnmodifiedSince),
            if_range: value(Kind::IfRange),
        }
    }

    /// Weighs them in the order of RFC 9110 section 13.2.2, where tags go before dates. A date
    /// that is none, or that there is nothing to compare with, does not count.
    pub fn check(&self, now: &Validators<'_>) -> Outcome {
        let unmodified =
            |since: &Option<Vec<u8>>| Some(now.modified_unix_s? <= parse_date(since.as_deref()?)?);
        let is_meant = match &self.if_match {
            Some(list) => lists(list, now.etag, is_strong_match),
            None => unmodified(&self.if_unmodified_since).unwrap_or(true),
        };
        let is_known = match &self.if_none_match {
            Some(list) => lists(list, now.etag, is_weak_match),
            None => unmodified(&self.if_modified_since).unwrap_or(false),
        };
        match (is_meant, is_known) {
            (false, _) => Outcome::PreconditionFailed,
            (true, true) => Outcome::NotModified,
            (true, false) => Outcome::Hold,
        }
    }

    /// Whether `Range` counts: without `If-Range`, or if that names exactly what is there
    /// (RFC 9110 section 13.1.5). Otherwise parts of two states would end up in one copy.
    pub fn range_counts(&self, now: &Validators<'_>) -> bool {
        match self.if_range.as_deref() {
            None => true,
            Some(tag @ ([b'"', ..] | [b'W', b'/', ..])) => is_strong_match(tag, now.etag),
            Some(date) => now.modified_unix_s.is_some_and(|at| parse_date(date) == Some(at)),
        }
    }
}

/// All values of a field as one list. Where only one may be, that is one that means nothing.
fn joined(head: &RequestHead, buf: &[u8], kind: Kind) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> = head.values(buf, kind).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

/// Whether a list of entity tags has one that matches. A malformed list has none behind its
/// fault: the client gets the whole answer or none, which is never wrong.
fn lists(list: &[u8], etag: &str, matches: fn(&[u8], &str) -> bool) -> bool {
    if list.trim_ascii() == b"*" {
        return true;
    }
    let mut rest = skip_commas(list);
    while let Some((tag, behind)) = split_tag(rest) {
        if matches(tag, etag) {
            return true;
        }
        match behind.trim_ascii_start() {
            more @ [b',', ..] => rest = skip_commas(more),
            _ => return false,
        }
    }
    false
}

/// RFC 9110 section 8.8.3.2.
fn is_strong_match(tag: &[u8], etag: &str) -> bool {
    tag == etag.as_bytes() && !tag.starts_with(b"W/")
}

fn is_weak_match(tag: &[u8], etag: &str) -> bool {
    opaque(tag) == opaque(etag.as_bytes())
}

/// A list may have empty elements (RFC 9110 section 5.6.1.2).
fn skip_commas(list: &[u8]) -> &[u8] {
    let filler = |byte: &u8| matches!(byte, b',' | b' ' | b'\t');
    let start = list.iter().position(|byte| !filler(byte)).unwrap_or(list.len());
    list.get(start..).unwrap_or_default()
}

/// The first entity tag of `list` and what stands behind it. A tag may hold commas, so splitting
/// at those would be wrong.
fn split_tag(list: &[u8]) -> Option<(&[u8], &[u8])> {
    let tag = opaque(list);
    let inside = tag.strip_prefix(b"\"")?;
    let close = memchr::memchr(b'"', inside)?;
    list.split_at_checked(list.len() - tag.len() + close + 2)
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests;
