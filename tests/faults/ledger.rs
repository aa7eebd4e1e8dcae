//! Where workers write down each POST that they act on, before they answer it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Adds an order. One write at the end of the file, which outlives whoever made it.
pub fn write_down(ledger: &Path, order: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(ledger).unwrap();
    file.write_all(format!("{order}\n").as_bytes()).unwrap();
}
