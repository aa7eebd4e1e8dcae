use super::*;

fn check(value: &str, etag: &str, expected: bool) {
    assert_eq!(if_none_match(value.as_bytes(), etag), expected, "{value} {etag}");
}

#[test]
fn a_listed_tag_matches_weakly() {
    check("\"a\"", "\"a\"", true);
    check("W/\"a\"", "\"a\"", true);
    check("\"a\"", "W/\"a\"", true);
    check("\"x\", W/\"a\" ,\"y\"", "\"a\"", true);
    check("\"a,b\", \"a\"", "\"a\"", true);
    check("*", "\"a\"", true);
    check(" * ", "\"a\"", true);
}

#[test]
fn other_tags_do_not() {
    for value in ["\"b\"", "\"A\"", "\"\"", "\"aa\"", "\"b\", \"c\"", "\"b,\"a\""] {
        check(value, "\"a\"", false);
    }
}

#[test]
fn a_malformed_list_matches_nothing() {
    for value in ["", "a", "\"a", "w/\"a\"", "\"b\" \"a\"", ",", "*, \"a\"", "x\"a\""] {
        check(value, "\"a\"", false);
    }
}

#[test]
fn a_copy_is_good_if_it_is_no_older() {
    let date = b"Sun, 06 Nov 1994 08:49:37 GMT";
    assert!(is_unmodified_since(date, 784_111_777));
    assert!(is_unmodified_since(date, 784_111_776));
    assert!(!is_unmodified_since(date, 784_111_778));
    assert!(!is_unmodified_since(b"sometime", 0));
}
