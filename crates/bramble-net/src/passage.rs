//! Passing open sockets to another process, with a few words about them.
//!
//! A passage is a pair of connected Unix sockets that keep messages apart. Sockets that are passed
//! are the same ones afterwards, with all that waits in them: nothing is closed, reset or lost.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, SocketFlags, SocketType,
    recvmsg, sendmsg, socketpair,
};

/// Sockets that one message takes; the kernel's limit is 253 (SCM_MAX_FD, unix(7)).
pub const SOCKETS_A_MESSAGE: usize = 64;

/// Words that one message takes. The kernel's limit is what a socket may buffer, 200 KiB.
pub const WORDS_BYTES: usize = 64 * 1024;

/// One end. Its calls block: it belongs on a thread of its own.
pub struct Passage(OwnedFd);

impl Passage {
    /// Both ends, the second for the other process.
    ///
    /// # Errors
    /// Descriptors have run out.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        let flags = SocketFlags::CLOEXEC;
        let (own, other) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        Ok((Self(own), other))
    }

    /// The end that this process was given.
    #[must_use]
    pub fn from_end(end: OwnedFd) -> Self {
        Self(end)
    }

    /// Another handle of the same end.
    ///
    /// # Errors
    /// Descriptors have run out.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    /// Sends a message: words, of which there is at least one byte, and sockets.
    ///
    /// # Errors
    /// There are too many of either, or the other process is gone.
    pub fn send(&self, words: &[u8], sockets: &[BorrowedFd<'_>]) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_A_MESSAGE))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let is_too_much = words.len() > WORDS_BYTES || sockets.len() > SOCKETS_A_MESSAGE;
        if words.is_empty()
            || is_too_much
            || !control.push(SendAncillaryMessage::ScmRights(sockets))
        {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        loop {
            match sendmsg(&self.0, &[IoSlice::new(words)], &mut control, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                sent => return Ok(sent.map(drop)?),
            }
        }
    }

    /// Lets what the other process sends from here on fail there.
    pub fn refuse_more(&self) {
        // It may be gone: then nothing comes.
        let _ = rustix::net::shutdown(&self.0, Shutdown::Read);
    }

    /// Waits for a message; none at the end. What was cut off by a limit is an error: something of
    /// it would be missing.
    ///
    /// # Errors
    /// The passage is broken.
    pub fn receive(&self) -> io::Result<Option<(Vec<u8>, Vec<OwnedFd>)>> {
        let mut words = vec![0; WORDS_BYTES];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_A_MESSAGE))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut words)];
        let message = loop {
            match recvmsg(&self.0, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Err(Errno::INTR) => {}
                message => break message?,
            }
        };
        let mut sockets = Vec::new();
        for part in control.drain() {
            if let RecvAncillaryMessage::ScmRights(more) = part {
                sockets.extend(more);
            }
        }
        if message.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        words.truncate(message.bytes);
        Ok((message.bytes > 0).then_some((words, sockets)))
    }
}

impl AsFd for Passage {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests;
