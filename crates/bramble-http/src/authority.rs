//! The authority of a request: a host and a port, as in `Host` and in absolute targets.

use std::net::Ipv6Addr;

use crate::scan;

/// The longest host name in DNS, with its final dot.
const HOST_BYTES_MAX: usize = 254;

/// A checked authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// A name, an IPv4 address, or an IPv6 address in its brackets; never empty.
    pub host: &'a [u8],
    /// The port if one was given.
    pub port: Option<u16>,
}

/// Reads `host` or `host:port`. Stricter than RFC 3986: no user, no percent-encoding, no empty
/// label or port, nothing that two readers could take for different hosts.
pub fn parse_authority(bytes: &[u8]) -> Option<Authority<'_>> {
    let host_len = match bytes.first() {
        Some(b'[') => memchr::memchr(b']', bytes)? + 1,
        _ => scan::run(bytes, scan::HOST),
    };
    let (host, rest) = bytes.split_at_checked(host_len)?;
    let port = match rest {
        [] => None,
        [b':', digits @ ..] => Some(port(digits)?),
        _ => return None,
    };
    is_host(host).then_some(Authority { host, port })
}

fn port(digits: &[u8]) -> Option<u16> {
    let is_number = digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit);
    let port: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (is_number && port > 0).then_some(port)
}

fn is_host(host: &[u8]) -> bool {
    match host {
        [] | [b'.', ..] => false,
        [b'[', address @ .., b']'] => {
            std::str::from_utf8(address).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
        }
        name => name.len() <= HOST_BYTES_MAX && !name.windows(2).any(|pair| pair == b".."),
    }
}

#[cfg(test)]
mod tests;
