//! The properties, with what the fuzzers start from and what they once found.

use crate::properties::{chunked, range, request_head, response_head, uri};
use crate::replay::replay;

#[test]
fn request_heads() {
    replay("request_head", request_head::check);
}

#[test]
fn response_heads() {
    replay("response_head", response_head::check);
}

#[test]
fn chunked_bodies() {
    replay("chunked", chunked::check);
}

#[test]
fn uris() {
    replay("uri", uri::check);
}

#[test]
fn ranges() {
    replay("range", range::check);
}
