//! See docs/fuzzing.md.
#![no_main]

use bramble_fuzz::http::response_head;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| response_head::check(input));
