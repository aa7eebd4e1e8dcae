//! Field lines: names, values, what parts them and what ends them.

use super::Mutation;
use crate::draft::{Draft, Field};
use crate::rng::Rng;

pub(super) const ALL: &[Mutation] = &[
    ("odd line", odd_line),
    ("odd byte in a name", byte_in_name),
    ("odd byte in a value", byte_in_value),
    ("colon", colon),
    ("line end", line_end),
    ("head's end", head_end),
    ("folded value", fold),
    ("Connection's value", connection),
    ("too much", too_much),
];

#[rustfmt::skip] // An item a line would be hard to see over.
const LINES: &[&[u8]] = &[
    b"X", b":", b": y", b" : y", b"=y", b"X=y", b"X y", b" ", b"\t", b"\0", b"\r", b"\x0b",
    b"X;: y", b"X(: y", b"\"X\": y", b"X[: y", b"X/Y: z", b"X\\Y: z", b"{X}: y", b"X@Y: z",
    b"@: y", b"X,Y: z", b"GET /o HTTP/1.1", b"HTTP/1.1 200 OK", b":method: GET", b":path: /o",
    b"X_Y: z", b"_: z", b"Content_Length: 5", b"Transfer_Encoding: chunked",
    b"X-Forwarded_For: 1", b"TE: chunked", b"TE: trailers", b"Keep-Alive: timeout=5",
    b"Proxy-Connection: keep-alive", b"Proxy: evil.test", b"Trailer: Content-Length",
    b"X-HTTP-Method-Override: POST", b"Max-Forwards: 0", b"X:", b"X: ", b"X:y", b"X:\ty",
    b"X: y ", b"X: y\t ", b"~!#$&'*+.^`|: y", b"x-EMPTY:\t", b"Bramble-Release: x",
    b"Content-Encoding: chunked", b"Content-Length : 5", b"X: y\r\n\r", b"\xef\xbb\xbfX: y",
];

const BYTES: &[u8] =
    b"\0\x01\x07\x08\t\n\x0b\x0c\r\x1b \"(),/:;<=>?@[\\]{}_\x7f\x80\x85\xa0\xad\xff";

#[rustfmt::skip] // An item a line would be hard to see over.
const COLONS: &[&[u8]] = &[
    b":", b" :", b" : ", b"\t:", b"\t: ", b":  ", b":\t", b": \t ", b"::", b": :", b"", b" ",
    b"=", b"\0:", b":\0", b":\r", b":\n", b":\r\n ", b":\r\n\t", b"\r\n: ", b"\x0b: ", b":\x0b",
    b"\xef\xbc\x9a", b";",
];

const LINE_ENDS: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\r\n",
    b"\n\r",
    b"\r\n\n",
    b"\n\n",
    b"\r\n\r",
    b" \r\n",
    b"\t\r\n",
    b"\r \n",
    b"\0\r\n",
    b"\r\0\n",
    b"\x0b",
    b"\x0c",
    b"\x0b\r\n",
    b"\x85",
    b"\xe2\x80\xa8",
    b"",
    b"\r\n ",
    b"\r\n\t",
    b"\n ",
    b"\r ",
    b"\n\t",
];

const HEAD_ENDS: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\n\n",
    b"\r\r\n",
    b"\n\r\n",
    b"\r\n\r\n",
    b" \r\n",
    b"\t\r\n\r\n",
    b" \r\n\r\n",
    b"",
    b"\r \n",
    b"\0\r\n",
    b"\r\n\n",
    b"\x0b\r\n",
    b"\r\nX: y\r\n\r\n",
    b":\r\n\r\n",
    b"\n\r",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const CONNECTIONS: &[&[u8]] = &[
    b"close", b"Close", b"keep-alive", b"close, keep-alive", b"keep-alive, close",
    b"Content-Length", b"Transfer-Encoding", b"close, Transfer-Encoding", b"Host", b"X-Test",
    b"close, X-Test", b"Via", b"X-Forwarded-For", b"Upgrade", b"upgrade, close", b"TE",
    b"TE, X-Test", b"Cookie", b"", b",", b" ,close", b"close,", b"\"close\"", b"close;",
    b"close x", b"clo\0se", b"x, y, z", b"Connection", b"close\tX", b"Content-Length, close",
    b"Expect, close", b"Date", b"Content-Type",
];

fn odd_line(draft: &mut Draft, rng: &mut Rng) {
    let at = rng.below(draft.fields.len() + 1);
    draft.fields.insert(at, Field::raw(rng.pick(LINES)));
}

fn byte_in_name(draft: &mut Draft, rng: &mut Rng) {
    let byte = rng.pick(BYTES);
    insert(&mut any_field(draft, rng).name, byte, rng);
}

fn byte_in_value(draft: &mut Draft, rng: &mut Rng) {
    let byte = rng.pick(BYTES);
    insert(&mut any_field(draft, rng).value, byte, rng);
}

fn colon(draft: &mut Draft, rng: &mut Rng) {
    let colon = rng.pick(COLONS);
    any_field(draft, rng).colon = colon.to_vec();
}

fn line_end(draft: &mut Draft, rng: &mut Rng) {
    let end = rng.pick(LINE_ENDS).to_vec();
    if rng.percent(25) {
        draft.between[2] = end;
    } else {
        any_field(draft, rng).end = end;
    }
}

fn head_end(draft: &mut Draft, rng: &mut Rng) {
    draft.head_end = rng.pick(HEAD_ENDS).to_vec();
}

/// The next line belongs to this field, or is one of its own: readers differ.
fn fold(draft: &mut Draft, rng: &mut Rng) {
    let fold =
        rng.pick(&[&b"\r\n "[..], b"\r\n\t", b"\r\n  ", b"\n ", b"\r ", b" \r\n ", b"\r\n \r\n "]);
    let rest = rng.pick(&[&b"x"[..], b"Content-Length: 0", b"chunked", b", close", b"", b": y"]);
    let field = any_field(draft, rng);
    field.value.extend([fold, rest].concat());
}

fn connection(draft: &mut Draft, rng: &mut Rng) {
    let value = rng.pick(CONNECTIONS);
    let at = rng.below(draft.fields.len() + 1);
    draft.fields.insert(at, Field::new("Connection", value));
    draft.fields.push(Field::new("X-Test", "named"));
}

fn too_much(draft: &mut Draft, rng: &mut Rng) {
    match rng.below(4) {
        0 => draft.fields.extend(vec![Field::new("X", "y"); 120]),
        1 => draft.fields.push(Field::new("X", "y".repeat(40_000))),
        2 => draft.fields.push(Field::new("X".repeat(9_000), "y")),
        _ => draft.fields.push(Field::new("X".repeat(70_000), "y")),
    }
}

fn any_field<'a>(draft: &'a mut Draft, rng: &mut Rng) -> &'a mut Field {
    if draft.fields.is_empty() || rng.percent(20) {
        draft.fields.push(Field::new("X-Test", "a value"));
    }
    let at = rng.below(draft.fields.len());
    &mut draft.fields[at]
}

fn insert(bytes: &mut Vec<u8>, byte: u8, rng: &mut Rng) {
    bytes.insert(rng.below(bytes.len() + 1), byte);
}
