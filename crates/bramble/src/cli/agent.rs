//! A node's agent in the foreground, as `up` and `join` run it.

use std::future::Future;
use std::path::Path;
use std::pin::pin;

use bramble_agent::Options;

use crate::exit::Failure;
use crate::process::{self, Program};

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

/// Runs the node until `stop`, and `beside` next to it.
///
/// # Errors
/// The node can't start.
pub async fn run(
    data: &Path,
    stop: impl Future<Output = ()>,
    beside: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let options = Options {
        data: data.to_owned(),
        executable: Program::current()?.file().to_owned(),
        stop_ms: STOP_MS,
        seed: u64::from(std::process::id()),
    };
    let mut agent = pin!(bramble_agent::run(options, stop));
    tokio::select! {
        ended = &mut agent => return ended.map_err(Failure::failed),
        () = beside => {}
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
