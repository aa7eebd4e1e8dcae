//! Opening a path without ever leaving a folder, and without following any link.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

/// Without O_NONBLOCK a named pipe would hold the whole core up.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// Opens what is there to be read; none if it is nothing of this folder, or nothing at all.
pub(super) fn open_beneath(folder: &OwnedFd, path: &[u8]) -> io::Result<Option<OwnedFd>> {
    let relative = path.strip_prefix(b"/").unwrap_or(path);
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let opened = match openat2(folder, relative, READ, Mode::empty(), resolve) {
        // Linux before 5.6, valgrind, and seccomp profiles that do not know it.
        Err(Errno::NOSYS | Errno::PERM) => open_by_steps(folder.as_fd(), relative),
        opened => opened,
    };
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::LOOP
            | Errno::XDEV
            | Errno::ACCESS
            | Errno::NAMETOOLONG
            | Errno::NXIO
            | Errno::INVAL,
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The same, name by name: each is opened beneath the one before, whatever becomes of the path
/// meanwhile, and none if it is a link or leads up.
fn open_by_steps(folder: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
    let mut names = path.split(|byte| *byte == b'/');
    let last = names.next_back().unwrap_or_default();
    let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut reached: Option<OwnedFd> = None;
    for name in names {
        let above = reached.as_ref().map_or(folder, AsFd::as_fd);
        reached = Some(open_one(above, name, step)?);
    }
    open_one(reached.as_ref().map_or(folder, AsFd::as_fd), last, READ)
}

fn open_one(above: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    if matches!(name, b"" | b"." | b"..") {
        return Err(Errno::XDEV);
    }
    openat(above, name, flags | OFlags::NOFOLLOW, Mode::empty())
}

#[cfg(test)]
mod tests;
