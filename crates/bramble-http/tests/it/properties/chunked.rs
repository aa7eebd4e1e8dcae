//! Bodies: decoded alike in parts and whole, by us and by others; what is decoded and coded
//! again stays the same.

use bramble_http::{Body, BodyReader, CHUNK_END, LAST_CHUNK, Limits, Reject, chunk_head};

/// The data of a body, the bytes that it took, and whether it ended or why it was refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What was passed on before the end, or before the refusal.
    pub data: Vec<u8>,
    /// Bytes of the input that belong to the body.
    pub used: usize,
    /// Whether it has ended.
    pub end: Result<bool, Reject>,
}

/// Checks what holds for any bytes that come as a body, however it ends.
pub fn check(input: &[u8]) {
    let small = Limits {
        body_bytes: 300,
        head_bytes: 64,
        fields: 4,
        chunk_extension_line_bytes: 8,
        chunk_extension_body_bytes: 16,
        ..Limits::default()
    };
    for limits in [Limits::default(), small] {
        for body in [Body::Chunked, Body::Length(50), Body::UntilClose, Body::None] {
            check_parts(body, input, &limits);
        }
    }
    let whole = decode(Body::Chunked, input, &Limits::default(), &[input.len()]);
    if whole.end == Ok(true) {
        check_other_reader(input, &whole);
        check_coded_again(&whole.data);
    }
}

/// Every cut of the input in two, and byte by byte.
fn check_parts(body: Body, input: &[u8], limits: &Limits) {
    let whole = decode(body, input, limits, &[input.len()]);
    let cuts = (1..input.len()).map(|first| [first, input.len() - first]);
    for sizes in cuts.chain([[1, 1]]) {
        let parts = decode(body, input, limits, &sizes);
        assert_eq!(parts.end, whole.end, "cut at {sizes:?}");
        match whole.end {
            Ok(_) => assert_eq!(parts, whole, "cut at {sizes:?}"),
            Err(_) => assert!(
                parts.data.starts_with(&whole.data),
                "refused after other data, cut at {sizes:?}"
            ),
        }
    }
}

/// Feeds `input` to a reader in pieces of `sizes`, over and over.
pub fn decode(body: Body, input: &[u8], limits: &Limits, sizes: &[usize]) -> Decoded {
    let mut reader = BodyReader::new(body, limits);
    let mut decoded = Decoded { data: Vec::new(), used: 0, end: Ok(false) };
    let (mut sizes, mut arrived) = (sizes.iter().copied().cycle(), 0);
    loop {
        let given = &input[decoded.used..arrived];
        let step = match reader.next(given) {
            Err(reject) => return Decoded { end: Err(reject), ..decoded },
            Ok(step) => step,
        };
        assert!(step.data.end <= step.consumed && step.consumed <= given.len(), "{step:?}");
        assert_eq!(step.done, reader.is_done());
        decoded.data.extend_from_slice(&given[step.data.clone()]);
        decoded.used += step.consumed;
        if step.done || decoded.used == input.len() || step.consumed == 0 && arrived == input.len()
        {
            let is_whole = step.done || body == Body::UntilClose;
            assert_eq!(reader.finish_on_close().is_ok(), is_whole);
            return Decoded { end: Ok(step.done), ..decoded };
        }
        if decoded.used == arrived || step.consumed == 0 {
            arrived = (arrived + sizes.next().unwrap_or(input.len())).min(input.len());
        }
    }
}

/// httparse finds the same chunks and the same end.
fn check_other_reader(input: &[u8], whole: &Decoded) {
    let (mut at, mut data) = (0, Vec::new());
    loop {
        let Ok(httparse::Status::Complete((line, size))) = httparse::parse_chunk_size(&input[at..])
        else {
            panic!("no chunk size at {at}");
        };
        at += line;
        if size == 0 {
            break;
        }
        let size = usize::try_from(size).unwrap();
        data.extend_from_slice(&input[at..at + size]);
        at += size + CHUNK_END.len();
    }
    let mut trailers = [httparse::EMPTY_HEADER; 120];
    let parsed = httparse::parse_headers(&input[at..], &mut trailers);
    assert!(matches!(parsed, Ok(httparse::Status::Complete((len, _))) if at + len == whole.used));
    assert_eq!(data, whole.data);
}

fn check_coded_again(data: &[u8]) {
    for size in [1, 7, data.len().max(1)] {
        let coded = code(data.chunks(size));
        let again = decode(Body::Chunked, &coded, &Limits::default(), &[coded.len()]);
        let expected = Decoded { data: data.to_vec(), used: coded.len(), end: Ok(true) };
        assert_eq!(again, expected);
    }
}

/// A chunked body with these chunks.
pub fn code<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut coded = Vec::new();
    for chunk in chunks {
        chunk_head(chunk.len(), &mut coded);
        coded.extend_from_slice(chunk);
        coded.extend_from_slice(CHUNK_END);
    }
    coded.extend_from_slice(LAST_CHUNK);
    coded
}
