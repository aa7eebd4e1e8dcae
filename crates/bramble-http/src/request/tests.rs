use super::*;

const START: &str = "GET / HTTP/1.1\r\nHost: a\r\n";

fn parse_with(input: &[u8], limits: &Limits) -> Result<RequestHead, Reject> {
    let mut head = RequestHead::default();
    match parse_request(input, limits, &mut head)? {
        Parsed::Complete => Ok(head),
        Parsed::Partial => panic!("partial: {}", input.escape_ascii()),
    }
}

fn parse(input: impl AsRef<[u8]>) -> Result<RequestHead, Reject> {
    parse_with(input.as_ref(), &Limits::default())
}

fn check_refused(input: impl AsRef<[u8]>, expected: Reject) {
    let input = input.as_ref();
    assert_eq!(parse(input).map(|_| ()), Err(expected), "{}", input.escape_ascii());
}

/// Refusals of a field line in a request that is otherwise sound.
fn check_field(line: impl AsRef<[u8]>, expected: Reject) {
    check_refused([START.as_bytes(), line.as_ref(), b"\r\n\r\n"].concat(), expected);
}

#[test]
fn a_head_is_taken_apart() {
    let input = b"POST /a?b=c HTTP/1.1\r\nHost: example.com:80\r\nX-A:\t b c \t\r\n\
        If-None-Match: \"x\"\r\nContent-Length: 3\r\n\r\nabcGET /";
    let head = parse(input).unwrap();
    assert_eq!(head.len, input.len() - b"abcGET /".len());
    assert_eq!(head.method, Method::Post);
    assert_eq!(head.target.path.of(input), b"/a");
    assert_eq!(head.target.query.of(input), b"b=c");
    assert_eq!(head.host.unwrap().of(input), b"example.com:80");
    assert_eq!(head.body, Body::Length(3));
    assert_eq!(head.value(input, Kind::IfNoneMatch), Some(&b"\"x\""[..]));
    assert_eq!(head.fields[1].name.of(input), b"X-A");
    assert_eq!(head.fields[1].value.of(input), b"b c");
    assert!(head.keep_alive && !head.expect_continue && !head.upgrade);
}

#[test]
fn whoever_asks_for_the_load_names_it() {
    assert!(!parse(format!("{START}\r\n")).unwrap().asks_load);
    assert!(parse(format!("{START}bramble-load: ask\r\n\r\n")).unwrap().asks_load);
}

#[test]
fn a_head_is_partial_until_its_last_byte() {
    let input = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut head = RequestHead::default();
    for len in 0..input.len() {
        let parsed = parse_request(&input[..len], &Limits::default(), &mut head);
        assert_eq!(parsed, Ok(Parsed::Partial), "{len}");
    }
    assert_eq!(parse_request(input, &Limits::default(), &mut head), Ok(Parsed::Complete));
}

#[test]
fn nothing_of_the_request_before_is_left() {
    let limits = Limits::default();
    let mut head = RequestHead::default();
    let first =
        b"PUT http://b/c HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    parse_request(first, &limits, &mut head).unwrap();
    let second = format!("{START}\r\n");
    parse_request(second.as_bytes(), &limits, &mut head).unwrap();
    assert_eq!(head, parse(second).unwrap());
}

#[test]
fn the_first_line_has_three_parts_and_two_spaces() {
    for line in ["", " GET / HTTP/1.1", "(GET / HTTP/1.1", "GET\t/ HTTP/1.1", "GET", "GET: /"] {
        check_refused(format!("{line}\r\n\r\n"), Reject::InvalidMethod);
    }
    for line in ["GET  / HTTP/1.1", "GET /\tHTTP/1.1", "GET /a\"b HTTP/1.1", "GET a HTTP/1.1"] {
        check_refused(format!("{line}\r\n\r\n"), Reject::InvalidTarget);
    }
    for line in ["GET /", "GET / HTTP/1.1 ", "GET /  HTTP/1.1", "GET / http/1.1", "GET / HTTP/11."]
    {
        check_refused(format!("{line}\r\nHost: a\r\n\r\n"), Reject::InvalidVersion);
    }
    check_refused(b"GET /\xc3\xbc HTTP/1.1\r\n\r\n", Reject::InvalidTarget);
    check_refused(b"GET / HTTP/1.1\nHost: a\n\n", Reject::BareLf);
    check_refused(b"GET / HTTP/1.1\rHost: a\r\r", Reject::BareCr);
    check_refused(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Reject::InvalidMethod);
    check_refused(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Reject::InvalidMethod);
}

