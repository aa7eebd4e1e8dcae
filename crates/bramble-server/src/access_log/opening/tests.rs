use std::net::Ipv4Addr;

use bramble_http::{Limits, parse_request};

use super::super::escape::TEXT_BYTES;
use super::*;

pub(in crate::access_log) fn limits() -> Limits {
    Limits {
        head_bytes: 64 * 1024,
        fields: 100,
        target_bytes: 16 * 1024,
        chunk_extension_line_bytes: 0,
        chunk_extension_body_bytes: 0,
        body_bytes: 0,
    }
}

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 200, 3));

const JSON: &[u8; TIME_BYTES] = b"{\"time\":\"2026-01-01T00:00:00.000Z\",\"client\":\"";
const COMMON: &[u8; TIME_BYTES] = b" - - [01/Jan/2026:00:00:00 +0000] \"          ";

/// What stands before and behind the answer.
fn said(format: LogFormat, head: &str) -> [String; 2] {
    let mut read = RequestHead::default();
    let _ = parse_request(head.as_bytes(), &limits(), &mut read);
    let time = if format == LogFormat::Json { JSON } else { COMMON };
    // Whatever was there before.
    let mut opening = other(format);
    opening.set_client(CLIENT);
    opening.set_request(time, &read, head.as_bytes());
    text(&opening)
}

/// Of another client, with a long head.
fn other(format: LogFormat) -> Opening {
    let head = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "long".repeat(500));
    let mut read = RequestHead::default();
    parse_request(head.as_bytes(), &limits(), &mut read).unwrap();
    let mut opening = new(format, IpAddr::from([0xffff; 8]), "web");
    opening.set_request(&[b'.'; TIME_BYTES], &read, head.as_bytes());
    assert!(opening.long.as_ref().is_some_and(|long| long.text.len() == opening.len));
    opening
}

fn new(format: LogFormat, client: IpAddr, listener: &str) -> Opening {
    Opening::new(format, client, Fragment::listener(listener).into(), Ledger::unlimited())
}

fn text(opening: &Opening) -> [String; 2] {
    [opening.before(), opening.behind()]
        .map(|text| String::from_utf8(text.unwrap().to_vec()).unwrap())
}

#[track_caller]
fn json(head: &str, expected: &str) {
    let begin = std::str::from_utf8(JSON).unwrap();
    let [before, behind] = said(LogFormat::Json, head);
    assert_eq!(before, format!("{begin}10.0.200.3\",\"listener\":\"web{expected}"));
    assert_eq!(behind, "");
}

#[track_caller]
fn common(format: LogFormat, head: &str, expected: &str, behind: &str) {
    let before = format!("10.0.200.3 - - [01/Jan/2026:00:00:00 +0000] \"{expected}");
    assert_eq!(said(format, head), [before, behind.to_owned()]);
}

const FIELDS: &str = "Referer: here\r\nUser-Agent: me\r\n";

const SAID_FIELDS: &str = "\",\"referer\":\"here\",\"user_agent\":\"me";

#[test]
fn the_texts_of_a_head() {
    let head = format!("PUT /a?b HTTP/1.1\r\nHost: site.test\r\n{FIELDS}\r\n");
    let asked =
        "\",\"method\":\"PUT\",\"target\":\"/a?b\",\"version\":\"1.1\",\"host\":\"site.test";
    json(&head, &format!("{asked}{SAID_FIELDS}"));
    let line = "PUT /a?b HTTP/1.1\" ";
    common(LogFormat::Common, &head, line, "");
    common(LogFormat::Combined, &head, line, " \"here\" \"me\"");
}

#[test]
fn a_head_with_no_field() {
    let head = "GET / HTTP/1.0\r\n\r\n";
    json(head, "\",\"method\":\"GET\",\"target\":\"/\",\"version\":\"1.0");
    common(LogFormat::Combined, head, "GET / HTTP/1.0\" ", " \"-\" \"-\"");
}

/// Up to a length texts are added with what stands behind them.
#[test]
fn texts_of_any_length() {
    for len in 1..40 {
        let (target, host) = ("/".repeat(len), "h".repeat(len));
        for behind in ["", "X: y\r\n"] {
            let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{behind}\r\n");
            let begin = format!("\",\"method\":\"GET\",\"target\":\"{target}");
            json(&head, &format!("{begin}\",\"version\":\"1.1\",\"host\":\"{host}"));
        }
    }
}

