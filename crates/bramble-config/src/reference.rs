//! The reference page: every key of a configuration, defined once, here.
//!
//! A test holds these rows against the keys that the reader knows, and their defaults against
//! the defaults in force, so a new setting can't be forgotten.

mod own;
mod routes;
mod sticky;

use std::fmt::Write;

/// A table of the file and its keys.
pub(crate) struct Table {
    /// How it is opened in a file; `top` for keys before the first table.
    pub header: &'static str,
    pub text: &'static str,
    pub rows: &'static [Row],
}

/// One key.
pub(crate) struct Row {
    pub key: &'static str,
    pub kind: &'static str,
    /// As in a file; empty: the key must be given or has no default, as its text says.
    pub default: &'static str,
    pub text: &'static str,
}

/// The reference page in Markdown, as it lies in `docs/reference.md`.
#[must_use]
pub fn reference() -> String {
    let mut page = String::from(HEAD);
    for table in TABLES {
        // Writing to a String can't fail.
        let _ = write!(page, "\n## `{}`\n\n{}\n\n", table.header, table.text);
        page.push_str("| key | type | default | meaning |\n|---|---|---|---|\n");
        page.extend(table.rows.iter().map(line));
    }
    page
}

fn line(row: &Row) -> String {
    let default = match row.default {
        "" => String::from("-"),
        value => format!("`{value}`"),
    };
    format!("| `{}` | {} | {default} | {} |\n", row.key, row.kind, row.text)
}

const fn row(
    key: &'static str,
    kind: &'static str,
    default: &'static str,
    text: &'static str,
) -> Row {
    Row { key, kind, default, text }
}

const HEAD: &str = "\
# Configuration reference

Generated from `crates/bramble-config/src/reference.rs` by
`cargo run --package bramble-config --example reference > docs/reference.md`; edit it there.

The file is TOML. `bramble check FILE` tells what is wrong in one and what would be right.
Units stand in the names. A key that is not listed here is refused, and so is a value outside its
range. Every key has the default shown; a key with `-` has none. Give at least one `[[listener]]`
and something that answers: a `[[site]]`, a `[[pool]]` or a `[[route]]`.

Routes are tried in the file's order. After them come the implied ones: each site without a route
of its own answers on its hosts at `/` (exact names first, then the longest wildcard, then sites
for any host), and a sole pool takes `/` where the file has no route at all.
";

