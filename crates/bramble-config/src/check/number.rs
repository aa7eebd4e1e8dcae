//! Numbers: each has a range, and a value outside is refused, never clamped.

use std::fmt::Display;
use std::ops::RangeInclusive;

use toml::Spanned;

use crate::error::{Finding, Findings};
use crate::plan::{Limits, Timeouts};
use crate::raw;

/// A process takes ten at rest.
const MEMORY_BYTES: RangeInclusive<i64> = 16 << 20..=1 << 50;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

type Number = Option<Spanned<i64>>;

/// The number if it is within the range, the default where none is given.
pub(crate) fn in_range<T: TryFrom<i64>>(
    key: &str,
    raw: Option<&Spanned<i64>>,
    range: RangeInclusive<i64>,
    default: T,
    findings: &mut Findings,
) -> T {
    let Some(number) = raw else { return default };
    let value = *number.as_ref();
    match T::try_from(value) {
        Ok(value_of_type) if range.contains(&value) => value_of_type,
        _ => {
            let message = format!("`{key}` is {value}");
            findings.add(out_of_range(number, message, range.start(), range.end()));
            default
        }
    }
}

/// A fault that says the range.
pub(crate) fn out_of_range<T>(
    at: &Spanned<T>,
    message: String,
    from: impl Display,
    to: impl Display,
) -> Finding {
    let help = format!("give a number from {from} to {to}");
    Finding::new(at.span(), message).label("out of range").help(help)
}

/// Milliseconds from 1 to a day.
pub(crate) fn ms(key: &str, raw: &Number, default: u64, findings: &mut Findings) -> u64 {
    in_range(key, raw.as_ref(), 1..=DAY_MS, default, findings)
}

/// The same of a key that something else stands for where it is not given.
pub(crate) fn own_ms(key: &str, raw: &Number, findings: &mut Findings) -> Option<u64> {
    raw.as_ref().map(|_| ms(key, raw, 1, findings))
}

pub(crate) fn limits(raw: &raw::Limits, findings: &mut Findings) -> Limits {
    let or = Limits::default();
    let limits = Limits {
        head_bytes: size("head_bytes", &raw.head_bytes, 1 << 20, or.head_bytes, findings),
        fields: size("fields", &raw.fields, 10_000, or.fields, findings),
        target_bytes: size("target_bytes", &raw.target_bytes, 1 << 20, or.target_bytes, findings),
        chunk_extension_line_bytes: size(
            "chunk_extension_line_bytes",
            &raw.chunk_extension_line_bytes,
            1 << 16,
            or.chunk_extension_line_bytes,
            findings,
        ),
        chunk_extension_body_bytes: size(
            "chunk_extension_body_bytes",
            &raw.chunk_extension_body_bytes,
            1 << 30,
            or.chunk_extension_body_bytes,
            findings,
        ),
        informational: size("informational", &raw.informational, 1000, or.informational, findings),
        body_bytes: size("body_bytes", &raw.body_bytes, i64::MAX, or.body_bytes, findings),
        body_bytes_per_s: size(
            "body_bytes_per_s",
            &raw.body_bytes_per_s,
            1 << 30,
            or.body_bytes_per_s,
            findings,
        ),
        connections: size("connections", &raw.connections, 1_000_000, or.connections, findings),
        connections_per_client: size(
            "connections_per_client",
            &raw.connections_per_client,
            1_000_000,
            or.connections_per_client,
            findings,
        ),
        requests_per_connection: size(
            "requests_per_connection",
            &raw.requests_per_connection,
            i64::from(u32::MAX),
            or.requests_per_connection,
            findings,
        ),
        requests_per_s_per_client: rate(raw, findings),
        request_burst_per_client: burst(raw, findings),
        idle_backend_connections: size(
            "idle_backend_connections",
            &raw.idle_backend_connections,
            100_000,
            or.idle_backend_connections,
            findings,
        ),
        drain_bytes: size("drain_bytes", &raw.drain_bytes, 1 << 30, or.drain_bytes, findings),
        memory_bytes: raw
            .memory_bytes
            .as_ref()
            .map(|bytes| in_range("memory_bytes", Some(bytes), MEMORY_BYTES, 0, findings)),
    };
    check_target(raw, &limits, findings);
    limits
}

pub(crate) fn timeouts(raw: &raw::Timeouts, findings: &mut Findings) -> Timeouts {
    let or = Timeouts::default();
    Timeouts {
        head_ms: ms("head_ms", &raw.head_ms, or.head_ms, findings),
        idle_ms: ms("idle_ms", &raw.idle_ms, or.idle_ms, findings),
        connect_ms: ms("connect_ms", &raw.connect_ms, or.connect_ms, findings),
        first_byte_ms: ms("first_byte_ms", &raw.first_byte_ms, or.first_byte_ms, findings),
        body_ms: ms("body_ms", &raw.body_ms, or.body_ms, findings),
        request_ms: ms("request_ms", &raw.request_ms, or.request_ms, findings),
        backend_idle_ms: ms("backend_idle_ms", &raw.backend_idle_ms, or.backend_idle_ms, findings),
        drain_ms: ms("drain_ms", &raw.drain_ms, or.drain_ms, findings),
        stop_ms: ms("stop_ms", &raw.stop_ms, or.stop_ms, findings),
        tunnel_ms: ms("tunnel_ms", &raw.tunnel_ms, or.tunnel_ms, findings),
        handover_ms: ms("handover_ms", &raw.handover_ms, or.handover_ms, findings),
    }
}

fn size<T: TryFrom<i64>>(
    key: &str,
    raw: &Number,
    most: i64,
    default: T,
    findings: &mut Findings,
) -> T {
    in_range(key, raw.as_ref(), 1..=most, default, findings)
}

fn rate(raw: &raw::Limits, findings: &mut Findings) -> Option<u32> {
    let rate = raw.requests_per_s_per_client.as_ref()?;
    Some(in_range("requests_per_s_per_client", Some(rate), 1..=1_000_000, 1, findings))
}

fn burst(raw: &raw::Limits, findings: &mut Findings) -> Option<u32> {
    let burst = raw.request_burst_per_client.as_ref()?;
    if raw.requests_per_s_per_client.is_none() {
        let message = "`request_burst_per_client` without `requests_per_s_per_client`";
        let help = "say as well how many requests a second a client may make";
        findings.add(Finding::new(burst.span(), message).label("limits nothing").help(help));
    }
    Some(in_range("request_burst_per_client", Some(burst), 1..=10_000_000, 1, findings))
}

fn check_target(raw: &raw::Limits, limits: &Limits, findings: &mut Findings) {
    let Some(at) = raw.target_bytes.as_ref().or(raw.head_bytes.as_ref()) else { return };
    if limits.target_bytes > limits.head_bytes {
        let message = format!(
            "`target_bytes` ({}) is more than `head_bytes` ({})",
            limits.target_bytes, limits.head_bytes
        );
        let help = "the target is a part of the head: lower the one or raise the other";
        findings.add(Finding::new(at.span(), message).label("no head can hold it").help(help));
    }
}
