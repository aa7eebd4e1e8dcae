//! What only an answer has: its status line, interim answers, and bodies where none may be.

use super::{Mutation, framing};
use crate::draft::Draft;
use crate::rng::Rng;

pub(super) const ALL: &[Mutation] = &[
    ("status line", status_line),
    ("answer's version", version),
    ("status", status),
    ("reason phrase", reason),
    ("interim answers", interim),
    ("a body where none may be", bodiless),
    ("surplus bytes", surplus),
    ("truncated answer", truncated),
    ("before the answer", before),
    ("switch of protocols", switch),
    ("body to the end of the connection", until_close),
];

#[rustfmt::skip] // An item a line would be hard to see over.
const LINES: &[&[u8]] = &[
    b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.1  200 OK", b"HTTP/1.1\t200 OK",
    b"HTTP/1.1 200\tOK", b"HTTP/1.1", b"HTTP/1.1 ", b"HTTP/1.1 OK", b"HTTP/1.1 OK 200",
    b"200 OK", b" HTTP/1.1 200 OK", b"hello", b"HTTP/1.1 200 OK HTTP/1.1", b"HTTP/1.1200 OK",
    b"HTTP/1.1 200OK", b"HTTP/1.1 200 OK\r\nX", b"<html>", b"GET / HTTP/1.1", b"ICY 200 OK",
    b"HTTP/1.1 \r\n200 OK",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const VERSIONS: &[&[u8]] = &[
    b"HTTP/1.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2", b"HTTP/2.0", b"HTTP/1", b"HTTP/1.",
    b"http/1.1", b"HTTP/11", b"HTTP/1.10", b"HTTP/1.1x", b"HTTP/01.1", b"HTTPS/1.1", b"ICE/1.0",
    b"RTSP/1.0", b"", b"HTTP/1.\xb9", b"HTTP/1.1\0",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const STATUSES: &[&[u8]] = &[
    b"2OO", b"20", b"2000", b"099", b"000", b"600", b"999", b"+20", b"-20", b"2 0", b"20\0",
    b"0200", b"1", b"", b"1e2", b"0xc8", b"200,200", b"\xb200", b"200 404", b"404", b"500",
    b"299", b"100", b"102", b"199", b"204", b"304", b"205",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const REASONS: &[&[u8]] = &[
    b"", b" ", b"O\0K", b"O\x01K", b"O\tK", b"OK\r", b"O\rK", b"O\nK", b"OK\x0b", b"\xc3\x96K",
    b"\xff", b"O\x7fK", b"OK\r\n X: y", b"OK\rContent-Length: 0", b"OK\nContent-Length: 0",
    b"Content-Length: 0", b"OK HTTP/1.1 404 No",
];

/// 100 to 103, each as a whole head.
#[rustfmt::skip] // An item a line would be hard to see over.
const INTERIMS: &[&[u8]] = &[
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n",
    b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 100\r\n\r\n", b"HTTP/1.0 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n", b"HTTP/1.1 100 Continue\n\n",
    b"HTTP/1.1 103 Early Hints\r\nX\0: y\r\n\r\n", b"HTTP/1.1 199 x\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
];

fn status_line(draft: &mut Draft, rng: &mut Rng) {
    draft.first = [rng.pick(LINES).to_vec(), Vec::new(), Vec::new()];
    draft.between[..2].fill(Vec::new());
}

fn version(draft: &mut Draft, rng: &mut Rng) {
    draft.first[0] = rng.pick(VERSIONS).to_vec();
    if rng.percent(30) {
        draft.field("Connection").value = b"keep-alive".to_vec();
    }
}

fn status(draft: &mut Draft, rng: &mut Rng) {
    draft.first[1] = rng.pick(STATUSES).to_vec();
}

fn reason(draft: &mut Draft, rng: &mut Rng) {
    draft.first[2] = rng.pick(REASONS).to_vec();
}

fn interim(draft: &mut Draft, rng: &mut Rng) {
    let times = if rng.percent(10) { 20 } else { 1 + rng.below(2) };
    draft.before = rng.pick(INTERIMS).repeat(times);
    if rng.percent(15) {
        // And then nothing.
        let nothing = Draft { before: draft.before.clone(), ..Draft::new([""; 3], Vec::new()) };
        *draft = Draft { between: Default::default(), head_end: Vec::new(), ..nothing };
    }
}

fn bodiless(draft: &mut Draft, rng: &mut Rng) {
    draft.first[1] = rng.pick(&[&b"204"[..], b"304", b"205", b"204"]).to_vec();
    framing::framed_anyhow(draft, rng);
}

fn surplus(draft: &mut Draft, rng: &mut Rng) {
    let second = draft.second.clone();
    draft.tail = match rng.below(5) {
        0 => b"x".to_vec(),
        1 => b"\r\n".to_vec(),
        2 => [b"\r\n", &second[..]].concat(),
        3 => second.repeat(3),
        _ => second,
    };
}

fn truncated(draft: &mut Draft, rng: &mut Rng) {
    draft.tail.clear();
    let second = draft.second.clone();
    match rng.below(4) {
        0 => {
            draft.plain(&second);
            draft.field("Content-Length").value = b"500".to_vec();
        }
        1 => {
            draft.plain(&second);
            draft.field("Content-Length").value = b"500000".to_vec();
        }
        2 => draft.chunks().1.clear(),
        _ => {
            draft.chunked(&[&second]);
            let (chunks, last) = draft.chunks();
            chunks[0].size = b"fff".to_vec();
            chunks[0].data_end.clear();
            last.clear();
        }
    }
}

fn before(draft: &mut Draft, rng: &mut Rng) {
    let bytes =
        [&b"\r\n"[..], b"\n", b"\r", b" ", b"\0", b"\xef\xbb\xbf", b"0\r\n\r\n", b"x", b"X: y\r\n"];
    draft.before = rng.pick(&bytes).to_vec();
}

/// To something that nobody asked for.
fn switch(draft: &mut Draft, rng: &mut Rng) {
    draft.first[1] = b"101".to_vec();
    let upgrade = rng.pick(&["websocket", "h2c", "", "TLS/1.0"]);
    draft.field("Upgrade").value = upgrade.as_bytes().to_vec();
    if rng.percent(70) {
        draft.field("Connection").value = b"Upgrade".to_vec();
    }
    if rng.percent(50) {
        draft.unframed(b"");
        draft.tail = draft.second.clone();
    }
}

fn until_close(draft: &mut Draft, rng: &mut Rng) {
    let second = draft.second.clone();
    draft.unframed(&second);
    if rng.percent(30) {
        draft.first[0] = b"HTTP/1.0".to_vec();
    }
    if rng.percent(30) {
        draft.field("Connection").value = b"keep-alive".to_vec();
    }
}
