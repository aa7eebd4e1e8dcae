//! Registering a descriptor with the core's epoll: the one place that needs `unsafe`.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Makes epoll watch a descriptor, edge-triggered, until the result is dropped.
///
/// # Errors
/// The kernel's limit of watches is reached.
#[allow(unsafe_code)]
pub(crate) fn watch(fd: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open, is ours alone, and names the same description until it is
    // dropped, which the `AsyncFd` that now owns it does last.
    let registered = unsafe { AsyncFd::register_with_interest(fd, interest) };
    registered.map_err(|e| e.into_parts().1)
}
