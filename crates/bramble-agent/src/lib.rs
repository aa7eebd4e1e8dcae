//! The node: one agent process that supervises the node's role processes and keeps them on
//! the manager's plan.
//!
//! ```text
//! manager ──watch──> fetch releases ──> push plans ──control socket──> role processes
//!    └─<──────────── report, each second ───────────────────────────────────┘
//! ```
//!
//! Without a manager the roles run on from what lies on disk. The agent knows content, the
//! cluster's API and facts of processes. It must not know the insides of the data plane
//! (plans pass through as they are), HTML or SQL.

pub mod agent;
pub mod apply;
pub mod backoff;
pub mod control;
#[cfg(test)]
mod fake;
pub mod fetch;
pub mod join;
pub mod kept;
pub mod lock;
pub mod node;
pub mod push;
pub mod renew;
pub mod report;
pub mod supervise;
pub mod upgrade;
pub mod watch;

pub use agent::{AgentError, Options, rehearse, run};
pub use join::{JoinError, Wish, is_node, join, rejoin};
pub use kept::{Program, STOP_SIGNALS, Start};
pub use node::{NodeError, NodeFile};
pub use renew::is_member;
pub use upgrade::UpgradeRequest;
