//! Parts of a body (RFC 9110 section 14): which bytes a `Range` field asks for, and how several
//! of them are framed as one body.
//!
//! Ranges that overlap or nearly touch become one, so that no answer is ever longer than the
//! whole and its few part heads (CVE-2011-3192).

use std::ops::Range;

use crate::scan;

/// More ranges than this in one field are ignored: nobody needs them, and each costs.
pub const RANGES_MAX: usize = 16;

/// Ranges with less between them become one: a part's head would be longer (RFC 9110 section
/// 14.2).
const GAP_BYTES: u64 = 80;

/// What a `Range` field comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These bytes, of which there are some; in the order asked for, and apart from each other.
    Parts(Vec<Range<u64>>),
    /// More than [`RANGES_MAX`]: the whole is sent.
    TooMany,
    /// Nothing that was asked for is there: 416.
    Unsatisfiable,
    /// The field is malformed or of another unit, so it does not count: the whole is sent.
    Whole,
}

/// What the value of a `Range` field selects of a body of `len` bytes.
pub fn select(value: &[u8], len: u64) -> Selection {
    let Some(specs) = parse(value) else { return Selection::Whole };
    if specs.len() > RANGES_MAX {
        return Selection::TooMany;
    }
    let mut parts = Vec::new();
    for range in specs.iter().filter_map(|spec| spec.of(len)) {
        add(&mut parts, range);
    }
    match parts.as_slice() {
        [] => Selection::Unsatisfiable,
        // The end of an empty body can be had, but no range names it.
        [empty] if empty.is_empty() => Selection::Whole,
        _ => Selection::Parts(parts),
    }
}

/// One range as it was written.
#[derive(Clone, Copy)]
enum Spec {
    From(u64),
    Last(u64),
    Within(u64, u64),
}

/// None: not a list of byte ranges. Of too many, only so many are read that it shows.
fn parse(value: &[u8]) -> Option<Vec<Spec>> {
    let equals = memchr::memchr(b'=', value)?;
    let (unit, list) = (value.get(..equals)?, value.get(equals + 1..)?);
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let elements = list.split(|byte| *byte == b',').map(scan::trim);
    let specs = elements.filter(|element| !element.is_empty()).take(RANGES_MAX + 1);
    let specs: Vec<Spec> = specs.map(Spec::parse).collect::<Option<_>>()?;
    (!specs.is_empty()).then_some(specs)
}

impl Spec {
    fn parse(text: &[u8]) -> Option<Spec> {
        let dash = memchr::memchr(b'-', text)?;
        match (text.get(..dash)?, text.get(dash + 1..)?) {
            (b"", last) => Some(Spec::Last(number(last)?)),
            (first, b"") => Some(Spec::From(number(first)?)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Spec::Within(first, last))
            }
        }
    }

    /// The bytes that are there; none: there are not any.
    fn of(self, len: u64) -> Option<Range<u64>> {
        match self {
            Spec::From(first) => (first < len).then_some(first..len),
            Spec::Within(first, last) => {
                (first < len).then(|| first..last.saturating_add(1).min(len))
            }
            Spec::Last(count) => (count > 0).then(|| len.saturating_sub(count)..len),
        }
    }
}

/// Digits of any length: what is beyond all bodies is beyond this one.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |n: u64, digit: &u8| n.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(digits.iter().fold(0, add))
}

/// Adds a range to those that are apart. It takes the place of the first that it touches.
fn add(parts: &mut Vec<Range<u64>>, mut range: Range<u64>) {
    let mut place = parts.len();
    // As it grows it can come to touch others; each round has one fewer.
    while let Some(i) = parts.iter().position(|part| is_close(part, &range)) {
        let part = parts.remove(i);
        range = part.start.min(range.start)..part.end.max(range.end);
        place = place.min(i);
    }
    parts.insert(place.min(parts.len()), range);
}

fn is_close(a: &Range<u64>, b: &Range<u64>) -> bool {
    let gap = a.start.max(b.start).saturating_sub(a.end.min(b.end));
    gap < GAP_BYTES
}

/// The value of `Content-Range` for a part of a body of `len` bytes.
pub fn content_range(part: &Range<u64>, len: u64) -> String {
    format!("bytes {}-{}/{len}", part.start, part.end.saturating_sub(1))
}

/// The value of `Content-Range` with 416.
pub fn unsatisfied_range(len: u64) -> String {
    format!("bytes */{len}")
}

/// Appends what stands before the bytes of a part (RFC 9110 section 14.6).
pub fn part_head(out: &mut Vec<u8>, boundary: &str, media_type: &str, part: &Range<u64>, len: u64) {
    let range = content_range(part, len);
    let head =
        format!("\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {range}\r\n\r\n");
    out.extend_from_slice(head.as_bytes());
}

/// Appends what stands behind the last part.
pub fn last_boundary(out: &mut Vec<u8>, boundary: &str) {
    out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
}

#[cfg(test)]
mod tests;
