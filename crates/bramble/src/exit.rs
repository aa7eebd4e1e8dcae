//! How a verb ends when it fails: an exit code, what failed, why, and the next step.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use bramble_cluster::link::LinkError;

/// The documented exit codes; 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// A port is taken, a disk is full, a folder vanished, no worker is ready.
    Failed = 1,
    /// Wrong usage, or a file that is not what it should be; nothing was tried.
    BadInput = 2,
    /// The manager would not.
    Refused = 3,
    /// No manager answers.
    Unreachable = 4,
    /// What was asked for is there, but not all of it.
    Incomplete = 5,
}

/// A verb's failure, as its user sees it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// With the sentence that says what failed and why.
    pub fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: message.to_string(), hint: None }
    }

    /// `Exit::Failed` with a sentence.
    pub fn failed(message: impl Display) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// `Exit::BadInput` with a sentence.
    pub fn bad_input(message: impl Display) -> Self {
        Self::new(Exit::BadInput, message)
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Prints it to standard error.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        self.print("error");
        ExitCode::from(self.exit as u8)
    }

    /// Prints it to standard error as something that does not stop what was asked for.
    pub fn warn(&self) {
        self.print("warning");
    }

    /// If that can't be written, the exit code has to do.
    fn print(&self, kind: &str) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{kind}: {}", self.message.trim_end());
        if let Some(hint) = &self.hint {
            let _ = writeln!(err, "next step: {hint}");
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match &error {
            LinkError::Refused { status, problem } => Self {
                // From 500 on the manager could not, as with a full disk; below it would not.
                exit: if *status < 500 { Exit::Refused } else { Exit::Failed },
                message: problem.error.clone(),
                hint: problem.hint.clone(),
            },
            LinkError::Unreachable { .. } => Self::new(Exit::Unreachable, &error).hint(
                "start the cluster with `bramble up`, or name its data folder with --data DIR",
            ),
            _ => Self::failed(&error),
        }
    }
}

/// Failures of the operating system, said with what was being done.
pub trait Doing<T> {
    /// `while` is what was tried, as "can't read site.toml".
    ///
    /// # Errors
    /// The failure, as [`Exit::Failed`].
    fn doing(self, what: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::failed(format!("{what}: {error}")))
    }
}
