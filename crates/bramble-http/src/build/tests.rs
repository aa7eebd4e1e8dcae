use std::sync::LazyLock;

use super::*;
use crate::{Asked, Limits, RequestHead, ResponseHead, Version, parse_request, parse_response};

fn forwarded(input: &str, how: &Forward<'_>) -> String {
    let mut head = RequestHead::default();
    parse_request(input.as_bytes(), &Limits::default(), &mut head).unwrap();
    let mut out = Vec::new();
    forward_request(&mut out, input.as_bytes(), &head, how);
    String::from_utf8(out).unwrap()
}

fn client(address: &str) -> ClientAddress {
    ClientAddress::new(address.parse().unwrap())
}

fn untrusted<'a>() -> Forward<'a> {
    static CLIENT: LazyLock<ClientAddress> = LazyLock::new(|| client("192.0.2.7"));
    let host = b"a.example";
    Forward {
        client: &CLIENT,
        proto: "https",
        trusted: false,
        release: None,
        host,
        expects: false,
        mapping: None,
    }
}

fn answered(input: &str, how: &ForwardResponse<'_>) -> (String, Body) {
    let mut head = ResponseHead::default();
    let limits = Limits::default();
    let asked = Asked { head: how.request_was_head, upgrade: true };
    parse_response(input.as_bytes(), &limits, asked, &mut head).unwrap();
    let mut out = Vec::new();
    let body = forward_response(&mut out, input.as_bytes(), &head, how);
    (String::from_utf8(out).unwrap(), body)
}

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn to(client_version: Version) -> ForwardResponse<'static> {
    ForwardResponse {
        date: DATE,
        keep_alive: true,
        client_version,
        request_was_head: false,
        back: None,
        extra: &[],
    }
}

#[test]
fn a_request_goes_on_with_our_words_about_its_client() {
    let input = "GET /a?b HTTP/1.1\r\nHost: a.example\r\nAccept:  text/html \r\nCookie: c\r\n\r\n";
    let expected = "GET /a?b HTTP/1.1\r\nHost: a.example\r\nAccept: text/html\r\nCookie: c\r\n\
        X-Forwarded-For: 192.0.2.7\r\nX-Real-IP: 192.0.2.7\r\nX-Forwarded-Host: a.example\r\n\
        X-Forwarded-Proto: https\r\nForwarded: for=192.0.2.7;host=\"a.example\";proto=https\r\n\
        Via: 1.1 bramble\r\n\r\n";
    assert_eq!(forwarded(input, &untrusted()), expected);
}

#[test]
fn every_field_goes_on_in_the_same_layout() {
    for field in ["A: b", "A:b", "A:  b", "A:\tb", "A: b ", "A: b\t ", "A: \tb"] {
        let out = forwarded(&format!("GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n"), &untrusted());
        assert!(out.contains("\r\nA: b\r\nX-"), "{field}: {out}");
    }
    for field in ["A:", "A: ", "A:  "] {
        let out = forwarded(&format!("GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n"), &untrusted());
        assert!(out.contains("\r\nA: \r\nX-"), "{field}: {out}");
    }
}

#[test]
fn what_is_for_one_hop_goes_no_further() {
    let fields = [
        "Connection: X-Named, Upgrade, HTTP2-Settings, Host, close",
        "X-Named: 1",
        "Keep-Alive: 5",
        "Proxy-Connection: x",
        "Proxy-Authorization: x",
        "TE: trailers",
        "Trailer: x",
        "Upgrade: h2c",
        "HTTP2-Settings: x",
        "Proxy: http://evil.example",
        "Expect: 100-continue",
        "Bramble-Load: forged",
        "Bramble-Release: forged",
        "Bramble-Anything: forged",
    ];
    let dropped = forwarded(
        &format!("GET / HTTP/1.1\r\nHost: a.example\r\n{}\r\n\r\n", fields.join("\r\n")),
        &untrusted(),
    );
    assert_eq!(dropped, forwarded("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", &untrusted()));
}

