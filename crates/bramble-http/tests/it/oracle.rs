//! Another reader must find in every head that we accept exactly what we found. The reverse is
//! not asked: it is more lenient.

use bramble_http::{
    Asked, Field, Limits, Parsed, RequestHead, ResponseHead, parse_request, parse_response,
};
use proptest::prelude::*;

use crate::heads::{damaged, request, response};

fn ours(fields: &[Field], buf: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    fields.iter().map(|field| (field.name.of(buf).to_vec(), field.value.of(buf).to_vec())).collect()
}

fn theirs(headers: &[httparse::Header<'_>]) -> Vec<(Vec<u8>, Vec<u8>)> {
    headers.iter().map(|header| (header.name.as_bytes().to_vec(), header.value.to_vec())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn requests(input in damaged(request())) {
        let mut head = RequestHead::default();
        if parse_request(&input, &Limits::default(), &mut head) != Ok(Parsed::Complete) {
            return Ok(());
        }
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut other = httparse::Request::new(&mut headers);
        prop_assert_eq!(other.parse(&input), Ok(httparse::Status::Complete(head.len)));
        prop_assert_eq!(other.method.map(str::as_bytes), Some(head.method.name(&input)));
        prop_assert_eq!(other.path.map(str::as_bytes), Some(head.target.raw.of(&input)));
        prop_assert_eq!(ours(&head.fields, &input), theirs(other.headers));
    }

    #[test]
    fn answers(input in damaged(response())) {
        let mut head = ResponseHead::default();
        if parse_response(&input, &Limits::default(), Asked::default(), &mut head) != Ok(Parsed::Complete) {
            return Ok(());
        }
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut other = httparse::Response::new(&mut headers);
        prop_assert_eq!(other.parse(&input), Ok(httparse::Status::Complete(head.len)));
        prop_assert_eq!(other.code, Some(head.status));
        prop_assert_eq!(ours(&head.fields, &input), theirs(other.headers));
    }
}
