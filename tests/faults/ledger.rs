//! Where workers write down each POST that they act on, before they answer it.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Adds an order. One write at the end of the file, which outlives whoever made it.
pub fn write_down(ledger: &Path, order: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(ledger).unwrap();
    file.write_all(format!("{order}\n").as_bytes()).unwrap();
}

/// How often each order was acted on.
#[allow(dead_code)] // Workers only write.
pub fn read(ledger: &Path) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(ledger).unwrap_or_default();
    let mut times = BTreeMap::new();
    for order in text.lines() {
        *times.entry(order.to_owned()).or_default() += 1;
    }
    times
}
