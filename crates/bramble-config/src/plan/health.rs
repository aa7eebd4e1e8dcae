//! The part of a plan that says how backends are checked: what they are asked, and which answer
//! is a healthy one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Statuses that an answer can end with.
const STATUSES: std::ops::RangeInclusive<u16> = 200..=599;

/// Active check, made of every backend of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// What is asked.
    #[serde(default)]
    pub method: CheckMethod,
    /// Request target.
    pub path: String,
    /// `Host` of the request.
    pub host: String,
    /// Statuses of a healthy answer.
    #[serde(default = "healthy")]
    pub status: Vec<StatusRange>,
    /// Text that the start of a healthy answer's body holds; only with GET.
    #[serde(default)]
    pub body: Option<String>,
    /// From one check's start to the next.
    pub interval_ms: u64,
    /// For connection and answer together.
    pub timeout_ms: u64,
    /// Passes in a row that bring a backend back.
    pub passes: u16,
    /// Failures in a row that take a backend out.
    pub fails: u16,
}

/// What a check asks a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CheckMethod {
    /// For the path.
    #[default]
    Get,
    /// For the path, and no body.
    Head,
    /// What it can do with the path.
    Options,
    /// Nothing: that it takes a connection is enough.
    Tcp,
}

/// Statuses from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StatusRange {
    from: u16,
    to: u16,
}

/// A text that names no statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a status from 200 to 599, as \"200\", or a range, as \"200-399\"")]
pub struct NoStatusRange;

impl HealthCheck {
    /// Whether an answer with that status is a healthy one.
    #[must_use]
    pub fn takes(&self, status: u16) -> bool {
        self.status.iter().any(|range| (range.from..=range.to).contains(&status))
    }
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            method: CheckMethod::default(),
            path: "/".to_owned(),
            host: "localhost".to_owned(),
            status: healthy(),
            body: None,
            interval_ms: 1_000,
            timeout_ms: 1_000,
            passes: 1,
            fails: 2,
        }
    }
}

/// As in Apache: an answer, or a way to one.
pub(crate) fn healthy() -> Vec<StatusRange> {
    vec![StatusRange { from: 200, to: 399 }]
}

impl fmt::Display for CheckMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Tcp => "TCP",
        })
    }
}

impl FromStr for StatusRange {
    type Err = NoStatusRange;

    fn from_str(text: &str) -> Result<Self, NoStatusRange> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let range = Self { from: status(from)?, to: status(to)? };
        if range.from <= range.to { Ok(range) } else { Err(NoStatusRange) }
    }
}

fn status(text: &str) -> Result<u16, NoStatusRange> {
    let status = text.parse().ok().filter(|status| STATUSES.contains(status));
    status.filter(|_| text.len() == 3).ok_or(NoStatusRange)
}

impl fmt::Display for StatusRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { from, to } if from == to => write!(f, "{from}"),
            Self { from, to } => write!(f, "{from}-{to}"),
        }
    }
}

impl TryFrom<String> for StatusRange {
    type Error = NoStatusRange;

    fn try_from(text: String) -> Result<Self, NoStatusRange> {
        text.parse()
    }
}

impl From<StatusRange> for String {
    fn from(range: StatusRange) -> Self {
        range.to_string()
    }
}
