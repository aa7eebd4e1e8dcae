//! See docs/fuzzing.md.
#![no_main]

use bramble_fuzz::http::uri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| uri::check(input));
