//! The part of a plan that says how backends are checked.

use serde::{Deserialize, Serialize};

/// Active check: a GET, healthy when the status is 2xx or 3xx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Request target.
    pub path: String,
    /// `Host` of the request.
    pub host: String,
    /// From one check's start to the next.
    pub interval_ms: u64,
    /// For connection and answer together.
    pub timeout_ms: u64,
    /// Passes in a row that bring a backend back.
    pub passes: u16,
    /// Failures in a row that take a backend out.
    pub fails: u16,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            host: "localhost".to_owned(),
            interval_ms: 1_000,
            timeout_ms: 1_000,
            passes: 1,
            fails: 2,
        }
    }
}
