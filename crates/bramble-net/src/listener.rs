//! Listening sockets, and how a core accepts from them.
//!
//! An address has one socket a core, bound with `SO_REUSEPORT`, so the kernel spreads
//! connections and no lock is needed. The sockets are the process's, not the cores': a core
//! that goes leaves its socket, with all that waits in it, to another. Accepted sockets are not
//! registered with epoll: see [`Stream`].

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::defer::defer_accept;
use crate::stream::Stream;
use crate::watch::watch;

/// Connections that the kernel completes and keeps for us before `accept` (bounded by
/// `net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// What the kernel keeps of an answer that it can't send yet. More would make nothing faster: it
/// is what the client's window does not take. By default a reader that stands still holds up to
/// 4 MiB, and 500 of them all memory that TCP has on a machine of 24 GiB (`net.ipv4.tcp_mem`);
/// then everybody's packets are lost.
pub(crate) const UNSENT_BYTES: u32 = 64 * 1024;

/// A socket that listens, whoever accepts from it. Closing the last of those that were made of
/// it resets what waits in it.
pub struct ListenSocket {
    socket: OwnedFd,
    address: SocketAddr,
}

/// Accepts TCP connections from one socket on one core.
pub struct Listener {
    socket: AsyncFd<OwnedFd>,
    address: SocketAddr,
}

impl ListenSocket {
    /// Binds and listens.
    ///
    /// # Errors
    /// The address is taken, not ours, or not permitted.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = open(address)?;
        sockopt::set_socket_reuseport(&socket, true)?;
        set_options(&socket, address)?;
        rustix::net::bind(&socket, &address)?;
        rustix::net::listen(&socket, BACKLOG)?;
        let address = local_address(&socket)?;
        Ok(Self { socket, address })
    }

    /// One that a service manager made, which knows nothing of how it is used.
    ///
    /// # Errors
    /// It is none that listens at an IP address.
    pub fn given(socket: OwnedFd) -> io::Result<Self> {
        let given = Self::inherited(socket)?;
        rustix::io::ioctl_fionbio(&given.socket, true)?;
        set_options(&given.socket, given.address)?;
        Ok(given)
    }

    /// One that another process of ours made.
    ///
    /// # Errors
    /// It is none that listens at an IP address.
    pub fn inherited(socket: OwnedFd) -> io::Result<Self> {
        if !sockopt::socket_acceptconn(&socket)? {
            return Err(io::Error::other("the socket does not listen"));
        }
        let address = local_address(&socket)?;
        Ok(Self { socket, address })
    }

    /// Asks whether nobody else listens there, and which port port 0 becomes.
    ///
    /// Sockets with `SO_REUSEPORT` would share an address with another process of the same
    /// user without a word; this one has it not, so it is refused.
    ///
    /// # Errors
    /// The address is taken, not ours, or not permitted.
    pub fn reserve(address: SocketAddr) -> io::Result<SocketAddr> {
        let socket = open(address)?;
        rustix::net::bind(&socket, &address)?;
        local_address(&socket)
    }

    /// Where it listens, with the port that the kernel chose for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl AsFd for ListenSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Listener {
    /// Lets this core accept from the socket.
    ///
    /// # Errors
    /// Descriptors or memory have run out.
    pub fn share(socket: &ListenSocket) -> io::Result<Self> {
        // A descriptor of its own: it can be dropped while another core still accepts.
        let own = socket.socket.try_clone()?;
        Ok(Self { socket: watch(own, Interest::READABLE)?, address: socket.address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the next connection.
    ///
    /// # Errors
    /// Descriptors or memory have run out (the caller pauses), or the socket broke.
    pub async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        loop {
            match self.try_accept() {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    self.socket.readable().await?.clear_ready();
                    // An event that came before the flag was cleared is looked at here.
                    match self.try_accept() {
                        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                        other => return other,
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::ConnectionAborted => {}
                other => return other,
            }
        }
    }

    fn try_accept(&self) -> io::Result<(Stream, SocketAddr)> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (socket, peer) = rustix::net::acceptfrom_with(&self.socket, flags)?;
        let peer = peer.and_then(|p| SocketAddr::try_from(p).ok());
        let peer = peer.ok_or_else(|| io::Error::other("the peer has no IP address"))?;
        Ok((Stream::from_socket(socket), peer))
    }
}

/// What accepted sockets inherit, which saves system calls a connection, and when they are there.
fn set_options(socket: &OwnedFd, address: SocketAddr) -> io::Result<()> {
    sockopt::set_tcp_nodelay(socket, true)?;
    SockRef::from(socket).set_tcp_notsent_lowat(UNSENT_BYTES)?;
    spare_pacing(socket, address);
    defer_accept(socket)
}

/// Whoever is on this machine, as a tunnel's end is, has no link that could be too slow for us.
/// Where BBR is the default, the kernel would arm a timer for each 64 KiB all the same: 7 % of what
/// a body of 1 MiB costs. Reno does not, and is in every kernel; where it may not be set
/// (net.ipv4.tcp_allowed_congestion_control) things are as they were.
pub(crate) fn spare_pacing(socket: &OwnedFd, address: SocketAddr) {
    if address.ip().to_canonical().is_loopback() {
        let _ = sockopt::set_tcp_congestion(socket, "reno");
    }
}

fn open(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    Ok(socket)
}

fn local_address(socket: &OwnedFd) -> io::Result<SocketAddr> {
    SocketAddr::try_from(rustix::net::getsockname(socket)?)
        .map_err(|_| io::Error::other("the listener has no IP address"))
}

#[cfg(test)]
mod tests;
