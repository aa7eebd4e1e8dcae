//! The plan: what one role process runs, compiled, checked and immutable.
//!
//! A plan is plain data. It crosses the Unix socket between an agent and its role processes
//! as JSON, lies on disk as the *last good plan*, and knows nothing of files, sockets or
//! clocks. Paths in it are relative to the data folder of the process that runs it, unless
//! they are absolute.

mod access_log;
mod health;
mod reserve;
mod sticky;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use access_log::{AccessLog, LogFormat, log_buffer_bytes, log_keep, log_max_bytes};
pub use health::{CheckMethod, HealthCheck, NoStatusRange, StatusRange};
pub use reserve::Reserve;
pub use sticky::Sticky;

/// Everything that one data-plane process (balancer or worker) does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// State revision that this plan was compiled from; 0 for `run --config`.
    pub revision: u64,
    /// Threads of the data plane, each with its own loop; at least 1.
    pub threads: u16,
    /// Where it accepts.
    pub listeners: Vec<Listener>,
    /// Tried in order: the first whose host and path prefix match answers.
    pub routes: Vec<Route>,
    /// What routes may lead to, besides sites.
    pub pools: Vec<Pool>,
    /// Content served from this node's disk.
    pub sites: Vec<Site>,
    /// Limits on what comes from outside.
    pub limits: Limits,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Peers whose `X-Forwarded-*` is believed; empty by default.
    pub trusted_proxies: Vec<IpAddr>,
    /// What is written about each request, and where; none unless asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log: Option<AccessLog>,
    /// Certificate and key of this node, for `Link::Mutual`; none for `run --config`.
    pub identity: Option<Identity>,
}

/// Where the node's certificate chain and private key lie (PEM).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The chain, the node's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// An address that accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Name in messages and facts.
    pub name: String,
    /// IP and port; a listening socket stays as long as its address is configured.
    pub address: SocketAddr,
    /// How clients talk to it.
    pub link: Link,
    /// What it answers with.
    #[serde(default)]
    pub serves: Serves,
}

/// What a listener answers with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Serves {
    /// What this process has counted, at `/metrics`, and nothing else.
    Metrics,
    /// What the plan's routes lead to.
    #[default]
    Routes,
}

/// How two parties talk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Mutual TLS; the peer's key must be one of these (SHA-256 of its SPKI, lower-case hex).
    Mutual {
        /// Accepted keys.
        keys: Vec<String>,
    },
    /// Bare TCP.
    Plain,
}

/// Host and path → what answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Exact names or `*.domain`, lower case, no port; empty means any host.
    pub hosts: Vec<String>,
    /// `/` or `/app`; matches whole segments.
    pub path_prefix: String,
    /// What a backend of the pool knows the prefix as, if not by the same name: `/` or `/base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace_prefix: Option<String>,
    /// What answers.
    pub action: Action,
}

/// What a route does with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Pass on to a backend of the pool.
    Pool(String),
    /// Redirect to another place.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// URL or path, sent as it stands.
        location: String,
        /// What follows the route's prefix, and the query, are sent behind the location.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keep_path: bool,
    },
    /// A fixed answer.
    Respond {
        /// 200 to 599.
        status: u16,
        /// Text, sent as it stands.
        body: String,
    },
    /// Serve the site's files.
    Site(String),
}

/// A set of backends and how one of them is picked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// How routes call it.
    pub name: String,
    /// How a backend is picked.
    pub method: Method,
    /// Candidates, in the order that breaks ties.
    pub backends: Vec<Backend>,
    /// Active check; none: only failures of requests count.
    pub health: Option<HealthCheck>,
    /// Sessions that stay with their backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// How long a backend that failed is left alone before it is tried again (Apache: 60 s).
    pub retry_ms: u64,
    /// Answers with one of these put their backend out for its retry time.
    #[serde(default)]
    pub fail_on_status: Vec<u16>,
    /// So does an answer that does not begin in time.
    #[serde(default)]
    pub fail_on_timeout: bool,
    /// Further backends to ask when the first can't be reached, brings no answer or a 502, 503 or
    /// 504; at most 7.
    pub retries: u8,
    /// How long an answer may take to begin before another backend is asked as well; longer where
    /// the pool's answers usually are.
    #[serde(default = "hedge_ms")]
    pub hedge_ms: u64,
    /// Over so long the load of a backend that joined or came back grows to what the others have.
    #[serde(default = "slow_start_ms")]
    pub slow_start_ms: u64,
    /// Requests that each backend is given at a time, on all threads together, beyond which others
    /// wait; none: as many as it turns out to work on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_requests: Option<u32>,
    /// Where all backends are out, all are asked; otherwise that is a 503.
    #[serde(default = "force_recovery")]
    pub force_recovery: bool,
    /// What [`Method::Hash`] goes by.
    #[serde(default)]
    pub hash_by: HashBy,
    /// Release that is asked of every backend of this pool (`Bramble-Release`), so that all
    /// visitors change over when this plan is taken, and not one node at a time.
    pub release: Option<String>,
}

