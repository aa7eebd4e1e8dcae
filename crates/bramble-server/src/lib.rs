//! The data plane: accept → route → {proxy, files, redirect, respond}.
//!
//! A [`Server`] is one process's worth of it: cores that share nothing but counts, each with its own
//! listeners, connections to backends and counts, all running the same immutable plan. Knows
//! HTTP and configuration; must not know the cluster, the CMS, SQL or HTML beyond an error
//! page. See ARCHITECTURE.md for the rules that its hot path obeys.

mod accept;
mod access_log;
mod balance;
mod busy;
mod check;
mod clients;
mod connection;
mod contained;
pub mod control;
mod core;
mod counters;
mod files;
mod floor;
pub mod handover;
mod health;
mod housekeeping;
mod lanes;
mod ledger;
mod limit;
mod meters;
mod metrics;
mod pace;
mod place;
mod pool;
mod prepared;
mod proxy;
mod queue;
mod rate;
mod reason;
mod retry;
mod route;
mod scratch;
mod server;
#[cfg(test)]
mod sim;
mod sockets;
mod sticky;
mod table;
mod visitor;
mod wait;
mod work;

pub use prepared::PlanError;
pub use reason::reference as reasons;
pub use server::Server;
