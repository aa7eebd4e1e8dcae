//! What a request takes, counted instead of timed: user instructions by callgrind, system calls by
//! strace. The same whatever else the machine does, as far as the peer itself is.
//!
//! The peer runs twice below the counter, for N and for 2N requests of our own client; the
//! difference is without what starting and ending cost.

use std::path::Path;

use anyhow::{Context, Result};

use super::case::Case;
use super::client;
use super::measure::Measure;
use super::origin::{Origin, Place};
use super::peer::Peer;
use super::running::Running;

/// What counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    Callgrind,
    Strace,
}

impl Counter {
    pub fn measure(self) -> Measure {
        match self {
            Self::Callgrind => Measure::Instructions,
            Self::Strace => Measure::SystemCalls,
        }
    }

    /// Of one request of the case.
    pub fn per_request(
        self,
        case: Case,
        peer: Peer,
        place: &Place,
        origin: &Origin,
    ) -> Result<f64> {
        let requests = case.counted_requests();
        let total = |requests| self.total(case, peer, requests, place, origin);
        Ok((total(2 * requests)? - total(requests)?) / requests as f64)
    }

    /// From the start to the end.
    fn total(
        self,
        case: Case,
        peer: Peer,
        requests: usize,
        place: &Place,
        origin: &Origin,
    ) -> Result<f64> {
        let file = place.folder.join("count.out");
        let below = self.words(&file);
        let running = Running::start_below(&below, peer, case.setup(), place, origin.port)?;
        client::ask(running.address, case.shape(), requests)?;
        // It writes when it ends.
        drop(running);
        let text = std::fs::read_to_string(&file).context("the counter wrote nothing")?;
        std::fs::remove_file(&file)?;
        self.sum(&text).with_context(|| format!("{self:?} gave no total"))
    }

    fn words(self, file: &Path) -> Vec<String> {
        let file = file.display();
        match self {
            Self::Callgrind => {
                let out = format!("--callgrind-out-file={file}");
                ["valgrind", "--quiet", "--tool=callgrind", &out].map(str::to_owned).to_vec()
            }
            // -I2: it passes our SIGTERM on, which it would otherwise block.
            Self::Strace => {
                let out = file.to_string();
                ["strace", "-I2", "-f", "-c", "-o", &out].map(str::to_owned).to_vec()
            }
        }
    }

    /// Callgrind ends with `totals: COUNT`, strace with a line of the same columns as those above:
    /// share, seconds, microseconds a call, calls, sometimes errors, and the word `total`.
    fn sum(self, text: &str) -> Option<f64> {
        let mut lines = text.lines().rev();
        let count = match self {
            Self::Callgrind => lines.find_map(|line| line.strip_prefix("totals:"))?.trim(),
            Self::Strace => {
                lines.find(|line| line.ends_with(" total"))?.split_whitespace().nth(3)?
            }
        };
        count.parse().ok()
    }
}

#[cfg(test)]
mod tests;