/// The default of [`Pool::hedge_ms`]: within a second a visitor has an answer from elsewhere.
#[must_use]
pub fn hedge_ms() -> u64 {
    500
}

/// The default of [`Pool::slow_start_ms`].
#[must_use]
pub fn slow_start_ms() -> u64 {
    4_000
}

/// The default of [`Pool::force_recovery`]: an error page is not better than a doubtful backend.
#[must_use]
pub fn force_recovery() -> bool {
    true
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            name: String::new(),
            method: Method::default(),
            backends: Vec::new(),
            health: None,
            sticky: None,
            retry_ms: 60_000,
            fail_on_status: Vec::new(),
            fail_on_timeout: false,
            retries: 1,
            hedge_ms: hedge_ms(),
            slow_start_ms: slow_start_ms(),
            max_requests: None,
            force_recovery: force_recovery(),
            hash_by: HashBy::default(),
            release: None,
        }
    }
}

/// What requests have in common that go to the same backend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashBy {
    /// The visitor's address: IPv4, or an IPv6 /64.
    #[default]
    Client,
    /// A cookie's value.
    Cookie(String),
    /// A header field's value.
    Header(String),
    /// The path, without the query.
    Path,
}

/// Balancing method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Whoever is expected to be through with one more request first.
    #[default]
    Adaptive,
    /// Whoever works on the fewest requests, as in Apache, to the letter.
    ByBusyness,
    /// Apache's weighted request counting, to the letter.
    ByRequests,
    /// Whoever has moved the fewest bytes for its weight, as in Apache.
    ByTraffic,
    /// The first that can be used.
    First,
    /// The same key leads to the same backend.
    Hash,
    /// By the free slots that backends report.
    Heartbeat,
    /// Whoever has the fewest requests.
    LeastRequests,
    /// The better of two drawn at random.
    RandomTwo,
}

/// One address in a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// Unique in its pool; health and counters follow it over plans.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Hundredths: 100 is a load factor of 1; 100 to 10,000.
    pub weight: u32,
    /// What the operator wants of it.
    pub admin: AdminState,
    /// 0 to 99: the lowest that has somebody to ask is asked, and no other.
    #[serde(default)]
    pub set: u8,
    /// For whom it stands by; none: it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<Reserve>,
    /// Whatever its requests and checks meet, it is not left alone.
    #[serde(default)]
    pub ignore_errors: bool,
    /// How the balancer talks to it.
    pub link: Link,
    /// Its own in the place of [`Timeouts::connect_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<u64>,
    /// Its own in the place of [`Timeouts::first_byte_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    /// Its own in the place of [`Pool::retry_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// Host, and port where it needs one, that it gets as `Host` in the place of the visitor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What sessions call it, unique in its pool; see [`Pool::route_of`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Route of the backend that its sessions go to while it can't be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
}

/// What the operator wants of a backend; health is another matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminState {
    /// Gets nothing.
    Disabled,
    /// Only requests of sessions that are with it; those in flight finish.
    Draining,
    /// Gets requests while it is healthy.
    #[default]
    Enabled,
    /// Gets nothing, not even checks.
    Stopped,
}

