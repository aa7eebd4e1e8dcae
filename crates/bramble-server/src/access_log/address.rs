//! A client's address as lines say it, made ready once for a connection.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::room::Room;

/// The longest text of an IPv4 address is shorter.
const V4_BYTES: usize = 16;

/// An address. One of IPv4 is a text already.
#[derive(Clone, Copy)]
pub(crate) enum Address {
    V4 { text: [u8; V4_BYTES], len: u8 },
    V6(Ipv6Addr),
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::v4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

impl Address {
    fn v4(address: Ipv4Addr) -> Self {
        let mut text = [0; V4_BYTES];
        let mut left = &mut text[..];
        // There is room for any.
        let _ = write!(left, "{address}");
        let len = V4_BYTES - left.len();
        Self::V4 { text, len: len as u8 }
    }

    #[inline(always)]
    pub(super) fn write(&self, to: &mut Room<'_>) {
        match self {
            Self::V4 { text, len } => to.put_some(text, usize::from(*len)),
            Self::V6(address) => to.copy(address.to_string().as_bytes()),
        }
    }
}
