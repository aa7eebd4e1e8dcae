//! The words that CLI, agents and manager exchange: HTTP with JSON bodies.
//!
//! Nodes come by mutual TLS, the operator by a Unix socket (0600) on the manager's machine.
//! This module holds shapes only, no behaviour.
//!
//! | who | call | body → answer |
//! |---|---|---|
//! | new node (no certificate yet) | `POST /v1/join` | [`JoinRequest`] → [`JoinResponse`] |
//! | node | `GET /v1/plan?after=REV` | → [`NodePlan`], or 204 after 20 s without a newer one |
//! | node | `POST /v1/renew` | [`RenewRequest`] → [`JoinResponse`] |
//! | node | `POST /v1/report` | [`NodeReport`] → `{}` |
//! | node, operator | `GET /v1/release/ID` | → the manifest's text |
//! | node, operator | `GET /v1/blob/HASH` | → the blob's bytes |
//! | operator | `GET /v1/watch?after=REV` | → [`Revision`]s, a JSON line each, without end |
//! | operator | `GET /v1/status` | → [`Status`] |
//! | operator | `POST /v1/invite` | [`InviteRequest`] → [`Invite`] |
//! | operator | `POST /v1/operator` | → [`OperatorIdentity`] (to check workers from outside) |
//! | operator | `POST /v1/nodes/NAME/{drain,enable}`, `DELETE /v1/nodes/NAME` | → `{}` |
//! | operator | `POST /v1/sites/SITE/stage` | manifest's text → [`Staged`] |
//! | operator | `PUT /v1/blob/HASH` | bytes → `{}` |
//! | operator | `POST /v1/sites/SITE/publish` | [`PublishRequest`] → [`Published`] |
//! | operator | `POST /v1/sites/SITE/rollback` | [`RollbackRequest`] → [`Published`] |
//! | operator | `POST /v1/apply` | [`ApplyRequest`] → [`Applied`] |
//! | operator | `GET /v1/configuration` | → [`Configured`] |
//! | operator | `POST /v1/edit` | [`EditRequest`] → [`Applied`] |
//! | operator | `GET /v1/pools` | → [`PoolStatus`]es |
//!
//! Every refusal is a [`Problem`] with a 4xx or 5xx status.

#![allow(missing_docs, reason = "the names are the wire's words; where one needs more, it has it")]

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

pub use bramble_config::{Change, Edit, Setting};
pub use bramble_metrics::facts::{BackendFacts, MemoryFacts, ServerFacts};
use serde::{Deserialize, Serialize};

/// What a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Balancer,
    Manager,
    Worker,
}

/// A refusal in words: what, why, and the next step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub error: String,
    /// What the reader can do about it.
    pub hint: Option<String>,
}

/// Asks for membership with a one-time ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinRequest {
    /// Id and secret out of the ticket.
    pub ticket_id: String,
    pub secret: String,
    /// PKCS#10 request in PEM; the key never leaves the node.
    pub csr: String,
    /// Wanted name; the manager makes it unique.
    pub name: String,
    /// Address that the node's worker can be reached at.
    pub address: IpAddr,
    /// Emulates one old board: requests a second.
    #[serde(default)]
    pub worker_rate: Option<u32>,
}

/// Membership.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinResponse {
    pub name: String,
    pub roles: Vec<Role>,
    /// PEM.
    pub certificate: String,
    pub ca: String,
}

/// What a node is to do, whole; never a difference.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodePlan {
    pub revision: u64,
    /// Releases to have on disk, verified, before the plans below are passed on. A release
    /// that can't be had yet holds back no other part of the plan but the roles that need it.
    pub releases: Vec<String>,
    /// Role → plan of its process (`bramble_config::plan::Plan`) as JSON.
    pub roles: BTreeMap<Role, serde_json::Value>,
}

/// What a node says of itself, each second.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NodeReport {
    /// Revision of the node plan that all its roles run.
    pub applied: u64,
    /// Releases that lie on disk, verified.
    pub releases: Vec<String>,
    /// Where the worker's listener is (the agent chose the port once and keeps it).
    pub worker_address: Option<SocketAddr>,
    pub roles: Vec<RoleFacts>,
    /// Why the last plan could not be applied, in words.
    pub trouble: Option<String>,
    pub load1: f32,
    pub mem_available_kib: u64,
}

