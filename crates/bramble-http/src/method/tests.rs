use super::*;

fn check(name: &[u8], method: Method, safe: bool, idempotent: bool) {
    let parsed = Method::parse(name, Span::new(0, name.len()));
    assert_eq!(parsed, method);
    assert_eq!(parsed.name(name), name);
    assert_eq!((parsed.is_safe(), parsed.is_idempotent()), (safe, idempotent), "{method:?}");
}

#[test]
fn what_may_be_repeated_is_what_the_rfc_says() {
    check(b"GET", Method::Get, true, true);
    check(b"HEAD", Method::Head, true, true);
    check(b"OPTIONS", Method::Options, true, true);
    check(b"TRACE", Method::Trace, true, true);
    check(b"PUT", Method::Put, false, true);
    check(b"DELETE", Method::Delete, false, true);
    check(b"POST", Method::Post, false, false);
    check(b"PATCH", Method::Patch, false, false);
    check(b"CONNECT", Method::Connect, false, false);
}

#[test]
fn any_other_name_is_kept_as_it_is_and_never_repeated() {
    for name in [&b"get"[..], b"M-SEARCH", b"GETS", b"GE"] {
        check(name, Method::Other(Span::new(0, name.len())), false, false);
    }
}

#[test]
fn versions_have_their_numbers() {
    assert_eq!((Version::Http10.number(), Version::Http11.number()), ("1.0", "1.1"));
    assert!(Version::Http10 < Version::Http11);
}
