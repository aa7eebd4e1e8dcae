//! Hearing of a connection when its client has sent something.

use std::ffi::c_int;
use std::io;
use std::os::fd::AsFd;

use crate::option;

/// Whoever has sent nothing by then is accepted all the same.
const SECONDS: c_int = 1;

/// Lets the kernel keep connections until their first bytes have come (TCP_DEFER_ACCEPT, tcp(7)).
/// Then a first read finds them: no read in vain, no registering with epoll, and no turn of the
/// loop between accepting and answering. In HTTP, as in TLS, the client speaks first.
///
/// # Errors
/// The kernel does not know the option.
pub(crate) fn defer_accept(socket: impl AsFd) -> io::Result<()> {
    option::set(socket, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, SECONDS)
}