const CLAIMS: &str = "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 198.51.100.1\r\n\
    X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Host: claimed\r\nX-Forwarded-Proto: gopher\r\n\
    X-Forwarded-Port: 81\r\nX-Real-IP: 198.51.100.1\r\nForwarded: for=198.51.100.1\r\n\r\n";

#[test]
fn a_strangers_word_about_its_client_is_dropped() {
    let plain = forwarded("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", &untrusted());
    assert_eq!(forwarded(CLAIMS, &untrusted()), plain);
}

#[test]
fn a_trusted_peers_word_stays_and_lists_are_continued_in_one_field() {
    let expected = "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Host: claimed\r\n\
        X-Forwarded-Proto: gopher\r\nX-Forwarded-Port: 81\r\nX-Real-IP: 198.51.100.1\r\n\
        X-Forwarded-For: 198.51.100.1, 203.0.113.9, 192.0.2.7\r\n\
        Forwarded: for=198.51.100.1, for=192.0.2.7;host=\"a.example\";proto=https\r\n\
        Via: 1.1 bramble\r\n\r\n";
    assert_eq!(forwarded(CLAIMS, &Forward { trusted: true, ..untrusted() }), expected);
}

#[test]
fn ipv6_is_quoted_in_forwarded_and_mapped_ipv4_is_ipv4() {
    let input = "GET / HTTP/1.0\r\n\r\n";
    let out = forwarded(input, &Forward { client: &client("2001:db8::7"), ..untrusted() });
    assert!(out.contains("X-Forwarded-For: 2001:db8::7\r\n"), "{out}");
    assert!(out.contains("Forwarded: for=\"[2001:db8::7]\";proto=https\r\n"), "{out}");
    let out = forwarded(input, &Forward { client: &client("::ffff:192.0.2.7"), ..untrusted() });
    assert!(out.contains("X-Real-IP: 192.0.2.7\r\n"), "{out}");
}

#[test]
fn the_version_is_ours_and_via_tells_the_clients() {
    let out = forwarded("GET / HTTP/1.0\r\nVia: 1.1 other\r\n\r\n", &untrusted());
    assert!(out.starts_with("GET / HTTP/1.1\r\nHost: a.example\r\nVia: 1.1 other\r\n"), "{out}");
    assert!(out.ends_with("Via: 1.0 bramble\r\n\r\n"), "{out}");
}

