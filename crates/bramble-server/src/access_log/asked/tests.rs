use bramble_http::{Limits, parse_request};

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

/// What is kept of a head: method, target, host, referer and user agent.
fn kept(head: &str) -> [Option<String>; 5] {
    let mut read = RequestHead::default();
    let _ = parse_request(head.as_bytes(), &limits(), &mut read);
    let mut asked = Asked::default();
    // Whatever was kept before.
    asked.keep(&read, head.as_bytes());
    asked.keep(&read, head.as_bytes());
    let text =
        |text: Option<Text<'_>>| text.map(|text| String::from_utf8(text.bytes().to_vec()).unwrap());
    let method = String::from_utf8(asked.method().to_vec()).unwrap();
    let fields = [asked.target(), asked.host(), asked.referer(), asked.user_agent()].map(text);
    let [target, host, referer, agent] = fields;
    [Some(method), target, host, referer, agent]
}

#[track_caller]
fn check(head: &str, expected: [Option<&str>; 5]) {
    assert_eq!(kept(head), expected.map(|text| text.map(str::to_owned)));
}

const FIELDS: &str = "Referer: here\r\nUser-Agent: me\r\n";

#[test]
fn the_texts_of_a_head() {
    let head = format!("PUT /a?b HTTP/1.1\r\nHost: site.test\r\n{FIELDS}\r\n");
    check(&head, [Some("PUT"), Some("/a?b"), Some("site.test"), Some("here"), Some("me")]);
    check("GET / HTTP/1.0\r\n\r\n", [Some("GET"), Some("/"), None, None, None]);
}

#[test]
fn a_long_head_is_not_kept_whole() {
    let cookie = format!("Cookie: {}\r\n", "c".repeat(3000));
    for cookies in [["", &*cookie], [&*cookie, ""]] {
        let [before, behind] = cookies;
        let head = format!("OTHER /a HTTP/1.1\r\n{before}Host: b\r\n{FIELDS}{behind}\r\n");
        check(&head, [Some("OTHER"), Some("/a"), Some("b"), Some("here"), Some("me")]);
    }
}

#[test]
fn a_long_text_is_cut() {
    let target = format!("/{}", "a".repeat(5000));
    let head = format!("GET {target} HTTP/1.1\r\nHost: b\r\n{FIELDS}\r\n");
    let cut = target.get(..TEXT_BYTES);
    check(&head, [Some("GET"), cut, Some("b"), Some("here"), Some("me")]);
}

#[test]
fn of_what_was_refused_there_is_what_was_understood() {
    check("GET /a HTTP/3.0\r\n", [Some("GET"), Some("/a"), None, None, None]);
    let head = format!("POST /a HTTP/1.1\r\n{FIELDS}Host: a b\r\n");
    check(&head, [Some("POST"), Some("/a"), None, Some("here"), Some("me")]);
    check("\u{1}\r\n", [Some("GET"), None, None, None, None]);
}
