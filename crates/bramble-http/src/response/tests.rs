use super::*;

fn parse(input: impl AsRef<[u8]>, was_head: bool) -> Result<ResponseHead, Reject> {
    parse_to(input, Asked { head: was_head, upgrade: false })
}

fn parse_to(input: impl AsRef<[u8]>, asked: Asked) -> Result<ResponseHead, Reject> {
    let mut head = ResponseHead::default();
    match parse_response(input.as_ref(), &Limits::default(), asked, &mut head)? {
        Parsed::Complete => Ok(head),
        Parsed::Partial => panic!("partial: {}", input.as_ref().escape_ascii()),
    }
}

fn check_body(input: &str, expected: Body, keep_alive: bool) {
    let head = parse(input, false).unwrap();
    assert_eq!((head.body, head.keep_alive), (expected, keep_alive), "{input}");
}

fn check_refused(input: impl AsRef<[u8]>, expected: Reject) {
    let input = input.as_ref();
    assert_eq!(parse(input, false).map(|_| ()), Err(expected), "{}", input.escape_ascii());
}

#[test]
fn a_head_is_taken_apart() {
    let input = b"HTTP/1.1 404 Not  Found\r\nX_A: b\r\nContent-Length: 3\r\n\r\nabc";
    let head = parse(input, false).unwrap();
    assert_eq!((head.len, head.status, head.version), (input.len() - 3, 404, Version::Http11));
    assert_eq!(head.reason.of(input), b"Not  Found");
    assert_eq!((head.body, head.content_length), (Body::Length(3), Some(3)));
    assert_eq!(head.fields[0].name.of(input), b"X_A");
}

#[test]
fn what_is_said_of_the_load_is_said_once() {
    let check = |fields: &str, expected: Option<&str>| {
        let input = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
        let load = parse(&input, false).unwrap().load;
        assert_eq!(load.map(|load| load.of(input.as_bytes())), expected.map(str::as_bytes));
    };
    check("", None);
    check("Bramble-Load: a \r\n", Some("a"));
    check("bramble-load:\r\n", Some(""));
    check("Bramble-Load: a\r\nBramble-Load: a\r\n", None);
    check("Bramble-Load: a\r\nBramble-Load: a\r\nBramble-Load: a\r\n", None);
}

#[test]
fn a_body_ends_by_length_chunks_or_close() {
    check_body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", Body::Length(3), true);
    check_body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Body::Chunked, true);
    check_body("HTTP/1.1 200 OK\r\n\r\n", Body::UntilClose, false);
    check_body(
        "HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        Body::Length(0),
        false,
    );
    check_body("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", Body::Length(3), false);
    let kept = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n";
    check_body(kept, Body::Length(3), true);
    let unending = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n";
    check_body(unending, Body::UntilClose, false);
}

#[test]
fn some_answers_have_no_body_whatever_they_say() {
    for status in [100, 103, 204, 304] {
        let input = format!("HTTP/1.1 {status} x\r\nContent-Length: 7\r\n\r\n");
        check_body(&input, Body::None, true);
    }
    let head = parse("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", true).unwrap();
    assert_eq!((head.body, head.content_length), (Body::None, Some(7)));
    let head = parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true).unwrap();
    assert_eq!((head.body, head.content_length), (Body::None, None));
}

#[test]
fn the_status_line_is_read_strictly() {
    for line in [
        "HTTP/1.1 099 x",
        "HTTP/1.1 600 x",
        "HTTP/1.1 20 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1 200",
        "HTTP/1.1200 OK",
    ] {
        check_refused(format!("{line}\r\n\r\n"), Reject::InvalidStatus);
    }
    check_refused("ICY 200 OK\r\n\r\n", Reject::InvalidVersion);
    check_refused("HTTP/2.0 200 OK\r\n\r\n", Reject::VersionNotSupported);
    check_refused("HTTP/1.1 200 O\x01K\r\n\r\n", Reject::InvalidReasonPhrase);
    check_refused("HTTP/1.1 200 OK\n\n", Reject::BareLf);
    check_refused("HTTP/1.1 200 OK\r\r\n\r\n", Reject::BareCr);
    check_refused("HTTP/1.1 101 x\r\n\r\n", Reject::SwitchingProtocols);
}

#[test]
fn a_switch_of_protocols_is_the_one_that_was_asked_for() {
    let asked = Asked { head: false, upgrade: true };
    let fields = "Connection: Upgrade\r\nUpgrade: WebSocket\r\n";
    let head = parse_to(format!("HTTP/1.1 101 x\r\n{fields}\r\n"), asked).unwrap();
    assert!(head.is_final() && head.body == Body::None);
    for fields in ["", "Upgrade: websocket\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\n"] {
        let refused = parse_to(format!("HTTP/1.1 101 x\r\n{fields}\r\n"), asked);
        assert_eq!(refused.map(|_| ()), Err(Reject::SwitchingProtocols), "{fields}");
    }
    check_refused(format!("HTTP/1.1 101 x\r\n{fields}\r\n"), Reject::SwitchingProtocols);
}

#[test]
fn fields_are_read_as_strictly_as_a_requests() {
    let check = |fields: &str, expected| {
        check_refused(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n"), expected);
    };
    check("Content-Length: 1\r\nContent-Length: 1", Reject::RepeatedContentLength);
    check("Content-Length: 1, 1", Reject::InvalidContentLength);
    check("Content-Length: 1\r\nTransfer-Encoding: chunked", Reject::LengthAndTransferEncoding);
    check("Transfer-Encoding: gzip, chunked", Reject::UnknownTransferEncoding);
    check("A: b\r\n c", Reject::ObsoleteFold);
    check("A : b", Reject::WhitespaceInName);
    check("A: b\0", Reject::InvalidValue);
    check(": b", Reject::EmptyName);
    check_refused(
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        Reject::TransferEncodingInHttp10,
    );
}

#[test]
fn fields_are_found_by_what_they_are() {
    let input = b"HTTP/1.1 200 OK\r\nset-cookie: a\r\nETag: \"b\"\r\nSet-Cookie:c\r\n\r\n";
    let head = parse(input, false).unwrap();
    assert_eq!(head.value(input, Kind::SetCookie), Some(&b"a"[..]));
    assert!(head.values(input, Kind::SetCookie).eq([b"a", b"c"]));
    assert_eq!(head.value(input, Kind::Location), None);
}
