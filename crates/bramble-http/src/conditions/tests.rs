use super::Outcome::{Hold, NotModified, PreconditionFailed};
use super::*;
use crate::{Limits, Parsed, parse_request};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const DATE_UNIX_S: u64 = 784_111_777;

fn read(fields: &[&str]) -> Conditions {
    let lines: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let input = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let mut head = RequestHead::default();
    let parsed = parse_request(input.as_bytes(), &Limits::default(), &mut head);
    assert_eq!(parsed, Ok(Parsed::Complete), "{input}");
    Conditions::read(&head, input.as_bytes())
}

/// What fields come to for a tag `"a"` (or another) that changed at [`DATE`].
fn check_tag(fields: &[&str], etag: &str, expected: Outcome) {
    let now = Validators { etag, modified_unix_s: Some(DATE_UNIX_S) };
    assert_eq!(read(fields).check(&now), expected, "{fields:?} {etag}");
}

fn check(fields: &[&str], expected: Outcome) {
    check_tag(fields, "\"a\"", expected);
}

#[test]
fn without_conditions_nothing_changes() {
    check(&[], Hold);
    assert_eq!(read(&["If-Something: x"]), Conditions::default());
}

#[test]
fn if_none_match_is_weak() {
    for (value, etag) in [
        ("\"a\"", "\"a\""),
        ("W/\"a\"", "\"a\""),
        ("\"a\"", "W/\"a\""),
        ("\"x\", W/\"a\" ,\"y\"", "\"a\""),
        ("\"a,b\", \"a\"", "\"a\""),
        (",, \"x\",\t,\"a\"", "\"a\""),
        ("*", "\"a\""),
    ] {
        check_tag(&[&format!("If-None-Match: {value}")], etag, NotModified);
    }
    for value in ["\"b\"", "\"A\"", "\"\"", "\"aa\"", "\"b\", \"c\"", "\"b,\"a\""] {
        check(&[&format!("If-None-Match: {value}")], Hold);
    }
}

#[test]
fn if_match_is_strong() {
    for value in ["\"a\"", "\"x\",\"a\"", "*", "W/\"a\", \"a\""] {
        check(&[&format!("If-Match: {value}")], Hold);
    }
    for value in ["\"b\"", "W/\"a\"", "a", "\"a", ""] {
        check(&[&format!("If-Match: {value}")], PreconditionFailed);
    }
    check_tag(&["If-Match: W/\"a\""], "W/\"a\"", PreconditionFailed);
}

#[test]
fn a_malformed_list_matches_nothing() {
    for value in ["", "a", "\"a", "w/\"a\"", "\"b\" \"a\"", ",", "*, \"a\"", "x\"a\"", "W/ \"a\""] {
        check(&[&format!("If-None-Match: {value}")], Hold);
    }
}

#[test]
fn a_list_goes_on_over_fields() {
    check(&["If-None-Match: \"x\"", "If-None-Match: \"a\""], NotModified);
    check(&["If-Match: \"x\"", "If-Match: \"a\""], Hold);
}

const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

#[test]
fn a_copy_is_good_if_it_is_no_older() {
    check(&[&format!("If-Modified-Since: {DATE}")], NotModified);
    check(&[&format!("If-Modified-Since: {AFTER}")], NotModified);
    check(&[&format!("If-Modified-Since: {BEFORE}")], Hold);
    check(&[&format!("If-Unmodified-Since: {DATE}")], Hold);
    check(&[&format!("If-Unmodified-Since: {BEFORE}")], PreconditionFailed);
}

#[test]
fn what_is_no_date_does_not_count() {
    for value in ["sometime", "", "0", "-1"] {
        check(&[&format!("If-Modified-Since: {value}")], Hold);
        check(&[&format!("If-Unmodified-Since: {value}")], Hold);
    }
    // Two of what can only be one.
    let twice = format!("If-Modified-Since: {AFTER}");
    check(&[&twice, &twice], Hold);
    let nothing_to_compare = Validators { etag: "\"a\"", modified_unix_s: None };
    for name in ["If-Modified-Since", "If-Unmodified-Since"] {
        assert_eq!(read(&[&format!("{name}: {AFTER}")]).check(&nothing_to_compare), Hold);
    }
}

#[test]
fn tags_go_before_dates() {
    let (old, new) = (format!("If-Modified-Since: {BEFORE}"), format!("If-Modified-Since: {DATE}"));
    check(&["If-None-Match: \"b\"", &new], Hold);
    check(&["If-None-Match: \"a\"", &old], NotModified);
    let unmodified = format!("If-Unmodified-Since: {BEFORE}");
    check(&["If-Match: \"a\"", &unmodified], Hold);
}

#[test]
fn what_is_not_meant_is_not_unmodified_either() {
    check(&["If-Match: \"b\"", "If-None-Match: \"a\""], PreconditionFailed);
    check(&["If-Match: \"a\"", "If-None-Match: \"a\""], NotModified);
    let fields = [format!("If-Unmodified-Since: {BEFORE}"), format!("If-Modified-Since: {AFTER}")];
    check(&[&fields[0], &fields[1]], PreconditionFailed);
}

#[test]
fn a_range_counts_for_exactly_what_is_there() {
    let counts = |fields: &[&str], etag| {
        let now = Validators { etag, modified_unix_s: Some(DATE_UNIX_S) };
        read(fields).range_counts(&now)
    };
    assert!(counts(&[], "\"a\""));
    assert!(counts(&["If-Range: \"a\""], "\"a\""));
    assert!(counts(&[&format!("If-Range: {DATE}")], "\"a\""));
    for value in ["\"b\"", "W/\"a\"", "*", "a", "", "\"a\", \"b\"", BEFORE, AFTER] {
        assert!(!counts(&[&format!("If-Range: {value}")], "\"a\""), "{value}");
    }
    assert!(!counts(&["If-Range: W/\"a\""], "W/\"a\""));
    assert!(!counts(&["If-Range: \"a\"", "If-Range: \"a\""], "\"a\""));
    let undated = Validators { etag: "\"a\"", modified_unix_s: None };
    assert!(!read(&[&format!("If-Range: {DATE}")]).range_counts(&undated));
}
