//! Addresses that scenarios running side by side don't take from each other.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

/// A free port of this host. Bound but not listening, it is handed out to nobody else for as
/// long as this lives, while a program that sets `SO_REUSEADDR` can still listen there.
pub struct Address {
    _reserved: OwnedFd,
    socket: SocketAddr,
}

impl Address {
    /// Lets the kernel choose.
    #[must_use]
    pub fn free() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let reserved = rustix::net::socket_with(
            AddressFamily::INET,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        sockopt::set_socket_reuseaddr(&reserved, true).unwrap();
        rustix::net::bind(&reserved, &any).unwrap();
        let socket = rustix::net::getsockname(&reserved).unwrap().try_into().unwrap();
        Self { _reserved: reserved, socket }
    }

    /// As a socket address.
    #[must_use]
    pub fn socket(&self) -> SocketAddr {
        self.socket
    }
}
