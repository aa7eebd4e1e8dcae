//! Writing heads and chunk framing. A head is always built from checked parts, never copied
//! through: what the next hop reads is what was understood here.

mod address;
mod forwarded;
mod request;
mod response;

pub use address::ClientAddress;
pub use request::{Forward, forward_request};
pub use response::{
    ForwardResponse, begin_head, end_head, forward_response, response_head, simple_response,
};

use std::io::Write as _;

use crate::{Body, Field};

/// What we call ourselves in `Via`.
pub(crate) const PSEUDONYM: &[u8] = b"bramble";

/// What stands behind the data of a chunk.
pub const CHUNK_END: &[u8] = b"\r\n";

/// What ends a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Asks for the one switch of protocols that is passed on, agrees to it, or demands it.
const UPGRADE: &[u8] = b"Connection: upgrade\r\nUpgrade: websocket\r\n";

/// Appends what stands before the `len` bytes of a chunk. A chunk of no bytes would end the
/// body, so for 0 nothing is written; write no [`CHUNK_END`] then either.
pub fn chunk_head(len: usize, out: &mut Vec<u8>) {
    if len > 0 {
        put_formatted(out, format_args!("{len:x}\r\n"));
    }
}

/// Appends `parts` one behind the other.
#[inline]
fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Appends a field line. One that was sent in the usual layout is all checked parts from its
/// name to its CRLF, so that it goes in one copy; parts cost three times as much.
#[inline]
fn put_field(out: &mut Vec<u8>, buf: &[u8], field: &Field) {
    match field.line().of(buf) {
        line if field.is_plain(line) => out.extend_from_slice(line),
        _ => put(out, &[field.name.of(buf), b": ", field.value.of(buf), b"\r\n"]),
    }
}

/// Appends a number in decimal digits.
fn put_decimal(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    for (i, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (rest % 10) as u8;
        at = i;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

fn put_formatted(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // A Vec takes everything.
    let _ = out.write_fmt(text);
}

/// Appends the field that announces `body`.
fn put_framing(out: &mut Vec<u8>, body: Body) {
    match body {
        Body::None | Body::UntilClose => {}
        Body::Length(length) => {
            out.extend_from_slice(b"Content-Length: ");
            put_decimal(out, length);
            out.extend_from_slice(b"\r\n");
        }
        Body::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
    }
}

#[cfg(test)]
mod tests;
