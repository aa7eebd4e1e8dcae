//! See docs/fuzzing.md.
#![no_main]

use bramble_fuzz::http::request_head;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| request_head::check(input));
