//! Settings that the importer knows and bramble does not have yet. Whoever adds one takes its line
//! out; a test says when that was forgotten.

/// Keys, some with the one value that is meant.
const NOT_YET: &[&str] = &[
    "pool.backend.connect_ms",
    "pool.backend.first_byte_ms",
    "pool.backend.host",
    "pool.backend.ignore_errors",
    "pool.backend.redirect",
    "pool.backend.reserve",
    "pool.backend.retry_ms",
    "pool.backend.route",
    "pool.backend.set",
    "pool.backend.state = \"stopped\"",
    "pool.fail_on_status",
    "pool.fail_on_timeout",
    "pool.force_recovery",
    "pool.max_attempts",
    "pool.method = \"by_busyness\"",
    "pool.method = \"by_traffic\"",
    "pool.sticky.cookie",
    "pool.sticky.failover",
    "pool.sticky.parameter",
    "pool.sticky.separator",
    "pool.sticky.set",
];

/// Whether bramble has it.
pub(crate) fn is_there(key: &str, value: &str) -> bool {
    !NOT_YET.iter().any(|one| *one == key || *one == format!("{key} = {value}"))
}

#[cfg(test)]
mod tests;
