//! The keys of `[pool.sticky]`.

use super::{Table, row};

pub(super) const TABLE: Table = Table {
    header: "[pool.sticky]",
    text: "Sessions that stay with their backend: a request that names a backend's `route` goes there. What else there is to know is in the manual under *Sessions*.",
    rows: &[
        row(
            "cookie",
            "name",
            "",
            "Cookie whose value ends in the separator and a route, as an app server sets it with a session, or with `set` the balancer. Required.",
        ),
        row(
            "parameter",
            "name",
            "",
            "Parameter of the query (`?NAME=`) or of a path's segment (`;NAME=`) with such a value. It goes before the cookie, whose name is the default.",
        ),
        row(
            "separator",
            "text",
            "\".\"",
            "Stands before the route; of several in a value the first counts. Empty: the whole value is the route.",
        ),
        row(
            "set",
            "true, false",
            "false",
            "The balancer sets the cookie itself, `NAME=.ROUTE; Path=/; HttpOnly; SameSite=Lax`, and `Secure` for visitors with TLS: where a request names no route, or another backend than that of its route has answered.",
        ),
        row(
            "failover",
            "true, false",
            "true",
            "Whether another backend is asked where that of a session, and the one of its `redirect`, can't be used. Otherwise the request gets a 503. Apache: `nofailover`.",
        ),
    ],
};
