//! Calls a property with what its fuzz target starts from: part of the crates' everyday tests,
//! which take it from here by path.

use std::panic::catch_unwind;
use std::path::Path;

/// Calls `check` with each seed of the fuzz target.
pub fn replay(target: &str, check: fn(&[u8])) {
    // That of the crate whose tests these are.
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut count = 0;
    for entry in seeds.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let seed = std::fs::read(&path).unwrap();
        assert!(catch_unwind(|| check(&seed)).is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "no seed in {}", seeds.display());
}
