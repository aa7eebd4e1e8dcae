//! One core's loop: listeners, streams, timers, TLS, file sending.
//!
//! Everything that makes a system call on the data path stands here; nothing here knows HTTP
//! or configuration. A core is one thread with a tokio `current_thread` runtime; none of the
//! types below are shared between cores.

mod buffer;
mod core;
mod defer;
mod descriptors;
mod ledger;
mod listener;
mod meminfo;
mod memory;
mod option;
mod parking;
mod passage;
mod port;
mod precise_sleep;
mod queues;
mod ranking;
mod signal;
mod stream;
mod timer;
pub mod tls;
mod watch;

pub use crate::buffer::{Buffer, Buffers};
pub use crate::core::{Core, spawn_core};
pub use crate::descriptors::raise_descriptor_limit;
pub use crate::ledger::{Budget, Grant, Ledger, Level, Use};
pub use crate::listener::{ListenSocket, Listener};
pub use crate::memory::give_memory_back;
pub use crate::parking::Parking;
pub use crate::passage::{Passage, SOCKETS_A_MESSAGE};
pub use crate::port::steady_port;
pub use crate::precise_sleep::PreciseSleep;
pub use crate::queues::Queues;
pub use crate::ranking::{Ranking, Whose};
pub use crate::signal::{Held, Ignored, let_come};
pub use crate::stream::{Passed, Stream};
pub use crate::timer::{Spare, SpareWait, Timer, Timers};
