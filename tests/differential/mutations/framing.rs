//! Where the body ends: `Content-Length` and `Transfer-Encoding` in all their disguises.

use super::Mutation;
use crate::draft::{Draft, Field};
use crate::rng::Rng;

pub(super) const ALL: &[Mutation] = &[
    ("Content-Length's value", length_value),
    ("Content-Length twice", length_twice),
    ("Content-Length that is wrong", wrong_length),
    ("Content-Length with chunks", length_with_chunks),
    ("framing field's name", name),
    ("Transfer-Encoding's value", coding_value),
    ("Transfer-Encoding twice", coding_twice),
    ("Transfer-Encoding in HTTP/1.0", coding_in_http10),
];

/// `N` stands for the true length.
#[rustfmt::skip] // An item a line would be hard to see over.
const LENGTHS: &[&[u8]] = &[
    b"+N", b"-N", b"0N", b"00000000N", b"N,N", b"N, N", b"N, 0", b"0, N", b"N,", b",N", b"0xN",
    b"N ", b" N", b"N\t", b"\tN", b"N\x0b", b"\x0cN", b"N\0", b"\0N", b"N;a", b"N.0", b"Ne0",
    b"N_", b"N N", b"\"N\"", b"", b" ", b"a", b"-0", b"\xc2\xa0N", b"N\x85", b"\xef\xbc\x91",
    b"\r\n N", b"N\r\n ", b"N\r0", b"N\n0", b"18446744073709551616", b"18446744073709551615",
    b"9223372036854775808", b"1844674407370955161N", b"4294967296", b"999999999999999999999N",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const CODINGS: &[&[u8]] = &[
    b"Chunked", b"CHUNKED", b"cHuNkEd", b" chunked", b"\tchunked", b"chunked ", b"chunked\t",
    b"chunked,", b",chunked", b", chunked", b"\x0bchunked", b"\x0cchunked", b"chunked\x0b",
    b"chunked\0", b"\0chunked", b"identity", b"chunked, identity", b"identity, chunked",
    b"identity,chunked", b"gzip, chunked", b"chunked, gzip", b"chunked, chunked",
    b"chunked;q=1", b"chunked; a=b", b"\"chunked\"", b"'chunked'", b"chunked;", b"x", b"", b" ",
    b"chunk", b"xchunked", b"x chunked", b"chunkedx", b"chunked x", b"chunked\x85",
    b"\xa0chunked", b"\r\n chunked", b"\r\n\tchunked", b"chunked\r\n ", b"\n chunked",
    b"\rchunked", b"chunked\r", b"x\r\n chunked", b"trailers, chunked",
    b"chunked\r\n , identity", b"chun\0ked", b"chun\rked", b"deflate", b"compress, gzip",
    b"c\xc5\xbfhunked", b"\xe2\x84\xaachunked",
];

/// `N` stands for the true name.
#[rustfmt::skip] // An item a line would be hard to see over.
const NAMES: &[&[u8]] = &[
    b"N ", b"N\t", b" N", b"\tN", b"N\0", b"\0N", b"N\x0b", b"N\r", b"N\n", b"N\r\n ", b"\x0cN",
    b"X: y\rN", b"X: y\nN", b"X: y\r\rN", b"X: y\0\nN", b":N", b"N:", b"\"N\"", b"N\xa0",
    b"X N", b"X:\nN", b"X\nN", b"X: y\r\n N",
];

/// The second message as a body, announced in either way or not at all; or an empty body.
pub(super) fn framed_anyhow(draft: &mut Draft, rng: &mut Rng) {
    let second = draft.second.clone();
    match rng.below(4) {
        0 => draft.plain(&second),
        1 => draft.chunked(&[&second]),
        2 => draft.unframed(&second),
        _ => draft.plain(b""),
    }
}

/// Values with the body left as it is announced truly, or only by this.
fn length_value(draft: &mut Draft, rng: &mut Rng) {
    let body = if rng.percent(50) { draft.second.clone() } else { b"hello".to_vec() };
    draft.plain(&body);
    let field = draft.field("Content-Length");
    field.value = insert(rng.pick(LENGTHS), &field.value.clone());
    if rng.percent(10) {
        field.colon = rng.pick(&[&b":"[..], b":  ", b":\t", b" :", b"\t: ", b"::", b" "]).to_vec();
    }
}

fn length_twice(draft: &mut Draft, rng: &mut Rng) {
    let body = draft.second.clone();
    draft.plain(&body);
    let length = draft.field("Content-Length").value.clone();
    let other = insert(rng.pick(&[&b"N"[..], b"0", b"1", b"0N", b"+N", b"N ", b"", b"5"]), &length);
    let name = rng.pick(&["Content-Length", "content-length", "CONTENT-LENGTH"]);
    let at = rng.below(draft.fields.len() + 1);
    draft.fields.insert(at, Field::new(name, other));
}

fn wrong_length(draft: &mut Draft, rng: &mut Rng) {
    let body = draft.second.clone();
    draft.plain(&body);
    let lengths = [0, 1, body.len() - 1, body.len() + 1, body.len() + 40, body.len() * 2, 70_000];
    draft.field("Content-Length").value = rng.pick(&lengths).to_string().into_bytes();
}

fn length_with_chunks(draft: &mut Draft, rng: &mut Rng) {
    let _ = draft.chunks();
    let total = draft.body_bytes().len();
    let length = rng.pick(&[0, 4, 5, 6, total, total + 10]);
    let at = rng.below(draft.fields.len() + 1);
    draft.fields.insert(at, Field::new("Content-Length", length.to_string()));
    if rng.percent(50) {
        draft.field("Transfer-Encoding").value = rng.pick(CODINGS).to_vec();
    }
}

fn name(draft: &mut Draft, rng: &mut Rng) {
    let which = rng.pick(&["Content-Length", "Transfer-Encoding"]);
    if which == "Transfer-Encoding" {
        let _ = draft.chunks();
    } else {
        let body = draft.second.clone();
        draft.plain(&body);
    }
    let written = match rng.below(3) {
        0 => which.to_owned(),
        1 => which.to_lowercase(),
        _ => which.replace('-', "_"),
    };
    let name = insert(rng.pick(NAMES), written.as_bytes());
    let real = rng.percent(30).then(|| draft.field(which).clone());
    draft.field(which).name = name;
    // Beside the real one it is only a field that somebody may misread.
    draft.fields.extend(real);
}

fn coding_value(draft: &mut Draft, rng: &mut Rng) {
    let _ = draft.chunks();
    draft.field("Transfer-Encoding").value = rng.pick(CODINGS).to_vec();
    if rng.percent(10) {
        draft.field("Transfer-Encoding").colon = rng.pick(&[&b":"[..], b":\t", b" :"]).to_vec();
    }
}

fn coding_twice(draft: &mut Draft, rng: &mut Rng) {
    let _ = draft.chunks();
    let name = rng.pick(&["Transfer-Encoding", "transfer-encoding", "TRANSFER-ENCODING"]);
    let value = if rng.percent(30) { b"chunked" } else { rng.pick(CODINGS) };
    let at = rng.below(draft.fields.len() + 1);
    draft.fields.insert(at, Field::new(name, value));
}

fn coding_in_http10(draft: &mut Draft, rng: &mut Rng) {
    let _ = draft.chunks();
    for part in &mut draft.first {
        if part.starts_with(b"HTTP/") {
            *part = b"HTTP/1.0".to_vec();
        }
    }
    if rng.percent(50) {
        draft.field("Connection").value = b"keep-alive".to_vec();
    }
}

fn insert(pattern: &[u8], truth: &[u8]) -> Vec<u8> {
    let part = |byte: &u8| if *byte == b'N' { truth.to_vec() } else { vec![*byte] };
    pattern.iter().flat_map(part).collect()
}
