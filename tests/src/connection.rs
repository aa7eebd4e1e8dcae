//! A visitor's raw connection.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};

use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

/// Connects from an address of the visitor's own. A program that another scenario starts meanwhile
/// does not keep it open. `room_bytes` is for what is not read; the kernel doubles it.
#[must_use]
#[track_caller]
pub fn connect_from(
    own: impl Into<IpAddr>,
    address: SocketAddr,
    room_bytes: Option<usize>,
) -> TcpStream {
    try_connect_from(own, address, room_bytes).expect("the program listens")
}

/// The same where nobody may listen, or somebody who is about to end.
///
/// # Errors
/// Why there is no connection.
pub fn try_connect_from(
    own: impl Into<IpAddr>,
    address: SocketAddr,
    room_bytes: Option<usize>,
) -> io::Result<TcpStream> {
    let (family, kind) = (AddressFamily::INET, SocketType::STREAM);
    let socket = rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None).unwrap();
    if let Some(bytes) = room_bytes {
        sockopt::set_socket_recv_buffer_size(&socket, bytes).unwrap();
    }
    rustix::net::bind(&socket, &SocketAddr::from((own.into(), 0))).unwrap();
    rustix::net::connect(&socket, &address)?;
    Ok(TcpStream::from(socket))
}
