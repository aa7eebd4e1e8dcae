//! Request heads: read alike in parts and whole, by us and by others, and forwarded as they were
//! understood.

use bramble_http::{
    Body, ClientAddress, Form, Forward, Kind, Limits, Parsed, Reject, RequestHead, Target, Version,
    forward_request, parse_authority, parse_request,
};

use super::prefixes::{self, Line, check_lines, ours, small, theirs};

/// Who sends it.
const CLIENT_IP: &str = "2001:db8::7";

/// Names of lines that only we write; each stands once in what a stranger's request becomes.
const OURS: [&str; 7] = [
    "Host",
    "X-Forwarded-For",
    "X-Real-IP",
    "X-Forwarded-Proto",
    "Forwarded",
    "Bramble-Release",
    "Via",
];

/// Lines that we write where the request has a reason for them.
const AT_TIMES: [&str; 6] =
    ["X-Forwarded-Host", "Connection", "Upgrade", "Expect", "Content-Length", "Transfer-Encoding"];

/// Checks what holds for any bytes that come from a client.
pub fn check(input: &[u8]) {
    for limits in [Limits::default(), small()] {
        prefixes::check(input, |head: &RequestHead| head.len, |bytes| read(bytes, &limits));
    }
    if let Ok(Some(head)) = read(input, &Limits::default()) {
        check_memory(input, &head);
        check_meaning(input, &head);
        check_other_reader(input, &head);
        for (trusted, expects) in [(false, false), (true, false), (false, true)] {
            check_forwarded(input, &head, trusted, expects);
        }
    }
}

fn read(input: &[u8], limits: &Limits) -> Result<Option<RequestHead>, Reject> {
    let mut head = RequestHead::default();
    let parsed = parse_request(input, limits, &mut head)?;
    Ok((parsed == Parsed::Complete).then_some(head))
}

/// A head that is used again keeps nothing of the request before.
fn check_memory(input: &[u8], head: &RequestHead) {
    let before =
        b"POST http://x/y?z HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 9\r\n\r\n";
    let mut used = read(before, &Limits::default()).unwrap().unwrap();
    assert_eq!(parse_request(input, &Limits::default(), &mut used), Ok(Parsed::Complete));
    assert_eq!(&used, head);
}

fn check_meaning(input: &[u8], head: &RequestHead) {
    assert!(head.len <= input.len() && input[..head.len].ends_with(b"\r\n\r\n"));
    let host = head.host.map(|span| parse_authority(span.of(input)));
    assert_ne!(host, Some(None), "a host that is no authority");
    assert!(host.is_some() || head.version == Version::Http10, "no host");
    assert_ne!(head.body, Body::UntilClose, "a request cannot end with its connection");
    assert!(!(head.upgrade && head.body != Body::None), "a body before the switch");
    let old_chunks = head.version == Version::Http10 && head.body == Body::Chunked;
    assert!(!old_chunks, "HTTP/1.0 knows no chunks");
}

/// httparse is more lenient, but what we accept means the same to it.
fn check_other_reader(input: &[u8], head: &RequestHead) {
    let mut headers = [httparse::EMPTY_HEADER; 120];
    let mut other = httparse::Request::new(&mut headers);
    assert_eq!(other.parse(input), Ok(httparse::Status::Complete(head.len)));
    assert_eq!(other.method.map(str::as_bytes), Some(head.method.name(input)));
    assert_eq!(other.path.map(str::as_bytes), Some(head.target.raw.of(input)));
    assert_eq!(other.version, Some(u8::from(head.version == Version::Http11)));
    assert_eq!(theirs(other.headers), ours(&head.fields, input));
}

