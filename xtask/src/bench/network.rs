//! A network of the bench's own: loopback and nothing else, whose settings are nobody else's.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::step;

/// Of the network namespace that the reader is in.
const CONGESTION_CONTROL: &str = "/proc/sys/net/ipv4/tcp_congestion_control";

/// Those that a network may be set to; of the machine (tcp_set_default_congestion_control, Linux 4.15).
const ALLOWED: &str = "/proc/sys/net/ipv4/tcp_allowed_congestion_control";

/// Brings the loopback up in the new network before it starts the program.
const ENTER: &str = "ip link set lo up && exec \"$@\"";

/// Whether one can be made: by root alone, and not in every container.
pub(super) fn is_possible() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--net", "true"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs this program in a network of its own, with the words that it was given and one more, by
/// which it knows that it is there.
pub(super) fn run_within(word: &str) -> Result<()> {
    let mut command = Command::new("unshare");
    command.args(["--net", "--kill-child", "--fork", "sh", "-c", ENTER, "sh"]);
    command.arg(std::env::current_exe()?).args(std::env::args_os().skip(1)).arg(word);
    step::run(&mut command)
}

/// What new sockets get.
pub(super) fn congestion_control() -> String {
    let word = std::fs::read_to_string(CONGESTION_CONTROL).unwrap_or_default();
    word.trim().to_owned()
}

/// What the machine allows more than before, until this is dropped.
pub(super) struct Allowed {
    before: Option<String>,
}

impl Allowed {
    /// Lets networks be set to it; by root, in the machine's own network.
    pub fn congestion_control(word: &str) -> Result<Self> {
        let before = std::fs::read_to_string(ALLOWED)?.trim().to_owned();
        if before.split_whitespace().any(|allowed| allowed == word) {
            return Ok(Self { before: None });
        }
        let more = format!("{before} {word}");
        std::fs::write(ALLOWED, more).with_context(|| format!("allowing {word}"))?;
        Ok(Self { before: Some(before) })
    }
}

impl Drop for Allowed {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = std::fs::write(ALLOWED, before);
        }
    }
}

/// The setting of one case, until it is dropped.
pub(super) struct Set {
    before: String,
}

impl Set {
    /// Sets it for sockets made from now on, in a network of our own alone.
    pub fn congestion_control(word: &str) -> Result<Self> {
        let before = congestion_control();
        let path = Path::new(CONGESTION_CONTROL);
        std::fs::write(path, word).with_context(|| format!("setting {word}"))?;
        Ok(Self { before })
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        // The network goes with this program anyway.
        let _ = std::fs::write(CONGESTION_CONTROL, &self.before);
    }
}
