//! The properties, with what the fuzzers start from and what they once found.

use std::panic::catch_unwind;
use std::path::Path;

use crate::properties::{chunked, request_head, response_head, uri};

/// Calls `check` with each seed of the fuzz target.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut count = 0;
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let seed = std::fs::read(&path).unwrap();
        assert!(catch_unwind(|| check(&seed)).is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "no seed in {}", folder.display());
}

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
