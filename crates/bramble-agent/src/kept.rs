//! The agent in another binary: the same process, its children, and its hold on the data folder.
//!
//! execve(2) keeps the process id, which a service manager, a terminal and the roles know the agent
//! by, and the children. What the program that comes knows of them is in its environment; the
//! locked file is its standard input, so that nobody else can take the folder in between. Before
//! that it is rehearsed: started as a child, the program that is to come only looks whether it
//! would go on.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use bramble_cluster::api::Role;
use bramble_net::{Held, Ignored};
use rustix::process::{Pid, Signal, getppid};
use rustix::stdio::dup2_stdin;
use serde::{Deserialize, Serialize};

use crate::lock::Lock;
use crate::supervise::{KeptRole, Supervised};

/// What the program that comes is told.
const VARIABLE: &str = "BRAMBLE_AGENT";

/// To read its arguments and the node's file.
const REHEARSAL_LIMIT: Duration = Duration::from_secs(5);

/// How an agent's program begins.
#[derive(Debug)]
pub enum Start {
    /// As any other.
    Afresh,
    /// In the place of another one.
    GoesOn(Kept),
    /// Only to see whether it would go on.
    Rehearsal,
}

/// What the program before has left.
#[derive(Debug)]
pub struct Kept {
    pub(crate) lock: Lock,
    pub(crate) roles: BTreeMap<Role, KeptRole>,
}

/// A program with its arguments.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its file.
    pub executable: PathBuf,
    /// All but its name.
    pub arguments: Vec<OsString>,
}

/// What tells an agent to stop, its roles in order. A program that goes on has them wait until it lets
/// them come.
pub const STOP_SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

#[derive(Serialize, Deserialize)]
struct Words {
    /// The agent's process.
    agent: u32,
    roles: BTreeMap<Role, KeptRole>,
}

impl Start {
    /// How this process begins; to be asked once.
    ///
    /// # Errors
    /// It should go on, but with what can't be understood.
    pub fn of_this_process() -> io::Result<Self> {
        let Some(words) = std::env::var_os(VARIABLE) else { return Ok(Self::Afresh) };
        let words: Words = serde_json::from_str(&words.to_string_lossy())?;
        let is_parent = |pid: Pid| pid.as_raw_nonzero().get().unsigned_abs() == words.agent;
        if words.agent == std::process::id() {
            let lock = File::from(io::stdin().as_fd().try_clone_to_owned()?);
            dup2_stdin(File::open("/dev/null")?)?;
            Ok(Self::GoesOn(Kept { lock: Lock::kept(lock), roles: words.roles }))
        } else if getppid().is_some_and(is_parent) {
            Ok(Self::Rehearsal)
        } else {
            // Left over from an agent that has started us for something else.
            Ok(Self::Afresh)
        }
    }
}

impl Kept {
    /// Becomes the program. Comes back only if that fails.
    pub(crate) fn become_program(&self, program: &Program) -> io::Error {
        // A second request between here and the program's own handler would end the node.
        let _ignored = match Ignored::new(Signal::USR2) {
            Ok(ignored) => ignored,
            Err(error) => return error,
        };
        // Nor would a stop come to the roles: it waits until the program has a handler for it.
        let _held = match Held::new(&STOP_SIGNALS) {
            Ok(held) => held,
            Err(error) => return error,
        };
        let ready = dup2_stdin(self.lock.file()).map_err(io::Error::from);
        match ready.and_then(|()| command(program, &self.roles)) {
            Ok(mut command) => command.exec(),
            Err(error) => error,
        }
    }
}

/// Whether the program would go on, with all that it may be left.
///
/// # Errors
/// Why not.
pub(crate) async fn rehearse(
    program: &Program,
    roles: &BTreeMap<Role, Supervised>,
) -> Result<(), String> {
    let mut words = BTreeMap::new();
    for (role, supervised) in roles {
        words.insert(*role, supervised.kept().await.filled());
    }
    let rehearsed = async {
        let mut command = tokio::process::Command::from(command(program, &words)?);
        command.stdin(Stdio::null()).kill_on_drop(true).status().await
    };
    let limit = REHEARSAL_LIMIT.as_secs();
    match tokio::time::timeout(REHEARSAL_LIMIT, rehearsed).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the new agent would not go on ({status})")),
        Ok(Err(error)) => Err(format!("{} can't be run: {error}", program.executable.display())),
        Err(_) => Err(format!("the new agent did not say within {limit} s that it would go on")),
    }
}

fn command(program: &Program, roles: &BTreeMap<Role, KeptRole>) -> io::Result<Command> {
    let words = Words { agent: std::process::id(), roles: roles.clone() };
    let mut command = Command::new(&program.executable);
    command.args(&program.arguments).env(VARIABLE, serde_json::to_string(&words)?);
    Ok(command)
}

#[cfg(test)]
mod tests;
