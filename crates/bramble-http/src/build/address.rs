//! A client's address as fields name it.

use std::{io::Write as _, net::IpAddr};

/// IPv6 in full.
const TEXT_BYTES_MAX: usize = 39;

/// An address in words, made once a connection: each request that goes on says it three times.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress {
    text: [u8; TEXT_BYTES_MAX],
    len: usize,
    is_ipv6: bool,
}

impl ClientAddress {
    /// An IPv4 address that is dressed as an IPv6 one is named as what it is.
    pub fn new(ip: IpAddr) -> ClientAddress {
        let ip = ip.to_canonical();
        let mut text = [0; TEXT_BYTES_MAX];
        let mut rest = &mut text[..];
        // Every address fits.
        let _ = write!(rest, "{ip}");
        let len = TEXT_BYTES_MAX - rest.len();
        ClientAddress { text, len, is_ipv6: ip.is_ipv6() }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.is_ipv6
    }
}

#[cfg(test)]
mod tests;
