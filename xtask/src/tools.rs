//! Programs of others from crates.io, built once into the target folder.

use std::process::Command;

use anyhow::Result;

use crate::step::{self, cargo};

/// A subcommand of cargo, in the version that is known to work here.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

impl Tool {
    /// Builds it if it is not there yet.
    pub(crate) fn install(&self) -> Result<()> {
        if self.path().exists() {
            return Ok(());
        }
        let mut command = cargo("install --locked --root");
        step::run(command.arg(step::target().join("tools")).args([
            "--version",
            self.version,
            self.name,
        ]))
    }

    /// It with these words, in the repository's root.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(self.path());
        // A subcommand is told its own name first.
        command.args(self.name.strip_prefix("cargo-"));
        command.args(words.split_whitespace()).current_dir(step::root());
        command
    }

    fn path(&self) -> std::path::PathBuf {
        step::target().join("tools/bin").join(self.name)
    }
}