#[test]
fn an_absolute_target_goes_on_in_origin_form() {
    let line = |target: &str| {
        let out = forwarded(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"), &untrusted());
        out.lines().next().unwrap().to_owned()
    };
    assert_eq!(line("http://b/c?d"), "GET /c?d HTTP/1.1");
    assert_eq!(line("http://b/c"), "GET /c HTTP/1.1");
    assert_eq!(line("http://b?d"), "GET /?d HTTP/1.1");
    assert_eq!(line("http://b"), "GET / HTTP/1.1");
    assert_eq!(line("/c?"), "GET /c? HTTP/1.1");
    assert_eq!(line("http://b/c?"), "GET /c? HTTP/1.1");
    assert_eq!(line("http://b?"), "GET /? HTTP/1.1");
}

#[test]
fn options_of_the_whole_server_goes_on_as_such() {
    for target in ["*", "http://b"] {
        let input = format!("OPTIONS {target} HTTP/1.1\r\nHost: b\r\n\r\n");
        let out = forwarded(&input, &untrusted());
        assert!(out.starts_with("OPTIONS * HTTP/1.1\r\n"), "{target}: {out}");
    }
}

#[test]
fn framing_and_release_are_ours() {
    let out = |fields: &str| {
        let input = format!("PUT / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
        forwarded(&input, &Forward { release: Some("r2"), ..untrusted() })
    };
    let length = out("content-length:   007");
    assert!(
        length.ends_with("Bramble-Release: r2\r\nVia: 1.1 bramble\r\nContent-Length: 7\r\n\r\n")
    );
    let chunked = out("transfer-encoding: Chunked");
    assert!(chunked.ends_with("Transfer-Encoding: chunked\r\n\r\n"));
    assert_eq!(chunked.to_ascii_lowercase().matches("transfer-encoding").count(), 1);
}

#[test]
fn an_expectation_goes_on_where_there_is_one() {
    let line = "Expect: 100-continue\r\n";
    let expects = |version: &str, fields: &str, expects: bool| {
        let input = format!("PUT / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        forwarded(&input, &Forward { expects, ..untrusted() }).contains(line)
    };
    let body = "Content-Length: 1\r\nExpect: 100-Continue\r\n";
    assert!(expects("1.1", body, true));
    assert!(!expects("1.1", body, false));
    assert!(!expects("1.1", "Content-Length: 1\r\n", true));
    assert!(!expects("1.1", line, true));
    assert!(!expects("1.0", body, true));
}

#[test]
fn an_answer_goes_on_without_what_was_for_us() {
    let input = "HTTP/1.1 200 Fine\r\nDate: x\r\nConnection: x-named\r\nX-Named: 1\r\n\
        Keep-Alive: 5\r\nBramble-Release: r2\r\nBramble-Load: in_flight=1\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\n";
    let expected = "HTTP/1.1 200 Fine\r\nDate: x\r\nVia: 1.1 bramble\r\nContent-Length: 3\r\n\r\n";
    assert_eq!(answered(input, &to(Version::Http11)), (expected.to_owned(), Body::Length(3)));
}

#[test]
fn a_final_answer_has_a_date() {
    let dates = |head: &str| {
        let (out, _) = answered(&format!("HTTP/1.1 {head}\r\n\r\n"), &to(Version::Http11));
        let dates = out.lines().filter_map(|line| line.strip_prefix("Date: "));
        dates.collect::<Vec<_>>().join(";")
    };
    for status in ["200 OK", "304 x", "404 x", "503 x"] {
        assert_eq!(dates(status), DATE, "{status}");
    }
    assert_eq!(dates("200 OK\r\nDate: today"), "today");
    assert_eq!(dates("200 OK\r\nConnection: date\r\nDate: today"), DATE);
    for interim in ["100 x", "103 x", "101 x\r\nConnection: upgrade\r\nUpgrade: websocket"] {
        assert_eq!(dates(interim), "");
    }
}

#[test]
fn a_body_is_framed_as_the_client_can_read_it() {
    let check = |input: &str, how: &ForwardResponse<'_>, fields: &str, expected: Body| {
        let (out, body) = answered(input, how);
        let behind = out.split_once("bramble\r\n").unwrap().1.replace("\r\n", ";");
        assert_eq!((behind.as_str(), body), (fields, expected), "{input}");
    };
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let unending = "HTTP/1.0 200 OK\r\n\r\n";
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
    for input in [chunked, unending] {
        check(input, &to(Version::Http11), "Transfer-Encoding: chunked;;", Body::Chunked);
        check(input, &to(Version::Http10), "Connection: close;;", Body::UntilClose);
    }
    let kept = "Content-Length: 3;Connection: keep-alive;;";
    check(length, &to(Version::Http10), kept, Body::Length(3));
    let closing = ForwardResponse { keep_alive: false, ..to(Version::Http11) };
    check(length, &closing, "Content-Length: 3;Connection: close;;", Body::Length(3));
    let head = ForwardResponse { request_was_head: true, ..to(Version::Http11) };
    check(length, &head, "Content-Length: 3;;", Body::None);
    check(chunked, &head, ";", Body::None);
    let unmodified = "HTTP/1.1 304 x\r\nContent-Length: 3\r\n\r\n";
    check(unmodified, &to(Version::Http11), "Content-Length: 3;;", Body::None);
    for status in [103, 204] {
        let input = format!("HTTP/1.1 {status} x\r\nContent-Length: 3\r\n\r\n");
        check(&input, &to(Version::Http11), ";", Body::None);
    }
    check("HTTP/1.1 103 x\r\n\r\n", &closing, ";", Body::None);
}

fn simple(status: u16, fields: &[(&str, &str)], keep_alive: bool, head_only: bool) -> String {
    let mut out = Vec::new();
    simple_response(&mut out, status, fields, b"gone\n", keep_alive, head_only);
    String::from_utf8(out).unwrap()
}

#[test]
fn our_own_answers_always_have_a_length() {
    let head = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 5\r\n\
        Connection: close\r\n\r\n";
    let fields = [("Retry-After", "1")];
    assert_eq!(simple(503, &fields, false, false), format!("{head}gone\n"));
    assert_eq!(simple(503, &fields, false, true), head);
    let bare = "HTTP/1.1 304 Not Modified\r\nConnection: keep-alive\r\n\r\n";
    assert_eq!(simple(304, &[], true, false), bare);
}

#[test]
fn a_field_cannot_split_an_answer() {
    let fields = [("Location", "/a\r\nSet-Cookie: b"), ("A: b\r\nC", "d"), ("", "e"), ("F", "\0")];
    assert_eq!(simple(302, &fields, true, true), simple(302, &[], true, true));
}

#[test]
fn chunks_are_written_in_hexadecimal() {
    let head = |len| {
        let mut out = Vec::new();
        chunk_head(len, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(head(0), "");
    assert_eq!(head(10), "a\r\n");
    assert_eq!(head(65536), "10000\r\n");
}

#[test]
fn decimals_are_those_of_the_standard_library() {
    for number in [0, 7, 10, 255, 1000, u64::MAX] {
        let mut out = Vec::new();
        put_decimal(&mut out, number);
        assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
    }
}

#[test]
fn a_426_names_the_protocol_that_we_pass_on() {
    let answer = |upgrade: &str| {
        let head = format!("HTTP/1.1 426 X\r\nUpgrade: {upgrade}\r\nContent-Length: 0\r\n\r\n");
        answered(&head, &to(Version::Http11)).0
    };
    let names =
        |answer: String| answer.contains("\r\nConnection: upgrade\r\nUpgrade: websocket\r\n");
    assert!(names(answer("websocket")));
    assert!(names(answer("h2c, WebSocket")));
    assert!(!answer("h2c").contains("pgrade:"));
}

#[test]
fn the_hops_that_are_left_are_counted_down() {
    let sent = |method: &str, hops: &str| {
        let input = format!("{method} / HTTP/1.1\r\nHost: a\r\nMax-Forwards: {hops}\r\n\r\n");
        let out = forwarded(&input, &untrusted());
        let mut lines = out.lines().filter_map(|line| line.strip_prefix("Max-Forwards: "));
        let found = lines.next().map(str::to_owned);
        assert_eq!(lines.next(), None, "{out}");
        found.unwrap()
    };
    assert_eq!(sent("OPTIONS", "5"), "4");
    assert_eq!(sent("TRACE", "1"), "0");
    assert_eq!(sent("TRACE", "0"), "0");
    assert_eq!(sent("TRACE", "99999999999999999999"), "18446744073709551614");
    // No meaning, no change.
    assert_eq!(sent("GET", "5"), "5");
    assert_eq!(sent("OPTIONS", "five"), "five");
    let plain = forwarded("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", &untrusted());
    assert!(!plain.contains("Max-Forwards"), "{plain}");
}

#[test]
fn fields_of_our_own_stand_beside_the_backend_s() {
    let input = "HTTP/1.1 200 OK\r\nDate: x\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n";
    let extra = [("Set-Cookie", "c=.d; Path=/"), ("Set-Cookie", "e\r\nf: g")];
    let (head, _) = answered(input, &ForwardResponse { extra: &extra, ..to(Version::Http11) });
    let expected = "HTTP/1.1 200 OK\r\nDate: x\r\nSet-Cookie: a=b\r\nSet-Cookie: c=.d; Path=/\r\n\
        Via: 1.1 bramble\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(head, expected);
}
