//! The part of a plan that says what is written about each request, and where.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A line for each request, in a file that is begun anew when it is full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLog {
    /// The file; older ones have `.1`, `.2` and so on behind its name, the newest first.
    pub path: PathBuf,
    /// How a line is written.
    #[serde(default)]
    pub format: LogFormat,
    /// The file is not longer than this.
    #[serde(default = "log_max_bytes")]
    pub max_bytes: u64,
    /// Older files that are kept.
    #[serde(default = "log_keep")]
    pub keep: u16,
    /// What may wait in memory for the disk, beside 64 KiB for each thread.
    #[serde(default = "log_buffer_bytes")]
    pub buffer_bytes: u32,
}

/// How a line of the access log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Common with `Referer` and `User-Agent`.
    Combined,
    /// The Common Log Format of NCSA httpd and Apache.
    Common,
    /// A JSON object, with all that there is to say.
    #[default]
    Json,
}

/// The default of [`AccessLog::max_bytes`].
#[must_use]
pub fn log_max_bytes() -> u64 {
    64 << 20
}

/// The default of [`AccessLog::keep`].
#[must_use]
pub fn log_keep() -> u16 {
    4
}

/// The default of [`AccessLog::buffer_bytes`].
#[must_use]
pub fn log_buffer_bytes() -> u32 {
    4 << 20
}
