//! Heads of answers: read alike in parts and whole, by us and by others, and forwarded as they
//! were understood.

use bramble_http::{
    Asked, Body, ForwardResponse, Kind, Limits, Parsed, Reject, ResponseHead, Span, Version,
    forward_response, parse_response,
};

use super::prefixes::{self, check_lines, ours, small, theirs};

/// Lines that we write.
const OURS: [&str; 6] =
    ["Connection", "Content-Length", "Date", "Transfer-Encoding", "Upgrade", "Via"];

/// What the clock says.
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// Checks what holds for any bytes that come from a backend, whatever it was asked.
pub fn check(input: &[u8]) {
    for (head, upgrade) in [(false, false), (true, false), (false, true)] {
        check_asked(input, Asked { head, upgrade });
    }
}

fn check_asked(input: &[u8], asked: Asked) {
    for limits in [Limits::default(), small()] {
        prefixes::check(input, |head: &ResponseHead| head.len, |bytes| read(bytes, &limits, asked));
    }
    let Ok(Some(head)) = read(input, &Limits::default(), asked) else { return };
    check_meaning(input, &head, asked);
    check_other_reader(input, &head);
    for client_version in [Version::Http10, Version::Http11] {
        for keep_alive in [false, true] {
            let request_was_head = asked.head;
            let how = ForwardResponse {
                date: DATE,
                keep_alive,
                client_version,
                request_was_head,
                back: None,
                extra: &[],
            };
            check_forwarded(input, &head, &how, asked);
        }
    }
}

fn read(input: &[u8], limits: &Limits, asked: Asked) -> Result<Option<ResponseHead>, Reject> {
    // As left by an answer before: nothing of that may stay.
    let mut head = ResponseHead {
        len: 9,
        status: 999,
        body: Body::Chunked,
        content_length: Some(9),
        keep_alive: true,
        load: Some(Span::new(1, 2)),
        ..ResponseHead::default()
    };
    let parsed = parse_response(input, limits, asked, &mut head)?;
    Ok((parsed == Parsed::Complete).then_some(head))
}

fn check_meaning(input: &[u8], head: &ResponseHead, asked: Asked) {
    assert!(head.len <= input.len() && input[..head.len].ends_with(b"\r\n\r\n"));
    assert!((100..600).contains(&head.status));
    assert!(head.status != 101 || asked.upgrade, "a switch that nobody asked for");
    let is_bodiless = asked.head || matches!(head.status, 100..200 | 204 | 304);
    assert!(!is_bodiless || head.body == Body::None, "a body where none can be");
    assert!(!(head.keep_alive && head.body == Body::UntilClose));
    assert_eq!(head.is_final(), !matches!(head.status, 100 | 102..200));
}

/// httparse is more lenient, but what we accept means the same to it.
fn check_other_reader(input: &[u8], head: &ResponseHead) {
    let mut headers = [httparse::EMPTY_HEADER; 120];
    let mut other = httparse::Response::new(&mut headers);
    assert_eq!(other.parse(input), Ok(httparse::Status::Complete(head.len)));
    assert_eq!(other.code, Some(head.status));
    assert_eq!(other.version, Some(u8::from(head.version == Version::Http11)));
    assert_eq!(theirs(other.headers), ours(&head.fields, input));
}

/// What a client gets is one head with nothing behind it, framed as `forward_response` says.
fn check_forwarded(input: &[u8], head: &ResponseHead, how: &ForwardResponse<'_>, asked: Asked) {
    let mut out = Vec::new();
    let body = forward_response(&mut out, input, head, how);
    let limits = Limits { head_bytes: 1 << 20, fields: 120, ..Limits::default() };
    let again = match read(&out, &limits, asked) {
        Ok(Some(again)) => again,
        other => panic!("{other:?}: {}", out.escape_ascii()),
    };
    assert_eq!((again.len, again.status), (out.len(), head.status), "{}", out.escape_ascii());
    assert_eq!((again.version, again.body), (Version::Http11, body));
    assert_eq!(again.reason.of(&out), head.reason.of(input));
    check_other_reader(&out, &again);
    check_lines(&ours(&again.fields, &out), &ours(&head.fields, input), &OURS);
    if head.status >= 200 {
        assert!(again.value(&out, Kind::Date).is_some(), "no date");
        assert_eq!(again.keep_alive, how.keep_alive && body != Body::UntilClose);
    }
    if how.client_version == Version::Http10 {
        assert_ne!(body, Body::Chunked, "HTTP/1.0 knows no chunks");
    }
    if let (Body::Length(length), _) | (_, Body::Length(length)) = (head.body, body) {
        assert_eq!((head.body, again.content_length), (body, Some(length)));
    }
}
