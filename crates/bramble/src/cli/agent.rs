//! A node's agent in the foreground, as `up` and `join` run it.

use std::future::Future;
use std::path::Path;
use std::pin::pin;

use bramble_agent::{Options, Start};

use crate::exit::{Doing, Failure};
use crate::process::{self, Program};
use crate::upgrade;

/// What the log shows: what becomes of the node and its roles.
pub const LOG: &str = "warn,bramble_agent=info";

/// How long a role may take to answer what is in flight.
const STOP_MS: u64 = 10_000;

/// Longest name that a manager gives.
const NAME_CHARACTERS: usize = 40;

/// Whether this process ends with the one that started it, however that ends: the demo leaves
/// nothing behind.
#[derive(Debug, clap::Args)]
pub struct Parent {
    #[arg(long, hide = true, value_name = "PID")]
    end_with_parent: Option<u32>,
}

impl Parent {
    /// Takes the option into effect.
    ///
    /// # Errors
    /// The kernel refused, or the parent has ended already.
    pub fn follow(&self) -> Result<(), Failure> {
        self.end_with_parent.map_or(Ok(()), process::end_with_parent)
    }
}

/// How this program begins; a rehearsal is played to its end here, and answered with none.
///
/// # Errors
/// It would not go on.
pub fn start(data: &Path) -> Result<Option<Start>, Failure> {
    let start = Start::of_this_process().doing("can't go on as the agent")?;
    match start {
        Start::Rehearsal => bramble_agent::rehearse(data).map(|()| None).map_err(Failure::failed),
        start => Ok(Some(start)),
    }
}

/// Runs the node until `stop`, and `beside` next to it, unless the node was there before.
///
/// # Errors
/// The node can't start.
pub async fn run(
    data: &Path,
    start: Start,
    stop: impl Future<Output = ()>,
    beside: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let program = Program::current()?;
    let upgrades = upgrade::requests(&program)?;
    let kept = match start {
        Start::GoesOn(kept) => Some(kept),
        Start::Afresh | Start::Rehearsal => None,
    };
    let is_new = kept.is_none();
    let options = Options {
        data: data.to_owned(),
        program: bramble_agent::Program {
            executable: program.file().to_owned(),
            arguments: program.arguments().to_owned(),
        },
        stop_ms: STOP_MS,
        seed: u64::from(std::process::id()),
    };
    let mut agent = pin!(bramble_agent::run(options, kept, upgrades, stop));
    if is_new {
        tokio::select! {
            ended = &mut agent => return ended.map_err(Failure::failed),
            () = beside => {}
        }
    }
    agent.await.map_err(Failure::failed)
}

/// This machine's name, in the letters that a node's name may have.
pub fn host_name() -> String {
    let system = rustix::system::uname();
    node_name(&system.nodename().to_string_lossy()).unwrap_or_else(|_| "node".to_owned())
}

/// A node's name out of what somebody calls it: as a host's name, without its domain.
///
/// # Errors
/// What would be right.
pub fn node_name(text: &str) -> Result<String, String> {
    let host = text.split('.').next().unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if host.is_empty() || host.len() > NAME_CHARACTERS || !host.chars().all(fits) {
        return Err(format!("a name has 1 to {NAME_CHARACTERS} letters, digits and hyphens"));
    }
    Ok(host.to_ascii_lowercase())
}
