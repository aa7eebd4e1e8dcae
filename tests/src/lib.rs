//! What scenario tests are written with: the real binary, clients and backends on raw sockets.
//!
//! Both ends are ours and read strictly, so that nothing is forgiven on the way. A scenario
//! ends at its first surprise, with everything that the program has logged.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // A surprise ends a test.
#![allow(clippy::print_stderr)] // What the program said belongs to a failure.

mod address;
mod answer;
mod backend;
mod client;
mod cluster;
mod command;
mod config;
mod connection;
pub mod disk;
mod folder;
mod heirs;
mod installed;
mod load;
mod log;
pub mod processes;
mod program;
pub mod python;
mod wire;

pub use address::Address;
pub use answer::Answer;
pub use backend::{Backend, Caller, respond};
pub use client::{Client, VISITOR, get, head, post};
pub use cluster::{Cluster, Node};
pub use command::{Call, Outcome, bramble};
pub use config::{Config, TURNS, balancer, files};
pub use connection::connect_from;
pub use folder::Folder;
pub use heirs::Heirs;
pub use installed::{FileId, Installed};
pub use load::{End, under_load};
pub use log::Log;
pub use program::{Bramble, Program, bramble_binary};
pub use wire::{Broken, Head, Wire};

use std::time::{Duration, Instant};

/// How long a scenario waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until `holds`, or ends the scenario.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
