//! See docs/fuzzing.md.
#![no_main]

use bramble_fuzz::apache::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| check(input));
