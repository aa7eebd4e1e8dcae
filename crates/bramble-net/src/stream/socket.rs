//! A non-blocking TCP socket that meets epoll only when it must.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, Shutdown, SocketFlags, SocketType, sockopt};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::ledger::Grant;
use crate::listener::{UNSENT_BYTES, spare_pacing};
use crate::option;
use crate::queues::{Counted, Queue, Queues};
use crate::watch::watch_or_return;

/// Socket and what is known of its readiness.
pub(super) struct Socket {
    fd: Fd,
    /// Where its memory is entered.
    counted: Option<Counted>,
    /// A `recv` may yield something.
    readable: bool,
    /// A `send` may take something.
    writable: bool,
}

enum Fd {
    /// Not known to epoll.
    Bare(OwnedFd),
    Watched(Watched),
    /// Others have it, too; every use says so.
    Lost,
}

struct Watched {
    /// Left before the descriptor is closed.
    queue: Option<Queue>,
    fd: AsyncFd<Rc<OwnedFd>>,
}

impl Socket {
    /// An accepted socket: a first read and write are worth trying.
    pub(super) fn connected(socket: OwnedFd) -> Self {
        Self { fd: Fd::Bare(socket), counted: None, readable: true, writable: true }
    }

    /// Starts to connect, with so much room for what is not read; `poll_connected` tells the
    /// outcome.
    pub(super) fn connect(address: SocketAddr, room: Option<usize>) -> io::Result<Self> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        // Of a body that its peer does not take the kernel would keep up to 4 MiB.
        SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT_BYTES)?;
        spare_pacing(&socket, address);
        // Before it is connected: the window that it offers goes by that.
        room.map_or(Ok(()), |bytes| sockopt::set_socket_recv_buffer_size(&socket, bytes))?;
        let writable = match rustix::net::connect(&socket, &address) {
            Ok(()) => true,
            Err(Errno::INPROGRESS) => false,
            Err(e) => return Err(e.into()),
        };
        // An answer can't be there before the request is sent.
        Ok(Self { fd: Fd::Bare(socket), counted: None, readable: false, writable })
    }

    pub(super) fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.writable {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_writable(cx))?;
        match sockopt::socket_error(self.fd()?) {
            Ok(Ok(())) => Poll::Ready(Ok(())),
            Ok(Err(e)) | Err(e) => Poll::Ready(Err(e.into())),
        }
    }

    pub(super) fn recv(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let wanted = buf.len();
        let n = self.recv_with(buf, RecvFlags::empty())?;
        self.readable = n == wanted || n == 0;
        Ok(n)
    }

    /// Reads without taking.
    pub(super) fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.recv_with(buf, RecvFlags::PEEK)
    }

    /// Takes out as many bytes as `seen` has, which peeking has shown; TCP does not copy them once
    /// more (MSG_TRUNC, tcp(7)). With the last of them the socket may be emptied.
    pub(super) fn remove(&mut self, seen: &mut [u8], is_emptied: bool) -> io::Result<()> {
        if self.recv_with(seen, RecvFlags::TRUNC)? != seen.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.readable = !is_emptied;
        Ok(())
    }

    fn recv_with(&mut self, buf: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
        if !self.readable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        loop {
            match rustix::net::recv(self.fd()?, &mut *buf, flags) {
                Ok((n, _)) => return Ok(n),
                Err(Errno::AGAIN) => {
                    self.readable = false;
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Err(Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Takes nothing, and leaves to epoll what it has to say.
    pub(super) fn is_silent(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let peeked = self.fd().map(|fd| rustix::net::recv(fd, &mut [0; 1], flags));
        matches!(peeked, Ok(Err(Errno::AGAIN)))
    }

    pub(super) fn send(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if !self.writable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        loop {
            match rustix::io::writev(self.fd()?, bufs) {
                Err(Errno::INTR) => {}
                other => return self.written(other),
            }
        }
    }

    pub(super) fn send_file(
        &mut self,
        file: BorrowedFd<'_>,
        offset: &mut u64,
        count: usize,
    ) -> io::Result<usize> {
        if !self.writable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let sent = rustix::fs::sendfile(self.fd()?, file, Some(offset), count);
        self.written(sent)
    }

    fn written(&mut self, result: rustix::io::Result<usize>) -> io::Result<usize> {
        if result == Err(Errno::AGAIN) {
            self.writable = false;
        }
        result.map_err(io::Error::from)
    }

    /// Whether epoll has told of something that nobody has read. It also tells of what was read by
    /// then along with what it had told of before, as the last parts of a long answer are.
    pub(super) fn has_news(&mut self) -> bool {
        let is_told = self.readable || self.is_told().unwrap_or(true);
        self.readable = is_told && !self.is_silent();
        self.readable
    }

    /// Whether epoll has told of something since it was asked last. Nobody is woken by the next.
    fn is_told(&mut self) -> io::Result<bool> {
        let Fd::Watched(watched) = &self.fd else { return self.watch().map(|_| false) };
        let mut told = false;
        // To say that it would block takes note of what was told.
        let _ = watched.fd.try_io(Interest::READABLE, |_| -> io::Result<()> {
            told = true;
            Err(io::ErrorKind::WouldBlock.into())
        });
        Ok(told)
    }

    /// Whether a `recv` is worth trying, as far as is known.
    pub(super) fn is_readable(&self) -> bool {
        self.readable
    }

    pub(super) fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Whoever was woken need not be woken again: to ask is a quarter of the work.
        if !self.readable && !self.is_told()? {
            ready!(self.watch()?.fd.poll_read_ready(cx))?.clear_ready();
        }
        self.readable = true;
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.writable {
            let watched = self.watch()?;
            let Poll::Ready(guard) = watched.fd.poll_write_ready(cx) else {
                watched.queue.iter().for_each(Queue::is_full);
                return Poll::Pending;
            };
            guard?.clear_ready();
            self.writable = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when epoll has told of a reset, or of an end before which fewer than `missing` bytes
    /// wait to be read. To wait for the one is to take note of what else was told.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>, missing: u64) -> Poll<()> {
        // One that can't be watched is found out when it is used.
        let Ok(watched) = self.watch() else { return Poll::Pending };
        let (mut told_readable, mut told_writable) = (false, false);
        while let Poll::Ready(told) = watched.fd.poll_write_ready(cx) {
            let Ok(mut told) = told else { return Poll::Ready(()) };
            if told.ready().is_write_closed() {
                return Poll::Ready(());
            }
            told.clear_ready();
            told_writable = true;
        }
        let is_cut = missing > 0
            && watched.is_ended(cx, &mut told_readable)
            && watched.unread_bytes() < missing;
        self.readable |= told_readable;
        self.writable |= told_writable;
        if is_cut { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(super) fn shutdown_write(&self) {
        // The peer may be gone already: then there is nobody to tell.
        if let Ok(fd) = self.fd() {
            let _ = rustix::net::shutdown(fd, Shutdown::Write);
        }
    }

    pub(super) fn forget_when_closed(&self) {
        // Below zero: not at all (TCP_LINGER2, tcp(7)). One that is broken is forgotten anyway.
        if let Ok(fd) = self.fd() {
            let _ = option::set(fd, libc::IPPROTO_TCP, libc::TCP_LINGER2, -1);
        }
    }

    pub(super) fn reset_when_closed(&self) {
        // If it is broken already, it can't end in order either.
        if let Ok(fd) = self.fd() {
            let _ = sockopt::set_socket_linger(fd, Some(Duration::ZERO));
        }
    }

    /// Enters its memory from now on.
    pub(super) fn count_in(&mut self, queues: &Rc<Queues>, usual_bytes: Option<usize>) {
        let counted = Counted::new(queues, usual_bytes);
        if let Fd::Watched(Watched { queue, fd }) = &mut self.fd {
            *queue = Some(counted.enter(fd.get_ref()));
        }
        self.counted = Some(counted);
    }

    /// Enters what TLS takes.
    pub(super) fn grant_tls(&self) -> Option<Grant> {
        self.counted.as_ref().map(Counted::tls)
    }

    /// Nobody reads from it for now, though so many bytes will come.
    pub(super) fn will_fill(&self, bytes: u64) {
        if let Fd::Watched(Watched { queue: Some(queue), .. }) = &self.fd {
            queue.will_fill(bytes);
        }
    }

    /// Leaves epoll. What that would have told is found out by trying.
    pub(super) fn unwatch(&mut self) {
        self.fd = match std::mem::replace(&mut self.fd, Fd::Lost) {
            Fd::Watched(watched) => watched.end(),
            other => other,
        };
        (self.readable, self.writable) = (true, true);
    }

    /// The descriptor, if epoll does not know it.
    pub(super) fn into_bare(self) -> Result<OwnedFd, Self> {
        match self.fd {
            Fd::Bare(fd) => Ok(fd),
            Fd::Watched(_) | Fd::Lost => Err(self),
        }
    }

    pub(super) fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        match &self.fd {
            Fd::Bare(fd) => Ok(fd.as_fd()),
            Fd::Watched(watched) => Ok(watched.fd.get_ref().as_fd()),
            Fd::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Registers with epoll, once. Where that fails, all but waiting goes on.
    fn watch(&mut self) -> io::Result<&Watched> {
        if matches!(self.fd, Fd::Bare(_))
            && let Fd::Bare(fd) = std::mem::replace(&mut self.fd, Fd::Lost)
        {
            self.fd = match watch_or_return(Rc::new(fd), Interest::READABLE | Interest::WRITABLE) {
                Ok(fd) => {
                    let queue = self.counted.as_ref().map(|counted| counted.enter(fd.get_ref()));
                    Fd::Watched(Watched { queue, fd })
                }
                Err((fd, error)) => {
                    self.fd = bare(fd);
                    return Err(error);
                }
            };
        }
        match &self.fd {
            Fd::Watched(watched) => Ok(watched),
            Fd::Bare(_) | Fd::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Watched {
    /// Whether the peer has ended its side, as far as epoll has told. What else that has told of is
    /// taken note of: as long as it stands, nobody is woken by the end.
    fn is_ended(&self, cx: &mut Context<'_>, told_readable: &mut bool) -> bool {
        while let Poll::Ready(told) = self.fd.poll_read_ready(cx) {
            let Ok(mut told) = told else { return true };
            if told.ready().is_read_closed() {
                return true;
            }
            told.clear_ready();
            *told_readable = true;
        }
        false
    }

    fn unread_bytes(&self) -> u64 {
        rustix::io::ioctl_fionread(self.fd.get_ref()).unwrap_or(u64::MAX)
    }

    /// The descriptor, which nobody else has any more.
    fn end(self) -> Fd {
        drop(self.queue);
        bare(self.fd.into_inner())
    }
}

fn bare(fd: Rc<OwnedFd>) -> Fd {
    Rc::try_unwrap(fd).map_or(Fd::Lost, Fd::Bare)
}
