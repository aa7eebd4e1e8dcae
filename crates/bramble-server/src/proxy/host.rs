//! What a backend gets as `Host`, where it has a name of its own.
//!
//! The head that goes on is built before anybody is picked, and each attempt may be at another.

use std::ops::Range;

use super::Exchange;
use crate::connection::Connection;
use crate::pool::Backend;

const FIELD: &[u8] = b"Host: ";

/// Lets the head that goes on name the backend's own host, or the visitor's again.
#[inline]
pub(super) fn name(c: &mut Connection, backend: &Backend, exchange: &mut Exchange) {
    let Some(mapped) = &mut exchange.mapped else { return };
    let own = backend.plan.host.as_deref();
    if own.is_some() || mapped.is_named {
        mapped.is_named = own.is_some();
        put(&mut c.forwarded, own.map_or(mapped.host.as_slice(), str::as_bytes));
    }
}

/// Puts a host into a head of our own making, whose second line is the field.
#[cold]
fn put(head: &mut Vec<u8>, host: &[u8]) {
    if let Some(value) = value(head) {
        head.splice(value, host.iter().copied());
    }
}

fn value(head: &[u8]) -> Option<Range<usize>> {
    let end_of_line = |from: usize| {
        let rest = head.get(from..)?;
        rest.windows(2).position(|two| two == b"\r\n").map(|at| from + at)
    };
    let start = end_of_line(0)? + 2;
    let end = end_of_line(start)?;
    let is_host = head.get(start..end)?.starts_with(FIELD);
    is_host.then_some(start + FIELD.len()..end)
}

#[cfg(test)]
mod tests;
