//! Handing the data plane over to another process of the same configuration, mostly a newer
//! binary, without closing anything that a client could notice.
//!
//! ```text
//!   old ── listening sockets ─────────────> new   takes its plan, accepts
//!       <──────────────────────── ready ──        from here on the old one accepts nothing
//!       ── clients between two requests ──>       parks them, answers what they ask next
//!       ── end: none is left ─────────────>
//! ```
//! A request that the old process has begun is answered by it. Sockets are passed, not made
//! again, so whatever waits in them goes along. A connection under TLS can't be passed, since its
//! keys are in the old process: it is ended there, with an answer that says so.

mod giving;
mod heir;
mod inheritance;

use std::io;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

pub(crate) use giving::{Given, Giving};
pub use heir::Heir;
pub use inheritance::Inheritance;

/// Says to a process that it is an heir, and where its end of the passage is.
const VARIABLE: &str = "BRAMBLE_HANDOVER";
/// The one place: it needs no number.
const STANDARD_INPUT: &str = "stdin";

/// Why nothing was handed over; the old process goes on.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// The new process could not be started.
    #[error("can't start the new process: {0}")]
    Start(io::Error),
    /// It ended before it was ready.
    #[error("the new process ended before it was ready ({0}); what it said is above")]
    Ended(String),
    /// It is there, but nothing comes.
    #[error("the new process was not ready within {0} s")]
    Late(u64),
    /// The passage between the two is broken.
    #[error("the other process can't be reached: {0}")]
    Passage(#[from] io::Error),
    /// The other process speaks otherwise.
    #[error("the other process said what this one does not understand: {0}")]
    Words(#[from] serde_json::Error),
}

/// What one process says to the other. Sockets of a message stand in the order of its words.
#[derive(Debug, Serialize, Deserialize)]
enum Message {
    /// Listening sockets, an address as often as it has sockets.
    Listening(Vec<SocketAddr>),
    /// All of them are there.
    Whole,
    /// The new process listens at these addresses and accepts.
    Ready(Vec<SocketAddr>),
    Clients(Vec<Words>),
    /// The new process ends in order: the old one is not to accept again.
    Over,
}

/// A client between two requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Words {
    pub(crate) peer: SocketAddr,
    /// Name of the listener that it came by.
    pub(crate) listener: String,
    /// Requests so far.
    pub(crate) requests: u32,
    /// How long the next may still be waited for.
    pub(crate) idle_ms: u64,
}
