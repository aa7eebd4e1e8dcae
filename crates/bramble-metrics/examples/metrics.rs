//! Prints the list of metrics: `cargo run --package bramble-metrics --example metrics`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(bramble_metrics::exposition::reference().as_bytes())
}
