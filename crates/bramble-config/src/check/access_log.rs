//! The access log: a file that can be one, and sizes that fit each other.

use std::path::PathBuf;

use toml::Spanned;

use super::number::in_range;
use crate::error::{Finding, Findings};
use crate::plan::{self, AccessLog, LogFormat};
use crate::raw;

/// Lines are written in blocks of this size, which a file has to hold.
const BLOCK_BYTES: i64 = 64 << 10;
const FILE_BYTES_MAX: i64 = 1 << 40;
const BUFFER_BYTES_MAX: i64 = 1 << 30;

pub(crate) fn check(raw: &raw::AccessLog, findings: &mut Findings) -> AccessLog {
    let (size, keep, buffer) = (&raw.max_bytes, &raw.keep, &raw.buffer_bytes);
    let sizes = BLOCK_BYTES..=FILE_BYTES_MAX;
    let buffers = BLOCK_BYTES..=BUFFER_BYTES_MAX;
    AccessLog {
        path: path(&raw.path, findings),
        format: raw.format.map_or_else(LogFormat::default, format),
        max_bytes: in_range("max_bytes", size.as_ref(), sizes, plan::log_max_bytes(), findings),
        keep: in_range("keep", keep.as_ref(), 0..=1000, plan::log_keep(), findings),
        buffer_bytes: in_range(
            "buffer_bytes",
            buffer.as_ref(),
            buffers,
            plan::log_buffer_bytes(),
            findings,
        ),
    }
}

fn path(raw: &Spanned<String>, findings: &mut Findings) -> PathBuf {
    let text = raw.as_ref();
    if text.is_empty() || text.ends_with('/') || text.chars().any(char::is_control) {
        let help = "name a file, as \"log/access.log\"; its folder is made where there is none";
        let finding = Finding::new(raw.span(), "`path` names no file");
        findings.add(finding.label("not a file").help(help));
    }
    PathBuf::from(text)
}

fn format(raw: raw::LogFormat) -> LogFormat {
    match raw {
        raw::LogFormat::Combined => LogFormat::Combined,
        raw::LogFormat::Common => LogFormat::Common,
        raw::LogFormat::Json => LogFormat::Json,
    }
}
