//! Setting a socket's option that is a number: needs `unsafe`, for those that neither rustix nor
//! socket2 has.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Sets it.
///
/// # Errors
/// The kernel does not know the option.
#[allow(unsafe_code)]
pub(crate) fn set(socket: impl AsFd, level: c_int, option: c_int, value: c_int) -> io::Result<()> {
    let len = size_of_val(&value) as libc::socklen_t;
    let socket = socket.as_fd();
    // SAFETY: the descriptor is open, and the value is a whole `int` that outlives the call.
    let set = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), len)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
