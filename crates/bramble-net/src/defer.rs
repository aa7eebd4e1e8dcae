//! Hearing of a connection when its client has sent something: needs `unsafe`, since the option is
//! none that rustix or socket2 has.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// Whoever has sent nothing by then is accepted all the same.
const SECONDS: c_int = 1;

/// Lets the kernel keep connections until their first bytes have come (TCP_DEFER_ACCEPT, tcp(7)).
/// Then a first read finds them: no read in vain, no registering with epoll, and no turn of the
/// loop between accepting and answering. In HTTP, as in TLS, the client speaks first.
///
/// # Errors
/// The kernel does not know the option.
#[allow(unsafe_code)]
pub(crate) fn defer_accept(socket: &OwnedFd) -> io::Result<()> {
    let seconds = SECONDS;
    let len = size_of_val(&seconds) as libc::socklen_t;
    let (level, option) = (libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT);
    // SAFETY: the descriptor is open, and the value is a whole `int` that outlives the call.
    let set = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const seconds).cast(), len)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
