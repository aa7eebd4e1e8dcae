use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;

fn written(unix_s: u64) -> String {
    let mut out = Vec::new();
    write_date(&mut out, unix_s);
    String::from_utf8(out).unwrap()
}

#[test]
fn known_dates() {
    assert_eq!(written(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(written(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(written(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
    assert_eq!(written(4_107_542_399), "Sun, 28 Feb 2100 23:59:59 GMT");
}

#[test]
fn a_date_beyond_the_year_9999_is_its_end() {
    assert_eq!(written(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
}

#[test]
fn all_three_forms_are_read() {
    let forms = [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ];
    for form in forms {
        assert_eq!(parse_date(form.as_bytes()), Some(784_111_777), "{form}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for text in ["", "0", "yesterday", "Sun, 06 Nov 1994", "Sun, 32 Nov 1994 08:49:37 GMT"] {
        assert_eq!(parse_date(text.as_bytes()), None, "{text}");
    }
    assert_eq!(parse_date(b"\xff\xfe"), None);
}

proptest! {
    #[test]
    fn written_dates_are_those_of_another_writer(unix_s in 0..=LAST_UNIX_S) {
        let expected = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(unix_s));
        prop_assert_eq!(written(unix_s), expected);
    }

    #[test]
    fn reading_never_panics(bytes: Vec<u8>) {
        parse_date(&bytes);
    }
}