#[test]
fn only_versions_1_0_and_1_1_are_spoken() {
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9"] {
        let input = format!("GET / {version}\r\nHost: a\r\n\r\n");
        check_refused(input, Reject::VersionNotSupported);
    }
}

#[test]
fn tunnels_and_endless_methods_are_not_implemented() {
    check_refused("CONNECT a:443 HTTP/1.1\r\n\r\n", Reject::MethodNotImplemented);
    check_refused("PRI / HTTP/1.1\r\nHost: a\r\n\r\n", Reject::MethodNotImplemented);
    check_refused(format!("{} /", "A".repeat(33)), Reject::MethodNotImplemented);
    let head = parse("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(head.method.name(b"PROPFIND /"), b"PROPFIND");
    assert!(!head.method.is_idempotent());
    let head = parse("get / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert!(matches!(head.method, Method::Other(_)));
}

#[test]
fn there_is_exactly_one_host() {
    check_refused("GET / HTTP/1.1\r\n\r\n", Reject::MissingHost);
    check_refused("GET http://a/ HTTP/1.1\r\n\r\n", Reject::MissingHost);
    check_field("Host: a", Reject::RepeatedHost);
    for value in ["", "a b", "a,b", "a/b", "u@a", "a:b", "a:", "[::1"] {
        let input = format!("GET / HTTP/1.1\r\nHost: {value}\r\n\r\n");
        check_refused(input, Reject::InvalidHost);
    }
    assert_eq!(parse("GET / HTTP/1.0\r\n\r\n").unwrap().host, None);
}

#[test]
fn an_absolute_targets_authority_wins() {
    let input = b"GET http://b:81/c HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(parse(input).unwrap().host.unwrap().of(input), b"b:81");
}

#[test]
fn names_are_tokens_with_a_colon_right_behind() {
    check_field(": a", Reject::EmptyName);
    check_field("A B: c", Reject::WhitespaceInName);
    check_field("A\t: c", Reject::WhitespaceInName);
    check_field(" A: b", Reject::ObsoleteFold);
    check_field("A: b\r\n c", Reject::ObsoleteFold);
    check_field("A: b\r\n\t", Reject::ObsoleteFold);
    check_field("A", Reject::InvalidName);
    check_field("A(: b", Reject::InvalidName);
    check_field(b"\xc3\xbc: b", Reject::InvalidName);
    check_field("A_B: c", Reject::UnderscoreInName);
    check_field("_: c", Reject::UnderscoreInName);
}

#[test]
fn values_hold_no_control_characters() {
    check_field("A: b\0c", Reject::InvalidValue);
    check_field("A: \x7f", Reject::InvalidValue);
    check_field("A: b\x0bc", Reject::InvalidValue);
    check_field("A: b\nB: c", Reject::BareLf);
    check_field("A: b\rB: c", Reject::BareCr);
    check_field("A: b\r\r\nB: c", Reject::BareCr);
    assert!(parse(format!("{START}A: gr\u{fc}n\tx\r\nB:\r\n\r\n")).is_ok());
}

#[test]
fn a_body_has_one_length_or_is_chunked() {
    check_field("Content-Length: 5\r\nContent-Length: 5", Reject::RepeatedContentLength);
    check_field(
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        Reject::LengthAndTransferEncoding,
    );
    check_field(
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        Reject::LengthAndTransferEncoding,
    );
    let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked";
    check_field(twice, Reject::RepeatedTransferEncoding);
    check_field("Transfer-Encoding : chunked", Reject::WhitespaceInName);
    check_field("Content-Length: 1099511627777", Reject::BodyTooLarge);
    let chunked = parse(format!("{START}Transfer-Encoding: chunked\r\n\r\n")).unwrap();
    assert_eq!(chunked.body, Body::Chunked);
    assert_eq!(parse(format!("{START}Content-Length: 0\r\n\r\n")).unwrap().body, Body::Length(0));
}

#[test]
fn connections_persist_as_the_version_says() {
    let keep_alive = |version: &str, options: &str| {
        let input = format!("GET / {version}\r\nHost: a\r\nConnection: {options}\r\n\r\n");
        parse(input).unwrap().keep_alive
    };
    assert!(keep_alive("HTTP/1.1", ""));
    assert!(!keep_alive("HTTP/1.1", "CLOSE"));
    assert!(!keep_alive("HTTP/1.1", "keep-alive, close"));
    assert!(!keep_alive("HTTP/1.0", ""));
    assert!(keep_alive("HTTP/1.0", "Keep-Alive"));
    check_field("Connection: a b", Reject::InvalidConnection);
    check_field("Connection: \"close\"", Reject::InvalidConnection);
    let options = "a,".repeat(32);
    check_field(format!("Connection: {options}"), Reject::TooManyConnectionOptions);
}

#[test]
fn an_expectation_is_of_a_body_in_http_1_1() {
    let expects = |start: &str, fields: &str| {
        let input = format!("{start}\r\nHost: a\r\n{fields}Expect: 100-Continue\r\n\r\n");
        parse(input).unwrap().expect_continue
    };
    assert!(expects("PUT / HTTP/1.1", "Content-Length: 1\r\n"));
    assert!(!expects("PUT / HTTP/1.0", "Content-Length: 1\r\n"));
    assert!(!expects("GET / HTTP/1.1", ""));
    check_field("Expect: 200-ok", Reject::ExpectationFailed);
    check_field("Expect: 100-continue, x", Reject::ExpectationFailed);
}

#[test]
fn an_upgrade_needs_both_of_its_fields_and_is_to_websocket() {
    let upgrade = |fields: &str| parse(format!("{START}{fields}\r\n")).unwrap().upgrade;
    assert!(upgrade("Connection: upgrade\r\nUpgrade: websocket\r\n"));
    assert!(upgrade("Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"));
    for fields in [
        "Upgrade: websocket\r\n",
        "Connection: upgrade\r\n",
        "Connection: upgrade\r\nUpgrade: h2c\r\n",
        "Connection: upgrade\r\nUpgrade: websocket, h2c\r\n",
        "Connection: upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n",
        "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n",
    ] {
        assert!(!upgrade(fields), "{fields}");
    }
}

#[test]
fn rounds_are_counted_by_our_name_in_via() {
    let rounds = |fields: &str| {
        let input = format!("{START}{fields}\r\n");
        parse(&input).unwrap().rounds(input.as_bytes())
    };
    assert_eq!(rounds(""), 0);
    assert_eq!(
        rounds("Via: 1.1 bramble\r\nX: y\r\nVia: HTTP/1.0  bramble (a), 1.1\tbramble\r\n"),
        3
    );
    assert_eq!(rounds("Via: 1.1 brambles, bramble, 1.1 a (1.1 bramble), 1.1 BRAMBLE,,\r\n"), 0);
    assert_eq!(rounds("Connection: via\r\nVia: 1.1 bramble\r\n"), 0);
}

#[test]
fn limits_hold_exactly() {
    let limits = |head_bytes, fields, target_bytes| Limits {
        head_bytes,
        fields,
        target_bytes,
        ..Limits::default()
    };
    let input = b"GET /abc HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n";
    assert!(parse_with(input, &limits(input.len(), 2, 4)).is_ok());
    let check = |limits, expected| {
        assert_eq!(parse_with(input, &limits).map(|_| ()), Err(expected));
    };
    check(limits(input.len() - 1, 2, 4), Reject::HeadTooLarge);
    check(limits(input.len(), 1, 4), Reject::TooManyFields);
    let full = parse_with(&input[..20], &limits(20, 2, 4));
    assert_eq!(full.map(|_| ()), Err(Reject::HeadTooLarge));
    check(limits(input.len(), 2, 3), Reject::TargetTooLong);
}

#[test]
fn names_in_connection_are_marked_but_never_what_the_next_hop_needs() {
    let input = format!(
        "{START}Connection: x-a, host, content-length, X-Forwarded-For, cookie\r\nX-A: 1\r\n\
         Cookie: c\r\nContent-Length: 0\r\nX-Forwarded-For: 192.0.2.1\r\nX-B: 2\r\n\r\n"
    );
    let kinds: Vec<Kind> = parse(input).unwrap().fields.iter().map(|field| field.kind).collect();
    use Kind::{Connection, ContentLength, Host, NamedHop, Other, XForwardedFor};
    let expected = [Host, Connection, NamedHop, NamedHop, ContentLength, XForwardedFor, Other];
    assert_eq!(kinds, expected);
}
