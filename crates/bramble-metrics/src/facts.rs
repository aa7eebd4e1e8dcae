//! What a data-plane process says of itself: shapes, and how the cores' shares add up.
//!
//! They stand here because the data plane fills them and the control plane passes them on,
//! and neither may know the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a data-plane process says of itself; counters run from its start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerFacts {
    /// Revision of the plan in force.
    pub revision: u64,
    /// Threads of the data plane.
    pub threads: u16,
    /// Client connections that are open.
    pub connections: u64,
    /// Requests that were begun.
    pub requests: u64,
    /// Requests that are not answered in full yet.
    pub in_flight: u64,
    /// Bytes written to clients, heads included.
    pub bytes_out: u64,
    /// Faults of ours, each of which ended one connection's work.
    pub panics: u64,
    /// Answers by class: 1xx to 5xx.
    pub status: [u64; 5],
    /// Time in which the paced file server was occupied.
    pub busy_ms: u64,
    /// Requests that wait for their turn there.
    pub waiting: u64,
    /// Requests and connections that were refused or cut, by reason.
    pub refused: BTreeMap<String, u64>,
    /// What it holds in memory.
    pub memory: MemoryFacts,
    /// Every backend of every pool.
    pub backends: Vec<BackendFacts>,
}

/// What a process holds in memory and in the kernel, as its ledger has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemoryFacts {
    /// What it may hold.
    pub ceiling_bytes: u64,
    /// What it holds whatever it does.
    pub base_bytes: u64,
    /// What it holds beside that: `buffers`, `connections`, `files`, `sockets`, `tls`.
    pub by_use: BTreeMap<String, u64>,
    /// What answers that requests wait for may bring at once.
    pub expected_bytes: u64,
}

/// One backend as this process sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackendFacts {
    /// Pool that it stands in.
    pub pool: String,
    /// Name in the pool.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// `up`, `down`, `ejected`, `checking`, `draining`, `disabled` or `stopped`; of one that is well
    /// and stands by for others `spare` or `standby`.
    pub state: String,
    /// The set that it is in: lower ones come first.
    pub set: u8,
    /// Requests sent to it.
    pub requests: u64,
    /// Attempts that failed.
    pub errors: u64,
    /// Requests that it works on.
    pub in_flight: u64,
    /// The newest failure in words.
    pub last_error: Option<String>,
}

impl ServerFacts {
    /// Adds another core's facts.
    pub fn add(&mut self, other: Self) {
        self.revision = self.revision.max(other.revision);
        self.connections += other.connections;
        self.requests += other.requests;
        self.in_flight += other.in_flight;
        self.bytes_out += other.bytes_out;
        self.busy_ms += other.busy_ms;
        self.waiting += other.waiting;
        self.panics += other.panics;
        self.memory.add(other.memory);
        for (sum, n) in self.status.iter_mut().zip(other.status) {
            *sum += n;
        }
        for (reason, n) in other.refused {
            *self.refused.entry(reason).or_default() += n;
        }
        if self.backends.is_empty() {
            self.backends = other.backends;
            return;
        }
        // The same order, but while a plan changes: then cores have different backends.
        for other in other.backends {
            match self.backends.iter_mut().find(|own| own.is_same(&other)) {
                Some(sum) => sum.add(other),
                None => self.backends.push(other),
            }
        }
    }
}

impl MemoryFacts {
    /// All that is held.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        self.base_bytes + self.by_use.values().sum::<u64>()
    }

    /// Ceiling and base are the process's, the rest is each core's own.
    fn add(&mut self, other: Self) {
        self.ceiling_bytes = self.ceiling_bytes.max(other.ceiling_bytes);
        self.base_bytes = self.base_bytes.max(other.base_bytes);
        self.expected_bytes += other.expected_bytes;
        for (what, bytes) in other.by_use {
            *self.by_use.entry(what).or_default() += bytes;
        }
    }
}

impl BackendFacts {
    fn is_same(&self, other: &Self) -> bool {
        (&self.pool, &self.name, &self.address) == (&other.pool, &other.name, &other.address)
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.in_flight += other.in_flight;
        // What one core has against it counts: its share of the visitors is not sent there.
        if other.state == "down" || other.state == "ejected" && self.state != "down" {
            self.state = other.state;
        }
        self.last_error = self.last_error.take().or(other.last_error);
    }
}
