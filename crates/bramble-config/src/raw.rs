//! The file as it stands: its tables and keys, typed, each value with its place.
//!
//! Unknown keys and wrong types are refused here; whether values make sense is for `check`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::error::{Finding, Findings};
use crate::explain;
use crate::plan::{CheckMethod, Reserve};

/// A configuration is written by hand; more than this is a mistake.
const TEXT_BYTES: usize = 1 << 20;

/// Types the text, or reports why that can't be done.
pub(crate) fn read(text: &str, findings: &mut Findings) -> Option<Raw> {
    if text.len() > TEXT_BYTES {
        let message = format!("the file has {} bytes, at most {TEXT_BYTES} are read", text.len());
        findings.add(Finding::new(0..0, message).label("too large"));
        return None;
    }
    toml::from_str(text).map_err(|error| findings.add(explain::finding(&error))).ok()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    pub threads: Option<Spanned<i64>>,
    #[serde(default)]
    pub trusted_proxies: Vec<Spanned<String>>,
    #[serde(default)]
    pub listener: Vec<Spanned<Listener>>,
    #[serde(default)]
    pub pool: Vec<Spanned<Pool>>,
    #[serde(default)]
    pub site: Vec<Spanned<Site>>,
    #[serde(default)]
    pub route: Vec<Spanned<Route>>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub timeouts: Timeouts,
    pub access_log: Option<AccessLog>,
    pub metrics: Option<Metrics>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listener {
    pub name: Spanned<String>,
    pub address: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pool {
    pub name: Spanned<String>,
    pub method: Option<Method>,
    pub retry_ms: Option<Spanned<i64>>,
    pub retries: Option<Spanned<i64>>,
    pub hedge_ms: Option<Spanned<i64>>,
    pub slow_start_ms: Option<Spanned<i64>>,
    pub force_recovery: Option<bool>,
    pub max_requests: Option<Spanned<i64>>,
    pub hash_by: Option<HashBy>,
    #[serde(default)]
    pub fail_on_status: Vec<Spanned<i64>>,
    pub fail_on_timeout: Option<bool>,
    #[serde(default)]
    pub backend: Vec<Spanned<Backend>>,
    pub health: Option<Health>,
    pub sticky: Option<Sticky>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HashBy {
    Client,
    Cookie(Spanned<String>),
    Header(Spanned<String>),
    Path,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    Adaptive,
    ByBusyness,
    ByRequests,
    ByTraffic,
    First,
    Hash,
    Heartbeat,
    LeastRequests,
    RandomTwo,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backend {
    pub address: Spanned<String>,
    pub name: Option<Spanned<String>>,
    pub weight: Option<Spanned<f64>>,
    pub state: Option<State>,
    #[serde(default, deserialize_with = "word")]
    pub route: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "word")]
    pub redirect: Option<Spanned<String>>,
    pub set: Option<Spanned<i64>>,
    pub reserve: Option<Reserve>,
    #[serde(default)]
    pub ignore_errors: bool,
    pub connect_ms: Option<Spanned<i64>>,
    pub first_byte_ms: Option<Spanned<i64>>,
    pub retry_ms: Option<Spanned<i64>>,
    pub host: Option<Spanned<String>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Disabled,
    Draining,
    Enabled,
    Stopped,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Health {
    pub method: Option<Spanned<CheckMethod>>,
    pub path: Option<Spanned<String>>,
    pub host: Option<Spanned<String>>,
    pub status: Option<Spanned<Vec<Spanned<String>>>>,
    pub body: Option<Spanned<String>>,
    pub interval_ms: Option<Spanned<i64>>,
    pub timeout_ms: Option<Spanned<i64>>,
    pub passes: Option<Spanned<i64>>,
    pub fails: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sticky {
    pub cookie: Spanned<String>,
    pub parameter: Option<Spanned<String>>,
    pub separator: Option<Spanned<String>>,
    pub set: Option<bool>,
    pub failover: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Site {
    pub name: Spanned<String>,
    #[serde(default)]
    pub hosts: Vec<Spanned<String>>,
    pub root: Option<Spanned<String>>,
    pub index: Option<Vec<Spanned<String>>>,
    pub not_found: Option<Spanned<String>>,
    #[serde(default)]
    pub error_pages: BTreeMap<String, Spanned<String>>,
    pub rate_per_s: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    #[serde(default)]
    pub hosts: Vec<Spanned<String>>,
    pub path_prefix: Option<Spanned<String>>,
    pub strip_prefix: Option<Spanned<bool>>,
    pub replace_prefix: Option<Spanned<String>>,
    pub pool: Option<Spanned<String>>,
    pub site: Option<Spanned<String>>,
    pub redirect: Option<Redirect>,
    pub respond: Option<Respond>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redirect {
    pub status: Option<Spanned<i64>>,
    pub location: Spanned<String>,
    pub keep_path: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Respond {
    pub status: Spanned<i64>,
    pub body: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    pub head_bytes: Option<Spanned<i64>>,
    pub fields: Option<Spanned<i64>>,
    pub target_bytes: Option<Spanned<i64>>,
    pub chunk_extension_line_bytes: Option<Spanned<i64>>,
    pub chunk_extension_body_bytes: Option<Spanned<i64>>,
    pub informational: Option<Spanned<i64>>,
    pub body_bytes: Option<Spanned<i64>>,
    pub body_bytes_per_s: Option<Spanned<i64>>,
    pub connections: Option<Spanned<i64>>,
    pub connections_per_client: Option<Spanned<i64>>,
    pub requests_per_connection: Option<Spanned<i64>>,
    pub requests_per_s_per_client: Option<Spanned<i64>>,
    pub request_burst_per_client: Option<Spanned<i64>>,
    pub idle_backend_connections: Option<Spanned<i64>>,
    pub drain_bytes: Option<Spanned<i64>>,
    pub memory_bytes: Option<Spanned<i64>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Timeouts {
    pub head_ms: Option<Spanned<i64>>,
    pub idle_ms: Option<Spanned<i64>>,
    pub connect_ms: Option<Spanned<i64>>,
    pub first_byte_ms: Option<Spanned<i64>>,
    pub body_ms: Option<Spanned<i64>>,
    pub request_ms: Option<Spanned<i64>>,
    pub backend_idle_ms: Option<Spanned<i64>>,
    pub drain_ms: Option<Spanned<i64>>,
    pub stop_ms: Option<Spanned<i64>>,
    pub tunnel_ms: Option<Spanned<i64>>,
    pub handover_ms: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessLog {
    pub path: Spanned<String>,
    pub format: Option<LogFormat>,
    pub max_bytes: Option<Spanned<i64>>,
    pub keep: Option<Spanned<i64>>,
    pub buffer_bytes: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metrics {
    pub address: Spanned<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    Combined,
    Common,
    Json,
}

/// A text, or a number that is meant as one: Apache's routes are often `1` and `2`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text")]
enum Word {
    Number(i64),
    Text(String),
}

fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Spanned<String>>, D::Error> {
    let word = Option::<Spanned<Word>>::deserialize(from)?;
    Ok(word.map(|word| {
        let span = word.span();
        Spanned::new(
            span,
            match word.into_inner() {
                Word::Number(number) => number.to_string(),
                Word::Text(text) => text,
            },
        )
    }))
}
