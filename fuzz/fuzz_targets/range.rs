//! See docs/fuzzing.md.
#![no_main]

use bramble_fuzz::http::range;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| range::check(input));
