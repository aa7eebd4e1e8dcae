//! Real clients: what curl, wget, Chromium and libraries of WebSocket see through bramble is
//! what they see without it.
//!
//! The backends are real programs too, since each case is run twice: straight to the backend,
//! and through a balancer before that same backend. A table of the cases is printed at the end.
//! All of it is installed by `cargo xtask test --all`, and ignored without.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // A surprise ends a test.

mod autobahn;
mod chromium;
mod curl;
mod peers;
mod seen;
mod table;
mod websockets;
mod wget;