/// Facts of one role process. Counters run from its start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoleFacts {
    pub role: Role,
    pub pid: u32,
    pub restarts: u32,
    /// The process's clock when these were read, ms since its start: differences of counters
    /// go over differences of this.
    pub uptime_ms: u64,
    pub cpu_ms: u64,
    pub rss_kib: u64,
    /// As the role process itself says; empty for a manager.
    pub server: ServerFacts,
}

/// One change of the state, in order, none left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    pub revision: u64,
    pub key: String,
    /// None: the key was deleted.
    pub value: Option<String>,
}

/// Asks for a new certificate under the key that the node has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RenewRequest {
    /// PKCS#10 request in PEM.
    pub csr: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InviteRequest {
    pub roles: Vec<Role>,
    pub expires_s: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invite {
    pub ticket: String,
    pub expires_s: u64,
}

/// A short-lived client certificate that workers accept, for checks from outside (PEM).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OperatorIdentity {
    pub certificate: String,
    pub key: String,
    pub ca: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Staged {
    pub release: String,
    /// Blobs (hash, lower-case hex) that the manager lacks.
    pub missing: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublishRequest {
    pub release: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RollbackRequest {
    /// None: the one that was published before the current.
    pub release: Option<String>,
}

/// How a flip went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Published {
    pub site: String,
    pub release: String,
    pub previous: Option<String>,
    pub nodes: Vec<NodeOutcome>,
    pub took_ms: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeOutcome {
    pub node: String,
    pub ok: bool,
    /// Why not, and what happens now.
    pub error: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApplyRequest {
    /// The file's text and what to call it in messages.
    pub text: String,
    pub file: String,
    /// Show the difference, change nothing.
    pub dry_run: bool,
    /// `reload`: refuse, with the list, if the configuration was changed by anybody else
    /// since this file was last applied.
    pub reload: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Applied {
    pub revision: u64,
    /// One line a change, as `pool web: retry_ms 60000 → 5000`.
    pub changes: Vec<String>,
    /// How each balancer took it; empty for a dry run.
    #[serde(default)]
    pub nodes: Vec<NodeOutcome>,
}

/// Changes one pool of the configuration, wherever that came from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EditRequest {
    pub edit: Edit,
    /// Show the difference, change nothing.
    pub dry_run: bool,
    /// Do it even if the pool is left without a backend that can serve.
    pub force: bool,
}

/// The configuration in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Configured {
    /// Of the state that set it.
    pub revision: u64,
    /// File that the cluster was started with.
    pub file: String,
    pub text: String,
}

/// A pool, as declared and as balancers see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PoolStatus {
    /// `site:NAME` for the workers of a site.
    pub name: String,
    pub method: String,
    /// The cookie by which its sessions are known, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<String>,
    pub backends: Vec<PoolBackend>,
}

/// A backend in its pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PoolBackend {
    pub name: String,
    pub address: SocketAddr,
    pub weight: f64,
    /// What the operator wants of it: `enabled`, `draining`, `disabled`, `stopped`.
    pub state: String,
    /// Lower ones come first.
    #[serde(default)]
    pub set: u8,
    /// `spare` or `standby`, where it stands by for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<String>,
    /// Balancer → what it says of the backend. Those that are not heard of are left out.
    pub seen: BTreeMap<String, BackendFacts>,
}

/// The cluster as the manager sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    pub revision: u64,
    pub version: String,
    pub sites: Vec<SiteStatus>,
    pub nodes: Vec<NodeStatus>,
    /// Public addresses of the balancer.
    pub listeners: Vec<SocketAddr>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SiteStatus {
    pub name: String,
    pub hosts: Vec<String>,
    pub release: Option<String>,
    pub files: u64,
    pub bytes: u64,
    pub published_at: Option<String>,
    pub history: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeStatus {
    pub name: String,
    pub address: IpAddr,
    pub roles: Vec<Role>,
    /// SHA-256 of the node's public key.
    pub key: String,
    pub state: NodeState,
    /// Seconds since the last report; none: never heard of.
    pub last_seen_s: Option<f64>,
    /// Does it get traffic, and if not, why.
    pub serving: bool,
    pub why_not: Option<String>,
    pub report: NodeReport,
}

/// What the operator wants of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    Draining,
    #[default]
    Enabled,
}
