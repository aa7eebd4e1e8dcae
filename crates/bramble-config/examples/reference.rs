//! Prints the reference page: `cargo run --package bramble-config --example reference`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(bramble_config::reference().as_bytes())
}
