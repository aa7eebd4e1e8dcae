//! Choosing a port that stays ours.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rustix::rand::GetRandomFlags;

use crate::listener::ListenSocket;

/// Where the kernel says from which ports it serves outgoing connections.
const OUTGOING: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// Linux' own default of its beginning.
const OUTGOING_FIRST: u16 = 32_768;
/// Ports that are tried below it.
const TRIED: u16 = 8_192;

/// A free port on `ip`, for a listener whose address others will remember. It lies below the
/// ports of outgoing connections, so that none of those can take it while we are down.
///
/// # Errors
/// The address is not ours, or every port is taken.
pub fn steady_port(ip: IpAddr) -> io::Result<u16> {
    let range = std::fs::read_to_string(OUTGOING).unwrap_or_default();
    let last = first_outgoing(&range).saturating_sub(1);
    // Whoever starts at the same time should not try the same ports: what is found free here
    // is bound only later.
    let start = random()?;
    let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
    for i in 0..TRIED {
        let port = last.saturating_sub(start.wrapping_add(i) % TRIED).max(1024);
        match ListenSocket::reserve(SocketAddr::new(ip, port)) {
            Ok(_) => return Ok(port),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => refused = error,
            Err(error) => return Err(error),
        }
    }
    Err(refused)
}

fn random() -> io::Result<u16> {
    let mut bytes = [0; 2];
    rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(u16::from_ne_bytes(bytes))
}

fn first_outgoing(range: &str) -> u16 {
    let first = range.split_whitespace().next().and_then(|first| first.parse().ok());
    first.filter(|first| *first > 1024 + TRIED).unwrap_or(OUTGOING_FIRST)
}

#[cfg(test)]
mod tests;
