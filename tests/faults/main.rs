//! What goes wrong in a cluster, and what is changed in it, done to the real balancer under load and
//! counted.
//!
//! Four workers stand behind `bramble run` with default settings. Each request has a time at
//! which it is due, and each answer is looked at byte by byte. Every count is printed beside its
//! goal, whether it is met or not. Counts must hold; times are for reading, since whatever else
//! runs on the machine is in them, and fail only where they are beyond what that can explain.
//!
//! A test binary of its own, whose tests run one after the other. With `FAULTS_PEERS=1` the same
//! is done to nginx and HAProxy, for comparison.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // A surprise ends a test.

mod accounted;
mod chance;
mod crowded;
mod descriptors;
mod down;
mod flapping;
mod front;
mod group;
mod hanging;
mod idle;
mod killed;
mod ledger;
mod load;
mod pages;
mod report;
mod sick;
mod slow;
mod starved;
mod storms;
mod visits;
mod worker;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use front::Who;
use report::Report;

/// Requests a second, as in all goals.
const PER_S: u32 = 120;

/// Held by the test that runs: what runs beside it would be measured too.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does the same to all who are asked for, with checks at `path` and without. What was missed
/// ends the test after the last, so that every figure is there.
fn with_and_without_checks(path: &str, scenario: impl Fn(Who, Option<&str>) -> Report) {
    let _alone = alone();
    let missed: Vec<String> = Who::all()
        .into_iter()
        .flat_map(|who| [None, Some(path)].map(|checks| scenario(who, checks).missed()))
        .flatten()
        .collect();
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Waits for a time that faults and requests are planned by.
fn sleep_until(due: Instant) {
    std::thread::sleep(due.saturating_duration_since(Instant::now()));
}
