#![allow(clippy::single_range_in_vec_init)] // One range is what is meant.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(value: &str, len: u64, expected: &Selection) {
    assert_eq!(select(value.as_bytes(), len), *expected, "{value} of {len}");
}

#[track_caller]
fn parts(value: &str, len: u64, expected: &[Range<u64>]) {
    check(value, len, &Selection::Parts(expected.to_vec()));
}

#[test]
fn one_range() {
    parts("bytes=0-0", 10, &[0..1]);
    parts("bytes=0-9", 10, &[0..10]);
    parts("bytes=2-5", 10, &[2..6]);
    parts("bytes=9-", 10, &[9..10]);
    parts("bytes=0-", 10, &[0..10]);
    parts("bytes=-1", 10, &[9..10]);
    parts("bytes=-10", 10, &[0..10]);
    parts("Bytes=2-5", 10, &[2..6]);
}

#[test]
fn what_is_beyond_the_end_is_cut_off() {
    parts("bytes=2-99", 10, &[2..10]);
    parts("bytes=-99", 10, &[0..10]);
    parts("bytes=5-99999999999999999999999999", 10, &[5..10]);
    parts("bytes=-99999999999999999999999999", 10, &[0..10]);
    let large = 10 << 30;
    parts("bytes=10737418239-", large, &[large - 1..large]);
    parts("bytes=0-18446744073709551615", u64::MAX, &[0..u64::MAX]);
}

#[test]
fn nothing_there_is_unsatisfiable() {
    for value in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"] {
        check(value, 10, &Selection::Unsatisfiable);
    }
    check("bytes=10-,-0,20-30", 10, &Selection::Unsatisfiable);
    check("bytes=0-", 0, &Selection::Unsatisfiable);
    parts("bytes=99-,5-6", 10, &[5..7]);
}

#[test]
fn the_end_of_an_empty_body_is_all_of_it() {
    check("bytes=-5", 0, &Selection::Whole);
    check("bytes=-5,0-", 0, &Selection::Whole);
}

#[test]
fn what_is_malformed_does_not_count() {
    for value in [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=5-2",
        "bytes=0-1,5-2",
        "bytes=0-1;2-3",
        "bytes=0x1-2",
        "bytes=+1-2",
        "bytes=1 -2",
        "bytes=1- 2",
        "bytes =0-1",
        "items=0-1",
        "none",
        "bytes=0-1,x",
        "0-1",
        "bytes:0-1",
        "bytes=1-2\u{e9}",
    ] {
        check(value, 10, &Selection::Whole);
    }
}

#[test]
fn lists_may_have_blanks_and_empty_elements() {
    parts("bytes= 0-0 ,\t, -1,", 1000, &[0..1, 999..1000]);
}

#[test]
fn several_ranges_keep_their_order() {
    parts("bytes=500-599,0-9,-10", 1000, &[500..600, 0..10, 990..1000]);
}

#[test]
fn those_that_overlap_or_nearly_touch_become_one() {
    parts("bytes=0-99,50-149", 1000, &[0..150]);
    parts("bytes=50-149,0-99", 1000, &[0..150]);
    parts("bytes=0-9,10-19", 1000, &[0..20]);
    parts("bytes=0-9,89-99", 1000, &[0..100]);
    parts("bytes=0-9,90-99", 1000, &[0..10, 90..100]);
    parts("bytes=0-9,900-,400-409,0-", 1000, &[0..1000]);
    // The one between joins its neighbours, and stands where the first of them stood.
    parts("bytes=500-509,0-9,200-209,10-199", 1000, &[500..510, 0..210]);
}

#[test]
fn more_than_the_limit_are_too_many() {
    let list = |n: usize| {
        let ranges: Vec<String> = (0..n).map(|i| format!("{0}-{0}", i * 200)).collect();
        format!("bytes={}", ranges.join(","))
    };
    let Selection::Parts(most) = select(list(RANGES_MAX).as_bytes(), 1 << 20) else { panic!() };
    assert_eq!(most.len(), RANGES_MAX);
    check(&list(RANGES_MAX + 1), 1 << 20, &Selection::TooMany);
    // As CVE-2011-3192 sent them.
    let killer: String = (0..1300).map(|i| format!(",5-{i}")).collect();
    check(&format!("bytes=0-{killer}"), 1 << 20, &Selection::Whole);
    check(&format!("bytes={}", "0-,".repeat(1300)), 1 << 20, &Selection::TooMany);
}

#[test]
fn parts_are_framed_by_their_boundary() {
    let mut out = Vec::new();
    part_head(&mut out, "B", "text/plain", &(5..10), 20);
    out.extend_from_slice(b"bytes");
    last_boundary(&mut out, "B");
    let expected = "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-9/20\r\n\r\n\
        bytes\r\n--B--\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    assert_eq!(unsatisfied_range(20), "bytes */20");
}

fn spec() -> impl Strategy<Value = (String, Option<Range<u64>>)> {
    let n = || 0_u64..1500;
    prop_oneof![
        n().prop_map(|first| (format!("{first}-"), Some(first..u64::MAX))),
        (n(), n()).prop_map(|(first, more)| {
            (format!("{first}-{}", first + more), Some(first..first + more + 1))
        }),
        n().prop_map(|count| (format!("-{count}"), None)),
    ]
}

proptest! {
    #[test]
    fn what_is_asked_for_is_sent_once_and_little_else(
        specs in prop::collection::vec(spec(), 1..=RANGES_MAX),
        len in 1_u64..2000,
    ) {
        let text: Vec<&str> = specs.iter().map(|(text, _)| text.as_str()).collect();
        let wanted = |at: u64| specs.iter().any(|(text, range)| match range {
            Some(range) => range.contains(&at),
            None => len - at <= text[1..].parse().unwrap(),
        });
        let parts = match select(format!("bytes={}", text.join(",")).as_bytes(), len) {
            Selection::Parts(parts) => parts,
            Selection::Unsatisfiable => Vec::new(),
            other => panic!("{other:?}"),
        };
        for at in 0..len {
            let times = parts.iter().filter(|part| part.contains(&at)).count();
            prop_assert!(times <= 1 && (times == 1 || !wanted(at)), "{at} in {parts:?}");
        }
        let mut sorted = parts;
        sorted.sort_by_key(|part| part.start);
        for part in &sorted {
            prop_assert!(part.start < part.end && part.end <= len);
            prop_assert!(wanted(part.start) && wanted(part.end - 1), "{part:?}");
        }
        for pair in sorted.windows(2) {
            prop_assert!(pair[1].start - pair[0].end >= GAP_BYTES, "{pair:?}");
        }
    }

    #[test]
    fn no_bytes_are_a_surprise(value: Vec<u8>, len: u64) {
        if let Selection::Parts(parts) = select(&value, len) {
            prop_assert!(parts.iter().all(|part| part.start < part.end && part.end <= len));
        }
    }

    #[test]
    fn nearly_right_bytes_are_no_surprise(list in "[0-9,\\- ]{0,40}", len in 0_u64..100) {
        if let Selection::Parts(parts) = select(format!("bytes={list}").as_bytes(), len) {
            prop_assert!(parts.iter().all(|part| part.start < part.end && part.end <= len));
            prop_assert!(!parts.is_empty());
        }
    }
}
