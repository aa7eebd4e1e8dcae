//! The properties that the targets check are those of the crates' own tests: one source.

#[path = "../../crates/bramble-config/tests/it/apache.rs"]
pub mod apache;
#[path = "../../crates/bramble-config/tests/it/properties.rs"]
pub mod config;
#[path = "../../crates/bramble-http/tests/it/properties/mod.rs"]
pub mod http;
#[path = "../../crates/bramble-content/tests/it/properties.rs"]
pub mod manifest;
#[path = "../../crates/bramble-cluster/tests/it/properties.rs"]
pub mod ticket;
