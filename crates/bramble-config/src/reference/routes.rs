//! The rows of sites and routes.

use super::{Table, row};

pub(super) const SITE: Table = Table {
    header: "[[site]]",
    text: "Content under one or more host names. In a cluster `bramble publish` brings it; with `bramble run` it is a folder.",
    rows: &[
        row("name", "name", "", "Unique; `publish` and routes use it. Required."),
        row(
            "hosts",
            "list of hosts",
            "[]",
            "Exact names or `*.domain`, without port; empty means any host. A host belongs to one site.",
        ),
        row(
            "root",
            "folder",
            "",
            "Only for `bramble run`, which needs it: the folder to serve, relative to the configuration file's own folder.",
        ),
        row(
            "index",
            "list of file names",
            "[\"index.html\"]",
            "Tried in order when a folder is asked for.",
        ),
        row(
            "not_found",
            "file",
            "",
            "Page that a 404 shows, relative to the site; a built-in one otherwise.",
        ),
        row(
            "error_pages",
            "table",
            "",
            "As `{ 500 = \"errors/500.html\" }`: pages for 400, 404, 405, 412, 416, 500 and 503, as with `not_found`.",
        ),
        row(
            "rate_per_s",
            "1-1000000",
            "",
            "Slows a worker to so many requests a second, one after the other, to emulate an old board; full speed otherwise.",
        ),
    ],
};

pub(super) const ROUTE: Table = Table {
    header: "[[route]]",
    text: "Host and path → what answers: exactly one of `pool`, `site`, `redirect` and `respond`.",
    rows: &[
        row(
            "hosts",
            "list of hosts",
            "[]",
            "Exact names or `*.domain`, without port; empty means any host.",
        ),
        row(
            "path_prefix",
            "path",
            "\"/\"",
            "Matches whole segments: `/app` takes `/app` and `/app/x`, not `/apple`.",
        ),
        row(
            "strip_prefix",
            "true, false",
            "false",
            "Only with `pool`: its backends are asked for `/app/x` as `/x`. What they say of \
             their places (`Location`, `Content-Location`, a cookie's `Path`) is mapped back.",
        ),
        row(
            "replace_prefix",
            "path",
            "",
            "As `strip_prefix`, with this in place of `path_prefix`: `/app/x` is asked for as \
             `/base/x`.",
        ),
        row("pool", "name", "", "Passes the request on to a backend of this pool."),
        row("site", "name", "", "Serves this site's files."),
        row("redirect", "table", "", "As `{ status = 301, location = \"https://example.org/\" }`."),
        row("respond", "table", "", "As `{ status = 200, body = \"ok\" }`."),
    ],
};

pub(super) const REDIRECT: Table = Table {
    header: "redirect",
    text: "In a route: sends the visitor elsewhere.",
    rows: &[
        row(
            "status",
            "301, 302, 303, 307, 308",
            "302",
            "Permanent (301, 308) or for now (302, 303, 307).",
        ),
        row("location", "URL", "", "Sent as it stands, at most 8 KiB. Required."),
        super::own::KEEP_PATH,
    ],
};

pub(super) const RESPOND: Table = Table {
    header: "respond",
    text: "In a route: a fixed answer.",
    rows: &[
        row("status", "200-599", "", "Status code. Required."),
        row("body", "text", "\"\"", "Plain text, at most 64 KiB; none with 204, 205 and 304."),
    ],
};
