//! Programs that come with Python's packages, as `cargo xtask test --all` installs them.

use std::path::PathBuf;

/// Python itself, with the packages.
pub fn interpreter() -> PathBuf {
    program("python")
}

/// A program of one of the packages: below cargo's target folder, in which the tests run.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(3).unwrap().join("python/bin").join(name);
    assert!(path.exists(), "no {}: cargo xtask test --all installs it", path.display());
    path
}
