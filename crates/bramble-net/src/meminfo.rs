//! What the kernel holds for a socket: needs `unsafe`, since the option is none that rustix or
//! socket2 has.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// `SK_MEMINFO_*` of linux/sock_diag.h, of which there are nine.
const VALUES: usize = 9;

/// Bytes that belong to one socket, as the kernel counts them: with what it adds to the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SocketMemory {
    /// What waits to be read, to be sent or to be acknowledged, and what is set aside for that.
    pub(crate) bytes: u64,
    /// How much may wait to be read, as it is tuned now.
    pub(crate) receive_limit: u64,
}

/// Asks for it (SO_MEMINFO, Linux 4.12).
///
/// # Errors
/// The kernel does not know the option.
#[allow(unsafe_code)]
pub(crate) fn socket_memory(socket: BorrowedFd<'_>) -> io::Result<SocketMemory> {
    let mut values: [c_int; VALUES] = [0; VALUES];
    let mut len = size_of_val(&values) as libc::socklen_t;
    let (level, option): (c_int, c_int) = (libc::SOL_SOCKET, libc::SO_MEMINFO);
    // SAFETY: the descriptor is open, and the kernel writes at most `len` bytes to `values`, for
    // which any bytes are values.
    let got = unsafe {
        let to = values.as_mut_ptr().cast();
        libc::getsockopt(socket.as_raw_fd(), level, option, to, &raw mut len)
    };
    if got != 0 {
        return Err(io::Error::last_os_error());
    }
    // What is set aside is below zero at times: it is read while others change it.
    let [received, receive_limit, _, _, set_aside, queued, options, backlog, _] =
        values.map(|value| u64::try_from(value).unwrap_or(0));
    Ok(SocketMemory { bytes: received + set_aside + queued + options + backlog, receive_limit })
}
