//! Targets, paths and authorities: what is accepted has one meaning, which no further reading
//! changes.

use std::path::{Component, Path};

use bramble_http::{
    Form, Limits, Parsed, RequestHead, Target, decode_path, parse_authority, parse_request,
};

/// Checks what holds for any bytes that come as a target, a path or an authority.
pub fn check(input: &[u8]) {
    check_authority(input);
    check_path(input);
    for method in ["GET", "OPTIONS"] {
        check_target(input, method);
    }
}

fn check_authority(input: &[u8]) {
    let Some(authority) = parse_authority(input) else { return };
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(byte);
    assert!(!authority.host.is_empty() && input.iter().all(is_plain));
    let mut written = authority.host.to_vec();
    if let Some(port) = authority.port {
        written.extend_from_slice(format!(":{port}").as_bytes());
    }
    assert_eq!(parse_authority(&written), Some(authority));
    let is_name = !authority.host.starts_with(b"[");
    assert!(!is_name || !authority.host.contains(&b':'), "where does the port begin?");
}

fn check_path(input: &[u8]) {
    let mut decoded = Vec::new();
    if decode_path(input, &mut decoded).is_err() {
        return;
    }
    let inside = decoded.strip_prefix(b"/").unwrap();
    let segments = inside.strip_suffix(b"/").unwrap_or(inside).split(|&byte| byte == b'/');
    for segment in segments.filter(|_| !inside.is_empty()) {
        assert!(!matches!(segment, b"" | b"." | b".."), "{}", decoded.escape_ascii());
    }
    assert!(!decoded.iter().any(|byte| byte.is_ascii_control() || *byte == b'\\'));
    check_beneath(inside);
    check_again(&decoded);
}

/// The system's own reading of the name does not leave the folder either.
fn check_beneath(inside: &[u8]) {
    let Ok(text) = std::str::from_utf8(inside) else { return };
    let is_name = |part: Component<'_>| matches!(part, Component::Normal(_));
    assert!(Path::new(text).components().all(is_name), "{text}");
}

/// Encoded and decoded again it is the same path.
fn check_again(decoded: &[u8]) {
    let (mut encoded, mut again) = (String::new(), Vec::new());
    for &byte in decoded {
        match byte {
            b'/' => encoded.push('/'),
            byte => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    assert_eq!(decode_path(encoded.as_bytes(), &mut again), Ok(()));
    assert_eq!(again, decoded, "{}", decoded.escape_ascii());
}

/// A target that is accepted is all of what stood between the spaces, and its parts are it.
fn check_target(input: &[u8], method: &str) {
    let line = [method.as_bytes(), b" ", input, b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    let mut head = RequestHead::default();
    if parse_request(&line, &Limits::default(), &mut head) != Ok(Parsed::Complete) {
        return;
    }
    let target = head.target;
    if head.len != line.len() || target.raw.of(&line) != input {
        // It held a version and more: a head of its own, which is for another target to check.
        assert!(input.windows(2).any(|pair| pair == b"\r\n"));
        return;
    }
    assert!(!input.iter().any(|byte| byte.is_ascii_control() || b" #\\\"<>".contains(byte)));
    check_form(&line, &target, head.host.unwrap().of(&line));
}

fn check_form(line: &[u8], target: &Target, host: &[u8]) {
    let (raw, path) = (target.raw.of(line), target.path.of(line));
    assert!(!path.contains(&b'?'));
    let path_and_query = match raw.contains(&b'?') {
        true => [path, b"?", target.query.of(line)].concat(),
        false => path.to_vec(),
    };
    match target.form {
        Form::Asterisk if raw == b"*" => assert_eq!(path, b"*"),
        // An absolute target that ends with its authority (RFC 9112 section 3.2.4).
        Form::Asterisk => {
            assert!(raw.ends_with(&[b"://", host].concat()));
            assert_eq!(path, b"/");
        }
        Form::Origin => assert_eq!((raw, host), (&path_and_query[..], &b"a"[..])),
        Form::Absolute => {
            assert!(parse_authority(host).is_some());
            let scheme = raw.windows(3).position(|three| three == b"://").unwrap();
            let behind = &raw[scheme + 3 + host.len()..];
            let rootless = behind.is_empty() || behind.starts_with(b"?");
            assert_eq!([if rootless { b"/" } else { &b""[..] }, behind].concat(), path_and_query);
        }
    }
}
