//! A text in, a configuration or the faults out.

mod backends;
mod failing;
mod faults;
mod redirects;
mod right;
mod sticky;

use crate::{Config, ConfigErrors, load};

/// A listener and a fixed answer, so that a scenario shows only what it is about.
const BASE: &str = "\
listener = [{ name = 'web', address = '127.0.0.1:8080' }]
";

fn right(text: &str) -> Config {
    load(&format!("{BASE}{text}"), "test.toml").unwrap_or_else(|errors| panic!("{errors}"))
}

fn wrong(text: &str) -> ConfigErrors {
    load(text, "test.toml").unwrap_err()
}
