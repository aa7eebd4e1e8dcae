//! The cluster as records: nodes, tickets, certificates and the state that holds them.
//!
//! Knows configuration, keys and revisions. Must not know data-plane threads, HTML or how
//! the manager's API is routed; it only holds the words of that API and a client for it.

pub mod api;
pub mod certificate;
pub mod link;
pub mod state;
pub mod store;
pub mod ticket;