/// Content under one or more host names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// How routes call it.
    pub name: String,
    /// Release id → folder. A plain folder (`run --config`) has the one key `""`.
    pub releases: BTreeMap<String, PathBuf>,
    /// Which release answers a request that asks for none.
    pub current: String,
    /// Files tried for a folder, in order.
    pub index: Vec<String>,
    /// Page for 404, relative to the folder; a built-in one otherwise.
    pub not_found: Option<String>,
    /// Pages for other statuses, relative to the folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub error_pages: BTreeMap<u16, String>,
    /// Emulates one old board: requests are served one after the other, so many a second.
    pub rate_per_s: Option<u32>,
}

/// The default of [`Limits::request_burst_per_client`], in seconds of the rate. A page asks for
/// dozens of files at once, so that without a burst (nginx, Traefik) a limit is hit by whoever looks
/// at one; ten seconds are what a window of HAProxy is mostly set to.
pub const BURST_S: u32 = 10;

/// Limits; each is counted when it is hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// A request's or answer's head, start line included.
    pub head_bytes: u32,
    /// Fields of a head or trailer.
    pub fields: u16,
    /// Target of a request.
    pub target_bytes: u32,
    /// Chunk extensions of one chunk line.
    pub chunk_extension_line_bytes: u32,
    /// Chunk extensions of a whole body.
    pub chunk_extension_body_bytes: u32,
    /// 1xx answers of a backend before the final one.
    pub informational: u16,
    /// A request's body.
    pub body_bytes: u64,
    /// The least rate at which a client sends or reads a body, over all the time in which it is
    /// waited for; a first `body_ms` is free.
    pub body_bytes_per_s: u32,
    /// Client connections open at a time, in the process.
    pub connections: u32,
    /// Of them, those of one client: an IPv4 address or an IPv6 /64.
    pub connections_per_client: u32,
    /// Requests that one connection may bring.
    pub requests_per_connection: u32,
    /// Requests that one client may make a second, over all of its connections. None: any number.
    pub requests_per_s_per_client: Option<u32>,
    /// Requests that one client may make at once before it has to keep to that. None: as many as in
    /// [`BURST_S`].
    pub request_burst_per_client: Option<u32>,
    /// Connections kept open to one backend while unused, for each thread.
    pub idle_backend_connections: u32,
    /// Body of an early answer that is still read before the connection is closed.
    pub drain_bytes: u32,
    /// What the process may hold in memory, the kernel's for its sockets included. None: half of
    /// what the machine or its control group has, shared among the roles of a node.
    pub memory_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 32 * 1024,
            fields: 100,
            target_bytes: 8 * 1024,
            chunk_extension_line_bytes: 256,
            chunk_extension_body_bytes: 16 * 1024,
            informational: 16,
            body_bytes: 1 << 40,
            body_bytes_per_s: 500,
            connections: 9_000,
            connections_per_client: 4_500,
            requests_per_connection: 1_000_000,
            requests_per_s_per_client: None,
            request_burst_per_client: None,
            idle_backend_connections: 128,
            drain_bytes: 64 * 1024,
            memory_bytes: None,
        }
    }
}

/// Time limits, all in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeouts {
    /// From the first byte of a head to its end.
    pub head_ms: u64,
    /// A kept-alive client connection without a request.
    pub idle_ms: u64,
    /// TCP to a backend; a TLS handshake gets a second at least.
    pub connect_ms: u64,
    /// From the request's end to the first byte of a backend's answer.
    pub first_byte_ms: u64,
    /// Between two reads or writes of a body.
    pub body_ms: u64,
    /// A whole request with its answer, from its first wait on; tunnels are free of it.
    pub request_ms: u64,
    /// An idle backend connection in the pool.
    pub backend_idle_ms: u64,
    /// Draining the body of an early answer.
    pub drain_ms: u64,
    /// How long a stopping process waits for requests in flight.
    pub stop_ms: u64,
    /// An upgraded connection (WebSocket) on which nothing moves.
    pub tunnel_ms: u64,
    /// How long a process that has handed over waits for what it still has.
    pub handover_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head_ms: 10_000,
            idle_ms: 60_000,
            connect_ms: 250,
            first_byte_ms: 60_000,
            body_ms: 30_000,
            request_ms: 21_600_000,
            backend_idle_ms: 30_000,
            drain_ms: 1_000,
            stop_ms: 10_000,
            tunnel_ms: 3_600_000,
            handover_ms: 600_000,
        }
    }
}
