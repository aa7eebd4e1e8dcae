//! The properties that the targets check are those of the crates' own tests: one source.

#[path = "../../crates/bramble-http/tests/it/properties/mod.rs"]
pub mod http;
