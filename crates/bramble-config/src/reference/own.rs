//! Rows that would make the file of all tables too long.

use super::{Row, row};

pub(super) const CONNECT_MS: Row =
    row("connect_ms", "1-86400000", "", "Its own in the place of that in `[timeouts]`.");

pub(super) const FIRST_BYTE_MS: Row =
    row("first_byte_ms", "1-86400000", "", "Its own in the place of that in `[timeouts]`.");

pub(super) const RETRY_MS: Row =
    row("retry_ms", "1-86400000", "", "Its own in the place of its pool's.");

pub(super) const HOST: Row = row(
    "host",
    "host or host:port",
    "",
    "What it gets as `Host` in the place of the visitor's, which stands in `X-Forwarded-Host`. Where it names itself so in `Location` or `Content-Location`, visitors get the path alone.",
);
