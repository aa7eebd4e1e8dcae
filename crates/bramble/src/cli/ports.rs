//! Is an address free? Asked before anything is made, so that a port that is taken leaves
//! nothing half-done.

use std::io;
use std::net::{SocketAddr, TcpListener};

use crate::exit::Failure;

/// Binds the address for a moment; `change` is how another can be chosen. Answers the address,
/// with the port that was found where it had 0.
///
/// # Errors
/// It can't be had: why, and what to do.
pub fn check(address: SocketAddr, change: &str) -> Result<SocketAddr, Failure> {
    let bound = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    bound.map_err(|error| {
        let failure = Failure::failed(format!("can't listen on {address}: {error}"));
        failure.hint(hint(address, error.kind(), change))
    })
}

fn hint(address: SocketAddr, error: io::ErrorKind, change: &str) -> String {
    let port = address.port();
    match error {
        io::ErrorKind::AddrInUse => {
            format!("stop what holds port {port} (`ss -ltnp` lists who listens), or {change}")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{} is no address of this machine: {change}", address.ip())
        }
        io::ErrorKind::PermissionDenied => {
            format!("ports below 1024 are root's: take one from 1024 on ({change})")
        }
        _ => change.to_owned(),
    }
}
