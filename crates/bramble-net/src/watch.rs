//! Registering a descriptor with the core's epoll: the one place that needs `unsafe`.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;

use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdRegisterError};

/// What keeps a descriptor open for as long as it lives.
pub(crate) trait KeepsOpen: AsRawFd {}

impl KeepsOpen for OwnedFd {}

impl KeepsOpen for Rc<OwnedFd> {}

/// Makes epoll watch a descriptor, edge-triggered, until the result is dropped.
///
/// # Errors
/// The kernel's limit of watches is reached.
pub(crate) fn watch<F: KeepsOpen>(fd: F, interest: Interest) -> io::Result<AsyncFd<F>> {
    watch_or_return(fd, interest).map_err(|(_, error)| error)
}

/// The same, for whoever goes on with the descriptor where it can't be watched.
///
/// # Errors
/// The kernel's limit of watches is reached.
#[allow(unsafe_code)]
pub(crate) fn watch_or_return<F: KeepsOpen>(
    fd: F,
    interest: Interest,
) -> Result<AsyncFd<F>, (F, io::Error)> {
    // SAFETY: an `OwnedFd` is open and names the same description until it is dropped, which the
    // `AsyncFd` that now owns it, or a part in it, does last.
    let registered = unsafe { AsyncFd::register_with_interest(fd, interest) };
    registered.map_err(AsyncFdRegisterError::into_parts)
}