/// So are those of which some bytes are spelt out, up to another length.
#[test]
fn fields_of_any_length() {
    for (len, last) in (0..40).flat_map(|len| [(len, "a"), (len, "\"")]) {
        let [here, me] = ["h", "m"].map(|of| of.repeat(len) + last);
        let [said_here, said_me] = [&here, &me].map(|text| text.replace('"', "\\\""));
        for behind in ["", "\t", "\r\nX: \"\\"] {
            let fields = format!("Referer: {here}{behind}\r\nUser-Agent: {me}{behind}\r\n");
            let head = format!("GET / HTTP/1.0\r\n{fields}\r\n");
            let said = format!("\",\"referer\":\"{said_here}\",\"user_agent\":\"{said_me}");
            json(&head, &format!("\",\"method\":\"GET\",\"target\":\"/\",\"version\":\"1.0{said}"));
            let said = format!(" \"{said_here}\" \"{said_me}\"");
            common(LogFormat::Combined, &head, "GET / HTTP/1.0\" ", &said);
        }
    }
}

#[test]
fn a_long_head_of_which_little_is_said() {
    let cookie = format!("Cookie: {}\r\n", "c".repeat(3000));
    for [before, behind] in [["", &*cookie], [&*cookie, ""]] {
        let head = format!("OTHER /a HTTP/1.1\r\n{before}Host: b\r\n{FIELDS}{behind}\r\n");
        let asked = "\",\"method\":\"OTHER\",\"target\":\"/a\",\"version\":\"1.1\",\"host\":\"b";
        json(&head, &format!("{asked}{SAID_FIELDS}"));
        common(LogFormat::Combined, &head, "OTHER /a HTTP/1.1\" ", " \"here\" \"me\"");
    }
}

#[test]
fn a_long_text_is_cut() {
    let long = |of: &str| of.repeat(2 * TEXT_BYTES);
    let (target, agent) = (format!("/{}", long("a")), long("\\"));
    let head = format!("OTHER {target} HTTP/1.1\r\nUser-Agent: {agent}\r\n\r\n");
    let [all, _] = said(LogFormat::Json, &head);
    let begin = "\"method\":\"OTHER\",\"target\":\"";
    assert!(all.contains(&format!("{begin}{}\",\"version\"", &target[..TEXT_BYTES])));
    let said_agent = all.split("\"user_agent\":\"").nth(1).unwrap();
    assert!((TEXT_BYTES - 12..=TEXT_BYTES).contains(&said_agent.len()), "{}", said_agent.len());
}

#[test]
fn of_what_was_refused_there_is_what_was_understood() {
    let begin = "\",\"method\":\"GET\",\"target\":\"/a\",\"version\":\"1.1";
    json("GET /a HTTP/3.0\r\n", begin);
    let head = format!("POST /a HTTP/1.1\r\n{FIELDS}Host: a b\r\n");
    json(&head, &format!("{}{SAID_FIELDS}", begin.replace("GET", "POST")));
    json("\u{1}\r\n", "");
    common(LogFormat::Common, "\u{1}\r\n", "-\" ", "");
}

/// Up to a length there is memory, and beyond it there is more of it.
#[test]
fn openings_of_any_length() {
    for len in SHORT_BYTES - 300..TEXT_BYTES {
        let target = "/".repeat(len);
        let head = format!("GET {target} HTTP/1.1\r\n{FIELDS}\r\n");
        let begin = format!("\",\"method\":\"GET\",\"target\":\"{target}\",\"version\":\"1.1");
        json(&head, &format!("{begin}{SAID_FIELDS}"));
        let line = format!("GET {target} HTTP/1.1\" ");
        common(LogFormat::Common, &head, &line, "");
        common(LogFormat::Combined, &head, &line, " \"here\" \"me\"");
    }
}

#[test]
fn a_listener_may_have_a_long_name() {
    let name = "n".repeat(SHORT_BYTES);
    let mut opening = new(LogFormat::Json, CLIENT, &name);
    opening.set_request(JSON, &RequestHead::default(), b"");
    let begin = std::str::from_utf8(JSON).unwrap();
    let [before, _] = text(&opening);
    assert_eq!(before, format!("{begin}10.0.200.3\",\"listener\":\"{name}"));
}
