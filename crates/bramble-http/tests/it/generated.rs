//! The properties, with heads and bodies that are mostly sound: random bytes seldom get far.

use bramble_http::{Body, Limits};
use proptest::prelude::*;

use crate::heads::{damaged, request, response};
use crate::properties::chunked::{self, Decoded, code, decode};
use crate::properties::{range, request_head, response_head, uri};

fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6)
}

fn coded(parts: &[Vec<u8>]) -> Vec<u8> {
    code(parts.iter().map(Vec::as_slice))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes(input: Vec<u8>) {
        request_head::check(&input);
        response_head::check(&input);
        chunked::check(&input);
        uri::check(&input);
        range::check(&input);
    }

    #[test]
    fn requests(input in damaged(request())) {
        request_head::check(&input);
    }

    #[test]
    fn answers(input in damaged(response())) {
        response_head::check(&input);
    }

    #[test]
    fn targets(input in "(https?://)?[a-z0-9.:\\[\\]]{0,9}(/[a-z.%/]{0,9}){0,3}(\\?[a-z?/#]{0,3})?") {
        uri::check(input.as_bytes());
    }

    #[test]
    fn ranges(input in "bytes=([0-9]{0,5}-[0-9]{0,5}, ?){0,18}[0-9]{0,22}-[0-9]{0,22}") {
        range::check(input.as_bytes());
    }

    #[test]
    fn chunks_are_decoded_to_what_was_written(
        parts in parts(),
        sizes in prop::collection::vec(1_usize..20, 1..6),
    ) {
        let body = coded(&parts);
        let input = [&body[..], b"GET /"].concat();
        let decoded = decode(Body::Chunked, &input, &Limits::default(), &sizes);
        let expected = Decoded { data: parts.concat(), used: body.len(), end: Ok(true) };
        prop_assert_eq!(decoded, expected);
    }

    #[test]
    fn bodies(
        parts in parts(),
        tail in "(\r\n|A: b\r\n\r\n|;a=b\r\n\r\n|\n)?",
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut input = coded(&parts);
        input.extend_from_slice(tail.as_bytes());
        for (at, byte) in damages {
            let at = at.index(input.len());
            input[at] = byte;
        }
        chunked::check(&input);
    }
}
