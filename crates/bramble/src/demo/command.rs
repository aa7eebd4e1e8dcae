//! Running verbs of this same binary.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::exit::{Doing, Failure};

/// No verb that the demo waits for takes as long.
const VERB_LIMIT: Duration = Duration::from_secs(45);

/// This binary.
#[derive(Clone)]
pub(super) struct Binary(PathBuf);

impl Binary {
    pub(super) fn own() -> Result<Self, Failure> {
        Ok(Self(std::env::current_exe().doing("can't find the running binary")?))
    }

    /// A verb that is to be started.
    pub(super) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.0);
        // Ctrl-C is for the demo, which ends what it started in order.
        command.args(args).stdin(Stdio::null()).process_group(0);
        command
    }

    /// Runs a verb to its end and returns what it printed.
    pub(super) async fn run(&self, args: &[&str]) -> Result<String, Failure> {
        let mut command = self.command(args);
        let output = command.kill_on_drop(true).output();
        let verb = args.first().copied().unwrap_or_default();
        let output = tokio::time::timeout(VERB_LIMIT, output).await;
        let output = output.doing(format!("bramble {verb} does not end"))?;
        let output = output.doing(format!("can't run bramble {verb}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let why = String::from_utf8_lossy(&output.stderr);
        Err(Failure::failed(format!("bramble {verb} failed: {}", why.trim())))
    }
}

/// A path as an argument.
pub(super) fn text(path: &Path) -> String {
    path.display().to_string()
}
