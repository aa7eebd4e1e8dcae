//! What holds for any bytes: no panic, no difference between whole and in parts, and a built
//! head means what the parsed one meant.

use bramble_http::{
    Asked, Body, BodyReader, CHUNK_END, Forward, ForwardResponse, LAST_CHUNK, Limits, Parsed,
    Reject, RequestHead, ResponseHead, Version, chunk_head, forward_request, forward_response,
    parse_request, parse_response,
};
use proptest::prelude::*;

use crate::heads::{damaged, request, response};

fn limits() -> Limits {
    Limits { head_bytes: 256, fields: 6, target_bytes: 16, ..Limits::default() }
}

/// Checks that reading a prefix is never wrong about the whole.
fn check_prefixes<T: PartialEq + std::fmt::Debug>(
    input: &[u8],
    len_of: impl Fn(&T) -> usize,
    parse: impl Fn(&[u8]) -> Result<Option<T>, Reject>,
) -> Result<(), TestCaseError> {
    let whole = parse(input);
    for len in 0..input.len() {
        match (parse(&input[..len]), &whole) {
            (Ok(None), Ok(Some(head))) => prop_assert!(len < len_of(head)),
            (Ok(None), _) => {}
            (part, _) => prop_assert_eq!(&part, &whole, "at {}", len),
        }
    }
    Ok(())
}

fn read_request(input: &[u8], limits: &Limits) -> Result<Option<RequestHead>, Reject> {
    let mut head = RequestHead::default();
    let parsed = parse_request(input, limits, &mut head)?;
    Ok((parsed == Parsed::Complete).then_some(head))
}

fn read_response(input: &[u8], was_head: bool) -> Result<Option<ResponseHead>, Reject> {
    let mut head = ResponseHead::default();
    let parsed =
        parse_response(input, &limits(), Asked { head: was_head, upgrade: false }, &mut head)?;
    Ok((parsed == Parsed::Complete).then_some(head))
}

/// Feeds `input` to a reader in pieces of the given sizes; the data, the bytes used, and how
/// it ended.
fn decode(body: Body, input: &[u8], sizes: &[usize]) -> (Vec<u8>, usize, Result<bool, Reject>) {
    let limits = Limits { body_bytes: 300, head_bytes: 64, ..Limits::default() };
    let mut reader = BodyReader::new(body, &limits);
    let (mut data, mut used, mut end) = (Vec::new(), 0, 0);
    let mut sizes = sizes.iter().copied().cycle();
    loop {
        match reader.next(&input[used..end]) {
            Err(reject) => return (data, used, Err(reject)),
            Ok(step) => {
                data.extend_from_slice(&input[used..end][step.data]);
                used += step.consumed;
                if step.done || (step.consumed == 0 && end == input.len()) {
                    return (data, used, Ok(step.done));
                }
            }
        }
        if used == end {
            end = (end + sizes.next().unwrap_or(input.len())).min(input.len());
        }
    }
}

fn chunked(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        chunk_head(part.len(), &mut out);
        out.extend_from_slice(part);
        out.extend_from_slice(CHUNK_END);
    }
    out.extend_from_slice(LAST_CHUNK);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_are_read_without_a_panic(input: Vec<u8>) {
        let _ = read_request(&input, &limits());
        let _ = read_response(&input, false);
        let _ = decode(Body::Chunked, &input, &[3]);
    }

    #[test]
    fn a_part_of_a_request_is_never_wrong(input in damaged(request())) {
        check_prefixes(&input, |head: &RequestHead| head.len, |bytes| read_request(bytes, &limits()))?;
    }

    #[test]
    fn a_part_of_an_answer_is_never_wrong(input in damaged(response()), was_head: bool) {
        check_prefixes(&input, |head: &ResponseHead| head.len, |bytes| read_response(bytes, was_head))?;
    }

    #[test]
    fn a_built_request_means_what_was_parsed(input in request()) {
        let limits = Limits::default();
        let Ok(Some(head)) = read_request(input.as_bytes(), &limits) else { return Ok(()) };
        let build = |buf: &[u8], head: &RequestHead| {
            let client_ip = "2001:db8::7".parse().unwrap();
            let host = head.host.unwrap().of(buf);
            let how = Forward { client_ip, proto: "http", trusted: false, release: None, host };
            let mut out = Vec::new();
            forward_request(&mut out, buf, head, &how);
            out
        };
        let first = build(input.as_bytes(), &head);
        let again = read_request(&first, &limits).unwrap().unwrap();
        prop_assert_eq!(again.len, first.len());
        prop_assert_eq!(again.method.name(&first), head.method.name(input.as_bytes()));
        prop_assert_eq!(again.target.path.of(&first), head.target.path.of(input.as_bytes()));
        prop_assert_eq!(again.target.query.of(&first), head.target.query.of(input.as_bytes()));
        prop_assert_eq!(again.body, head.body);
        prop_assert!(again.keep_alive);

        // Building again adds one more Via and changes nothing else.
        let sorted = |bytes: &[u8], more: &str| {
            let mut lines: Vec<String> =
                String::from_utf8_lossy(bytes).split("\r\n").map(str::to_owned).collect();
            lines.extend((!more.is_empty()).then(|| more.to_owned()));
            lines.sort();
            lines
        };
        let second = build(&first, &again);
        prop_assert_eq!(sorted(&second, ""), sorted(&first, "Via: 1.1 bramble"));
    }

    #[test]
    fn a_built_answer_means_what_was_parsed(input in response(), was_head: bool, old: bool) {
        let Ok(Some(head)) = read_response(input.as_bytes(), was_head) else { return Ok(()) };
        let client_version = if old { Version::Http10 } else { Version::Http11 };
        let how = ForwardResponse { keep_alive: true, client_version, request_was_head: was_head };
        let mut out = Vec::new();
        let body = forward_response(&mut out, input.as_bytes(), &head, &how);
        let mut again = ResponseHead::default();
        let parsed = parse_response(&out, &Limits::default(), Asked { head: was_head, upgrade: false }, &mut again);
        prop_assert_eq!(parsed, Ok(Parsed::Complete));
        prop_assert_eq!((again.len, again.status, again.body), (out.len(), head.status, body));
        prop_assert_eq!(again.keep_alive, body != Body::UntilClose);
    }

    #[test]
    fn chunks_are_decoded_to_what_was_written(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
        sizes in prop::collection::vec(1_usize..20, 1..6),
    ) {
        let body = chunked(&parts);
        let input = [&body[..], b"GET /"].concat();
        prop_assert_eq!(decode(Body::Chunked, &input, &sizes), (parts.concat(), body.len(), Ok(true)));
    }

    #[test]
    fn a_body_in_parts_is_the_body_as_a_whole(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
        tail in "(\r\n|A: b\r\n\r\n|;a=b\r\n\r\n|\n)?",
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        sizes in prop::collection::vec(1_usize..20, 1..6),
        kind in prop::sample::select(vec![Body::Chunked, Body::Length(50), Body::UntilClose]),
    ) {
        let mut input = chunked(&parts);
        input.extend_from_slice(tail.as_bytes());
        for (at, byte) in damages {
            let at = at.index(input.len());
            input[at] = byte;
        }
        let whole = decode(kind, &input, &[input.len()]);
        let in_parts = decode(kind, &input, &sizes);
        prop_assert_eq!(&whole.2, &in_parts.2);
        if whole.2.is_ok() {
            prop_assert_eq!(whole, in_parts);
        }
    }
}
