//! User instructions of a request, counted by callgrind: the same whatever else the machine does.
//!
//! The peer runs twice, for N and for 2N requests of our own client; the difference is without
//! what starting and ending cost.

use std::path::Path;

use anyhow::{Context, Result};

use super::client;
use super::load::Shape;
use super::origin::{Origin, Place};
use super::peer::Peer;
use super::running::Running;
use super::setup::Setup;

/// Who is counted, and for what.
#[derive(Clone, Copy)]
pub(super) struct Subject {
    pub peer: Peer,
    pub setup: Setup,
    pub shape: Shape,
    pub requests: usize,
}

/// Instructions a request.
pub(super) fn per_request(subject: Subject, place: &Place, origin: &Origin) -> Result<f64> {
    let total = |requests| total(subject, requests, place, origin);
    let (once, twice) = (total(subject.requests)?, total(2 * subject.requests)?);
    Ok((twice - once) / subject.requests as f64)
}

/// From the start to the end.
fn total(subject: Subject, requests: usize, place: &Place, origin: &Origin) -> Result<f64> {
    let file = place.folder.join("callgrind.out");
    let running = start(subject, &file, place, origin)?;
    client::ask(running.address, subject.shape, requests)?;
    // It writes when it ends.
    drop(running);
    let text = std::fs::read_to_string(&file).context("callgrind wrote nothing")?;
    std::fs::remove_file(&file)?;
    sum(&text)
}

fn start(subject: Subject, file: &Path, place: &Place, origin: &Origin) -> Result<Running> {
    let out = format!("--callgrind-out-file={}", file.display());
    let valgrind = ["valgrind", "--quiet", "--tool=callgrind", &out].map(str::to_owned);
    let Subject { peer, setup, .. } = subject;
    Running::start_below(&valgrind, peer, setup, place, origin.port)
}

/// `totals: N` ends the file.
fn sum(text: &str) -> Result<f64> {
    let line = text.lines().rev().find_map(|line| line.strip_prefix("totals:"));
    line.and_then(|count| count.trim().parse().ok()).context("callgrind gave no total")
}
