//! Prints the list of reasons: `cargo run --package bramble-server --example reasons`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(bramble_server::reasons().as_bytes())
}