/// What a backend gets is one head with nothing behind it, and means what came.
fn check_forwarded(input: &[u8], head: &RequestHead, trusted: bool, expects: bool) {
    let host = head.host.map_or(&b"fallback"[..], |span| span.of(input));
    let out = forward(input, head, host, trusted, expects);
    let again = reread(&out);
    assert_eq!(again.len, out.len(), "{}", out.escape_ascii());
    check_other_reader(&out, &again);
    assert_eq!(again.method.name(&out), head.method.name(input));
    assert_eq!(again.target.path.of(&out), path_to_send(input, &head.target));
    assert_eq!(again.target.query.of(&out), head.target.query.of(input));
    assert_eq!(again.host.map(|span| span.of(&out)), Some(host));
    assert_eq!((again.body, again.upgrade), (head.body, head.upgrade));
    assert!(again.version == Version::Http11 && again.keep_alive);
    assert_eq!(again.expect_continue, expects && head.expect_continue);

    let (built, sent) = (ours(&again.fields, &out), ours(&head.fields, input));
    check_lines(&built, &sent, &[&OURS[..], &AT_TIMES].concat());
    check_framing_lines(&built, head.body);
    let switch = usize::from(head.upgrade);
    assert_eq!((count(&built, "Connection"), count(&built, "Upgrade")), (switch, switch));
    if !trusted {
        check_identity(&built);
    }
    check_twice(&out, &again, host);
}

/// The server as a whole is asked for as `*`, however the client put it.
fn path_to_send<'a>(input: &'a [u8], target: &Target) -> &'a [u8] {
    if target.form == Form::Asterisk { b"*" } else { target.path.of(input) }
}

fn forward(input: &[u8], head: &RequestHead, host: &[u8], trusted: bool, expects: bool) -> Vec<u8> {
    let client = &ClientAddress::new(CLIENT_IP.parse().unwrap());
    let mut out = Vec::new();
    let how = Forward {
        client,
        proto: "https",
        trusted,
        release: Some("r1"),
        host,
        expects,
        mapping: None,
    };
    forward_request(&mut out, input, head, &how);
    out
}

/// Reads a head of our own, which may have more lines and bytes than one that comes in.
fn reread(out: &[u8]) -> RequestHead {
    let limits = Limits { head_bytes: 1 << 20, fields: 120, ..Limits::default() };
    match read(out, &limits) {
        Ok(Some(head)) => head,
        other => panic!("{other:?}: {}", out.escape_ascii()),
    }
}

fn count(lines: &[Line], name: &str) -> usize {
    lines.iter().filter(|(sent, _)| sent.eq_ignore_ascii_case(name.as_bytes())).count()
}

fn check_framing_lines(built: &[Line], body: Body) {
    let framing = (count(built, "Content-Length"), count(built, "Transfer-Encoding"));
    let expected = match body {
        Body::None | Body::UntilClose => (0, 0),
        Body::Length(_) => (1, 0),
        Body::Chunked => (0, 1),
    };
    assert_eq!(framing, expected);
}

/// Whoever the client is, we say, and nobody else.
fn check_identity(built: &[Line]) {
    for name in OURS.iter().filter(|name| **name != "Via") {
        assert_eq!(count(built, name), 1, "{name}");
    }
    let family = built.iter().filter(|(name, _)| {
        name.to_ascii_lowercase().starts_with(b"x-forwarded-")
            || name.eq_ignore_ascii_case(b"x-real-ip")
    });
    for (name, value) in family.filter(|(name, _)| *name != b"X-Forwarded-Host") {
        let is_ours = value == CLIENT_IP.as_bytes() || value == b"https";
        assert!(is_ours, "{}: {}", name.escape_ascii(), value.escape_ascii());
    }
    assert_eq!(count(built, "Proxy"), 0);
}

/// Forwarding what was forwarded adds one `Via` and changes nothing else.
fn check_twice(first: &[u8], head: &RequestHead, host: &[u8]) {
    let second = forward(first, head, host, false, true);
    let again = reread(&second);
    assert_eq!(head.values(first, Kind::Via).count() + 1, again.values(&second, Kind::Via).count());
    assert_eq!(again.method.name(&second), head.method.name(first));
    assert_eq!(again.target.raw.of(&second), head.target.raw.of(first));
    assert_eq!((again.body, again.upgrade), (head.body, head.upgrade));
}
