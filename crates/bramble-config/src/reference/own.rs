//! Rows that would make the file of all tables too long.

use super::{Row, row};

pub(super) const FAIL_ON_STATUS: Row = row(
    "fail_on_status",
    "list of 400-599",
    "[]",
    "Statuses, as `[500, 503]`: an answer with one of them puts its backend out for its retry time, at once and however few are left. The visitor gets it all the same, unless it is one that another backend is asked for.",
);

pub(super) const FAIL_ON_TIMEOUT: Row = row(
    "fail_on_timeout",
    "true, false",
    "false",
    "Whether a backend whose answer does not begin within `first_byte_ms` is left alone as one that can't be reached, at once and not after three.",
);

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

pub(super) const KEEP_PATH: Row = row(
    "keep_path",
    "true, false",
    "false",
    "What follows `path_prefix`, and the query, are sent behind the location: with `/old` and `https://example.org/new`, `/old/a?b` leads to `https://example.org/new/a?b`. The location has no `?` or `#` then.",
);
