//! Chunks: sizes, extensions, line ends, the last one and trailers ("funky chunks", 2025).

use super::Mutation;
use crate::draft::{Body, Chunk, Draft};
use crate::rng::Rng;

pub(super) const ALL: &[Mutation] = &[
    ("chunk size", size),
    ("chunk extension", extension),
    ("chunk size's line end", size_end),
    ("chunk's end", data_end),
    ("last chunk", last),
    ("trailers", trailer),
    ("spilled chunk", spill),
    ("chunks that nobody announced", unannounced),
];

/// `N` stands for the true size.
#[rustfmt::skip] // An item a line would be hard to see over.
const SIZES: &[&[u8]] = &[
    b"0xN", b"0XN", b"+N", b"-N", b"0N", b"000000000000000N", b"0000000000000000000000N", b" N",
    b"\tN", b"N ", b"N\t", b"N  ", b"N\0", b"\0N", b"N\x0b", b"N_", b"N,", b"N.", b"Nh", b"Ng",
    b"", b";", b"g", b"FFFFFFFFFFFFFFFF", b"FFFFFFFFFFFFFFF0", b"8000000000000000",
    b"7FFFFFFFFFFFFFFF", b"1000000000000000N", b"10000000N", b"-1", b"N\r", b"\r\nN", b"\nN",
    b"N N", b"\"N\"", b"1_N", b"\xef\xbc\x95", b"#N",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const EXTENSIONS: &[&[u8]] = &[
    b";", b";a", b";a=b", b";a=\"b\"", b";a=\"b;c\"", b"; a = b", b" ;a=b", b"\t;a",
    b";a=\"\r\nx\"", b";a=\"\n\"", b";a=\"\r\"", b";a=\"\\\"\"", b";\0", b";a=\0", b";\x0b",
    b";a\x7f", b";\xff", b";\n", b";a\n", b";\r", b";a\r", b";\ra", b";\na", b";\r\r", b"\n;a",
    b"\r;a", b";a;b;c", b";=", b";;", b";a=", b";\n\n", b";\n\r", b";a\r\n;b", b" a", b",a",
    b"=a", b"\\;a", b";GET / HTTP/1.1",
];

const LINE_ENDS: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\r\n",
    b"\n\r",
    b"\n\n",
    b"\r\n\n",
    b"\r\n\r\n",
    b" \r\n",
    b"\t\r\n",
    b"\x0b\r\n",
    b"\0\r\n",
    b"\r \n",
    b"\x85\r\n",
    b"",
    b"X\r\n",
    b"XX",
    b"X",
    b"\r\0\n",
    b"\r\nX",
    b"\rX",
    b"\nX",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const LASTS: &[&[u8]] = &[
    b"00\r\n\r\n", b"000000000000000000000\r\n\r\n", b"0\n\n", b"0\r\n\n", b"0\n\r\n", b"0\r\r",
    b"0\r\n\r", b"0\r\n", b"0", b"", b"0;x\r\n\r\n", b"0;x=\"y\"\r\n\r\n", b"0 \r\n\r\n",
    b"0\t\r\n\r\n", b"0;\n\r\n\r\n", b"0\r\r\n\r\n", b"-0\r\n\r\n", b"+0\r\n\r\n",
    b"0x0\r\n\r\n", b"\r\n\r\n", b"0\r\n\rX", b"0\r\nX\r\n\r\n", b"0\0\r\n\r\n", b"0\r\n \r\n",
    b"0\r\n\r\n\r\n", b"0\r\n0\r\n\r\n", b"0_\r\n\r\n",
];

#[rustfmt::skip] // An item a line would be hard to see over.
const TRAILERS: &[&[u8]] = &[
    b"X: y\r\n", b"X: y\r\nZ: w\r\n", b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Host: evil.test\r\n", b"X : y\r\n", b" X: y\r\n",
    b"\tX: y\r\n", b"X: y\n", b"X: y\r", b"X\r\n", b": y\r\n", b"X: y\0\r\n", b"X: y\r\n z\r\n",
    b"X:\r\n", b"X_Y: z\r\n", b"Connection: close\r\n", b"X: \xff\r\n", b"GET / HTTP/1.1\r\n",
    b"X: y\nGET /t HTTP/1.1\r\n", b"X: y\r\r\n", b"\x0bX: y\r\n", b"X: y\x0b\r\n",
    b"\"X\": y\r\n", b"X\0: y\r\n", b"Upgrade: websocket\r\n",
];

fn size(draft: &mut Draft, rng: &mut Rng) {
    let pattern = rng.pick(SIZES);
    let chunk = any_chunk(draft, rng);
    let truth = chunk.size.clone();
    let part = |byte: &u8| if *byte == b'N' { truth.clone() } else { vec![*byte] };
    chunk.size = pattern.iter().flat_map(part).collect();
}

fn extension(draft: &mut Draft, rng: &mut Rng) {
    let (extension, huge) = (rng.pick(EXTENSIONS), rng.percent(5));
    let chunk = any_chunk(draft, rng);
    chunk.size.extend_from_slice(extension);
    if huge {
        chunk.size.extend(vec![b'x'; 300]);
    }
}

fn size_end(draft: &mut Draft, rng: &mut Rng) {
    let end = rng.pick(LINE_ENDS);
    any_chunk(draft, rng).size_end = end.to_vec();
}

fn data_end(draft: &mut Draft, rng: &mut Rng) {
    let end = rng.pick(LINE_ENDS);
    any_chunk(draft, rng).data_end = end.to_vec();
}

fn last(draft: &mut Draft, rng: &mut Rng) {
    *draft.chunks().1 = rng.pick(LASTS).to_vec();
}

fn trailer(draft: &mut Draft, rng: &mut Rng) {
    let fields = rng.pick(TRAILERS).repeat(if rng.percent(3) { 200 } else { 1 });
    *draft.chunks().1 = [b"0\r\n", &fields[..], b"\r\n"].concat();
    if rng.percent(30) {
        draft.field("Trailer").value = b"X".to_vec();
    }
}

/// The size says one thing and the data another: some readers skip two bytes, whatever they are.
fn spill(draft: &mut Draft, rng: &mut Rng) {
    let data = [b"abcde".to_vec(), draft.second.clone()].concat();
    let less = 1 + rng.below(4);
    draft.chunked(&[&data]);
    let chunk = any_chunk(draft, rng);
    let said = if rng.percent(50) { data.len() - less } else { data.len() + less };
    chunk.size = format!("{said:x}").into_bytes();
}

/// Chunks under a length, or under nothing.
fn unannounced(draft: &mut Draft, rng: &mut Rng) {
    let _ = draft.chunks();
    let body = draft.body_bytes();
    if rng.percent(50) {
        draft.plain(&body);
    } else {
        draft.unframed(&body);
    }
    draft.body = Body::Plain(body);
}

fn any_chunk<'a>(draft: &'a mut Draft, rng: &mut Rng) -> &'a mut Chunk {
    let (chunks, _) = draft.chunks();
    if chunks.is_empty() || rng.percent(20) {
        chunks.push(Chunk::new(b"x"));
    }
    let at = rng.below(chunks.len());
    &mut chunks[at]
}
