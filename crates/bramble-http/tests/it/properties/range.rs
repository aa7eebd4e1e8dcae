//! Ranges: the parts of an answer are in it, apart, no more than the whole, and all that was
//! asked for.

use std::ops::Range;

use bramble_http::{RANGES_MAX, Selection, content_range, part_head, select};

/// Of bodies; the last overflows when one is added.
const LENGTHS: [u64; 6] = [0, 1, 99, 10_000, 1 << 40, u64::MAX];

/// Checks what holds for any bytes that come as a `Range` field.
pub fn check(input: &[u8]) {
    for len in LENGTHS {
        match select(input, len) {
            Selection::Parts(parts) => {
                check_parts(&parts, len);
                check_asked(input, &parts, len);
            }
            Selection::Unsatisfiable => assert_eq!(asked(input, len), []),
            Selection::TooMany => {
                assert!(input.iter().filter(|byte| **byte == b',').count() >= RANGES_MAX);
            }
            Selection::Whole => {}
        }
    }
}

/// CVE-2011-3192: never the same byte twice, never more heads than gaps are worth.
fn check_parts(parts: &[Range<u64>], len: u64) {
    assert!((1..=RANGES_MAX).contains(&parts.len()));
    let mut sorted = parts.to_vec();
    sorted.sort_by_key(|part| part.start);
    assert!(sorted.iter().all(|part| part.start < part.end && part.end <= len), "{sorted:?}");
    assert!(sorted.windows(2).all(|pair| pair[0].end < pair[1].start), "{sorted:?}");
    for part in parts {
        check_head(part, len);
    }
}

fn check_head(part: &Range<u64>, len: u64) {
    let value = content_range(part, len);
    let (range, of) = value.strip_prefix("bytes ").unwrap().split_once('/').unwrap();
    let (first, last) = range.split_once('-').unwrap();
    let read = |digits: &str| digits.parse::<u64>().unwrap();
    assert_eq!((read(first)..read(last) + 1, read(of)), (part.clone(), len));
    let mut head = Vec::new();
    part_head(&mut head, "b", "text/html", part, len);
    assert!(head.starts_with(b"\r\n--b\r\n") && head.ends_with(b"\r\n\r\n"));
}

/// Each range lies in one part, and nothing is sent that is far from all of them.
fn check_asked(input: &[u8], parts: &[Range<u64>], len: u64) {
    let asked = asked(input, len);
    let is_within =
        |range: &Range<u64>, part: &Range<u64>| part.start <= range.start && range.end <= part.end;
    for range in &asked {
        assert!(parts.iter().any(|part| is_within(range, part)), "{range:?} of {parts:?}");
    }
    for part in parts {
        let inside = || asked.iter().filter(|range| is_within(range, part));
        assert_eq!(inside().map(|range| range.start).min(), Some(part.start));
        assert_eq!(inside().map(|range| range.end).max(), Some(part.end));
    }
}

/// Another reading of the field: as text, with numbers that hold more digits.
fn asked(input: &[u8], len: u64) -> Vec<Range<u64>> {
    let text = std::str::from_utf8(input).unwrap();
    let (unit, list) = text.split_once('=').unwrap();
    assert!(unit.eq_ignore_ascii_case("bytes"));
    let elements = list.split(',').map(|element| element.trim_matches([' ', '\t']));
    elements.filter(|element| !element.is_empty()).filter_map(|element| one(element, len)).collect()
}

fn one(element: &str, len: u64) -> Option<Range<u64>> {
    // What does not fit is beyond any body.
    let number = |digits: &str| digits.parse::<u128>().unwrap_or(u128::MAX);
    let all = u128::from(len);
    let (first, last) = element.split_once('-').unwrap();
    assert!([first, last].concat().bytes().all(|byte| byte.is_ascii_digit()), "{element}");
    let (start, end) = match (first, last) {
        ("", count) => (all.saturating_sub(number(count)), all),
        (first, "") => (number(first), all),
        (first, last) => (number(first), number(last).saturating_add(1).min(all)),
    };
    (start < end).then_some(start as u64..end as u64)
}
