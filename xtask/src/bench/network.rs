//! A network of the bench's own: loopback and nothing else, whose settings are nobody else's.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::step;

/// Of the network namespace that the reader is in.
const CONGESTION_CONTROL: &str = "/proc/sys/net/ipv4/tcp_congestion_control";

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