pub(crate) const TABLES: &[Table] = &[
    Table {
        header: "top",
        text: "Keys before the first table.",
        rows: &[
            row(
                "threads",
                "1-256",
                "1",
                "Threads of the data plane, each with its own loop; one for each core that it may use.",
            ),
            row(
                "trusted_proxies",
                "list of IP addresses",
                "[]",
                "Peers whose `X-Forwarded-*` fields are believed; everybody else's are replaced.",
            ),
            row("listener", "tables", "", "See `[[listener]]`."),
            row("pool", "tables", "", "See `[[pool]]`."),
            row("site", "tables", "", "See `[[site]]`."),
            row("route", "tables", "", "See `[[route]]`."),
            row("limits", "table", "", "See `[limits]`."),
            row("timeouts", "table", "", "See `[timeouts]`."),
            row("access_log", "table", "", "See `[access_log]`; without it there is none."),
            row("metrics", "table", "", "See `[metrics]`; without it there are none."),
        ],
    },
    Table {
        header: "[[listener]]",
        text: "An address that accepts. The socket stays open over reloads as long as the address does not change.",
        rows: &[
            row("name", "name", "", "Unique; shown in messages. Required."),
            row(
                "address",
                "IP:port",
                "",
                "As `0.0.0.0:80` or `[::]:80`; an address is used once. Names are not resolved. Required.",
            ),
        ],
    },
    Table {
        header: "[[pool]]",
        text: "A set of backends, any HTTP/1.1 servers, and how one of them is picked.",
        rows: &[
            row("name", "name", "", "Unique; routes use it. Required."),
            row(
                "method",
                "`adaptive`, `by_busyness`, `by_requests`, `by_traffic`, `first`, `hash`, `heartbeat`, `least_requests`, `random_two`",
                "\"adaptive\"",
                "Balancing method. `adaptive`: whoever is expected to be through with one more request first, by what its answers take and how many it owes. `by_busyness`: whoever works on the fewest requests, as Apache's `bybusyness`; equals take turns by weight. `by_requests`: in proportion to the weights, as Apache's `byrequests` counts requests. `by_traffic`: whoever has moved the fewest bytes for its weight, as Apache's `bytraffic`. `first`: the first that can be used. `hash`: the same key leads to the same backend, unless that has a quarter more to do than the mean. `heartbeat`: at random, in proportion to the free slots that backends say they have ([manual](manual.md#what-backends-say-of-themselves)), as Apache's `heartbeat` by multicast. `least_requests`: whoever owes the fewest answers for its weight. `random_two`: the better of two drawn at random.",
            ),
            row(
                "retry_ms",
                "1-86400000",
                "60000",
                "How long a backend that failed is left alone before it is tried again.",
            ),
            row(
                "retries",
                "0-7",
                "1",
                "Further backends to ask when the first can't be reached, brings no answer or one that is a 502, 503 or 504; only what may be repeated is.",
            ),
            row(
                "hedge_ms",
                "1-86400000",
                "500",
                "How long the answer to a GET may take to begin before another backend is asked as well; twice as long as answers usually take, if that is longer. The first that begins is passed on.",
            ),
            row(
                "slow_start_ms",
                "1-86400000",
                "4000",
                "Over so long the load of a backend that came back grows from a tenth to what the others have; of no matter to `by_busyness`, `by_requests`, `by_traffic`, `first` and `hash`.",
            ),
            row(
                "force_recovery",
                "true, false",
                "true",
                "Where all backends are out, all that are enabled are asked all the same; with `false` visitors get a 503 until one is back.",
            ),
            row(
                "max_requests",
                "1-65536",
                "",
                "Requests that each backend is given at a time; others wait, and hear a 503 when there is no room in time. If it is not set: as many as the backend works on without letting some of them wait, which is found out when it is that busy.",
            ),
            row(
                "hash_by",
                "`\"client\"`, `\"path\"`, `{ header = NAME }`, `{ cookie = NAME }`",
                "\"client\"",
                "What `hash` goes by. A client is the address that connects, IPv4 or an IPv6 /64: behind another proxy all visitors are one, so go by a header or cookie there.",
            ),
            own::FAIL_ON_STATUS,
            own::FAIL_ON_TIMEOUT,
            row("backend", "tables", "", "See `[[pool.backend]]`; at least one."),
            row(
                "health",
                "table",
                "",
                "See `[pool.health]`; without it only failures of requests count.",
            ),
            row("sticky", "table", "", "See `[pool.sticky]`; without it no session is known."),
        ],
    },
    Table {
        header: "[[pool.backend]]",
        text: "One address in the pool that stands above it.",
        rows: &[
            row("address", "IP:port", "", "Where it listens; once in a pool. Required."),
            row("name", "name", "", "Unique in its pool; the address where none is given."),
            row(
                "weight",
                "1.00-100.00",
                "1.0",
                "Share of the requests, in steps of 0.01: 2.0 gets twice what 1.0 gets.",
            ),
            row(
                "state",
                "`enabled`, `draining`, `disabled`, `stopped`",
                "\"enabled\"",
                "`draining` gets no new requests but those of its sessions (`[pool.sticky]`), while those in flight finish; `disabled` gets none, and `stopped` not even checks: it begins as a newcomer when it is enabled.",
            ),
            row(
                "route",
                "text",
                "",
                "What sessions call it, unique in its pool: 1 to 95 bytes that a cookie may hold. Its name where there is none and `[pool.sticky]` has `set`. Apache: `route`.",
            ),
            row(
                "redirect",
                "text",
                "",
                "Route of the backend that its sessions go to while it can't be used itself. Apache: `redirect`.",
            ),
            row(
                "set",
                "0-99",
                "0",
                "The lowest set of which somebody can be asked is asked, and no other.",
            ),
            row(
                "reserve",
                "`spare`, `standby`",
                "",
                "A `spare` stands in for one of its set that is out and is no reserve: as many serve as there are such. A `standby` serves when nobody else of its set can. Both rest otherwise.",
            ),
            row(
                "ignore_errors",
                "true, false",
                "false",
                "Whatever requests and checks meet, the backend is never left alone for it.",
            ),
            own::CONNECT_MS,
            own::FIRST_BYTE_MS,
            own::RETRY_MS,
            own::HOST,
        ],
    },
    Table {
        header: "[pool.health]",
        text: "Active check of each backend, beside visitors' requests. What a failed one means is in the manual under *Health checks*.",
        rows: &[
            row(
                "method",
                "`GET`, `HEAD`, `OPTIONS`, `TCP`",
                "\"GET\"",
                "What is asked; `TCP` asks nothing: a backend that takes a connection passes.",
            ),
            row("path", "path", "\"/\"", "What is asked for."),
            row("host", "host", "\"localhost\"", "`Host` of the request."),
            row(
                "status",
                "list of statuses",
                "[\"200-399\"]",
                "Statuses of an answer that passes, as `[\"200\", \"301-303\"]`; at most 16.",
            ),
            row(
                "body",
                "text",
                "",
                "Text that an answer must hold to pass, within the first 64 KiB of its body; 1 to 1024 bytes, only with `GET`.",
            ),
            row("interval_ms", "1-86400000", "1000", "From one check's start to the next."),
            row("timeout_ms", "1-86400000", "1000", "For connection and answer together."),
            row("passes", "1-1000", "1", "Passes in a row that bring a backend back."),
            row("fails", "1-1000", "2", "Failures in a row that take a backend out."),
        ],
    },
    sticky::TABLE,
    routes::SITE,
    routes::ROUTE,
    routes::REDIRECT,
    routes::RESPOND,
    Table {
        header: "[limits]",
        text: "Each is counted when it is hit.",
        rows: &[
            row(
                "head_bytes",
                "1-1048576",
                "32768",
                "A request's or answer's head, start line included.",
            ),
            row("fields", "1-10000", "100", "Fields of a head or trailer."),
            row(
                "target_bytes",
                "1-1048576",
                "8192",
                "Target of a request; not more than `head_bytes`.",
            ),
            row(
                "chunk_extension_line_bytes",
                "1-65536",
                "256",
                "Chunk extensions of one chunk line.",
            ),
            row(
                "chunk_extension_body_bytes",
                "1-1073741824",
                "16384",
                "Chunk extensions of a whole body.",
            ),
            row("informational", "1-1000", "16", "1xx answers of a backend before the final one."),
            row("body_bytes", "1-9223372036854775807", "1099511627776", "A request's body."),
            row(
                "body_bytes_per_s",
                "1-1073741824",
                "500",
                "The least rate at which a client sends a body or reads an answer, over all the time in which it is waited for; the first `body_ms` of that is free.",
            ),
            row(
                "connections",
                "1-1000000",
                "9000",
                "Client connections open at a time, in the process. When all are, one makes room for the next: the oldest that waits for a request, first of the client that has most; if none waits, one of that client that is sent or read slowly.",
            ),
            row(
                "connections_per_client",
                "1-1000000",
                "4500",
                "Of them, those of one client: an IPv4 address or an IPv6 /64. `trusted_proxies` may have any number.",
            ),
            row(
                "requests_per_connection",
                "1-4294967295",
                "1000000",
                "Requests on one connection; the last is answered with `Connection: close`. A connection takes no more memory with time: it is for peers that should spread their connections anew now and then.",
            ),
            row(
                "requests_per_s_per_client",
                "1-1000000",
                "",
                "Requests that one client may make a second, over all of its connections; the next is answered with 429 and `Retry-After`. A client is as with `connections_per_client`, behind one of `trusted_proxies` whoever that names last in `X-Forwarded-For`. Any number by default.",
            ),
            row(
                "request_burst_per_client",
                "1-10000000",
                "",
                "Requests that a client may make at once before it has to keep to that rate: a page asks for dozens of files. By default ten times `requests_per_s_per_client`.",
            ),
            row(
                "idle_backend_connections",
                "1-100000",
                "128",
                "Connections kept open to one backend while unused, for each thread.",
            ),
            row(
                "drain_bytes",
                "1-1073741824",
                "65536",
                "Body of an early answer that is still read before the connection is closed.",
            ),
            row(
                "memory_bytes",
                "16777216-1125899906842624",
                "",
                "What the process may hold in memory, the kernel's memory for its sockets included. By default half of what the machine has available, or of what its control group allows; the roles of a node share that. From three quarters on sockets get less room each; at the ceiling a new connection needs the place of one that is idle or slow, or gets a 503; a quarter beyond it all requests do.",
            ),
        ],
    },
    Table {
        header: "[timeouts]",
        text: "All in milliseconds, from 1 to a day (86400000).",
        rows: &[
            row("head_ms", "ms", "10000", "From the first byte of a head to its end."),
            row("idle_ms", "ms", "60000", "A kept-alive client connection without a request."),
            row(
                "connect_ms",
                "ms",
                "250",
                "TCP to a backend; a TLS handshake gets a second at least.",
            ),
            row(
                "first_byte_ms",
                "ms",
                "60000",
                "From the request's end to the first byte of a backend's answer.",
            ),
            row("body_ms", "ms", "30000", "Between two reads or writes of a body."),
            row(
                "request_ms",
                "ms",
                "21600000",
                "A whole request with its answer; tunnels (WebSocket) are free of it.",
            ),
            row("backend_idle_ms", "ms", "30000", "An idle backend connection in the pool."),
            row("drain_ms", "ms", "1000", "Draining the body of an early answer."),
            row(
                "stop_ms",
                "ms",
                "10000",
                "How long a stopping process waits for requests in flight.",
            ),
            row(
                "tunnel_ms",
                "ms",
                "3600000",
                "An upgraded connection (WebSocket) on which nothing moves.",
            ),
            row(
                "handover_ms",
                "ms",
                "600000",
                "How long a process that was upgraded waits for its last requests and WebSockets.",
            ),
        ],
    },
    Table {
        header: "[access_log]",
        text: "A line for each request, written beside the work and never waited for: what the manual says of it is under *The access log*. In a cluster the balancers write it, each on its own node. It takes no more room than `max_bytes` × (`keep` + 1).",
        rows: &[
            row(
                "path",
                "file",
                "",
                "Relative to the data folder (`up`, `join`) or to this file (`run`); its folder is made where there is none. Required.",
            ),
            row(
                "format",
                "`json`, `common`, `combined`",
                "\"json\"",
                "`common` and `combined` as Apache and nginx write them; only `json` tells where the time went.",
            ),
            row(
                "max_bytes",
                "65536-1099511627776",
                "67108864",
                "The file is not longer: the next line begins another, and this one becomes `path.1`.",
            ),
            row("keep", "0-1000", "4", "Older files that are kept, `path.1` the newest of them."),
            row(
                "buffer_bytes",
                "65536-1073741824",
                "4194304",
                "What may wait in memory for a slow or full disk, beside 64 KiB for each thread. Lines that find no room are dropped and counted as `access_log`.",
            ),
        ],
    },
    Table {
        header: "[metrics]",
        text: "What a process has counted, for Prometheus: `http://ADDRESS/metrics`. [metrics.md](metrics.md) lists all of it. In a cluster the balancers have it, each its own.",
        rows: &[row(
            "address",
            "IP:port",
            "",
            "As `127.0.0.1:9180`: an address of its own, since it is not for visitors. Required.",
        )],
    },
];

#[cfg(test)]
mod tests;
