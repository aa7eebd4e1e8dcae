//! A connection of the data path: TCP, plain or TLS.
//!
//! Every operation is tried first and waited for only when it would block. A socket is
//! registered with epoll after its first would-block, so a connection that is accepted, read,
//! answered and closed costs no `epoll_ctl`. A read that did not fill the buffer has emptied
//! the socket (edge-triggered epoll tells of more), so it is not tried again in vain.

mod pass;
mod secure;
mod socket;

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

pub use pass::Passed;

use crate::queues::Queues;
use crate::tls::{Acceptor, Connector, KeyId};
use secure::Secure;
use socket::Socket;

/// One connection, owned by one core.
pub struct Stream {
    socket: Socket,
    tls: Option<Box<Secure>>,
}

impl Stream {
    /// Of a connected socket that does not block.
    #[must_use]
    pub fn from_socket(socket: OwnedFd) -> Self {
        Self { socket: Socket::connected(socket), tls: None }
    }

    /// Its socket, for whoever goes on with it; only a plain stream has nothing besides.
    ///
    /// # Errors
    /// The stream, if it is one under TLS or has no socket any more.
    pub fn into_socket(mut self) -> Result<OwnedFd, Self> {
        if self.tls.is_some() {
            return Err(self);
        }
        self.unwatch();
        let Self { socket, tls } = self;
        socket.into_bare().map_err(|socket| Self { socket, tls })
    }

    /// Enters what it takes, here and in the kernel, from now on: before TLS begins.
    pub fn count_in(&mut self, queues: &Rc<Queues>) {
        self.socket.count_in(queues, None);
    }

    /// Nobody reads from it for now, though so many bytes will come: enters as many as its socket
    /// may take, until that is looked at.
    pub fn will_fill(&self, bytes: u64) {
        self.socket.will_fill(bytes);
    }

    /// Connects, and does the TLS handshake where `tls` is given.
    ///
    /// # Errors
    /// The peer can't be reached, or is not whom the connector trusts.
    pub async fn connect(address: SocketAddr, tls: Option<&Connector>) -> io::Result<Self> {
        let mut stream = Self { socket: Socket::connect(address, None)?, tls: None };
        stream.connected().await?;
        if let Some(connector) = tls {
            stream.connect_tls(connector).await?;
        }
        Ok(stream)
    }

    /// Connects to a backend, and enters what that takes, here and in the kernel, from now on.
    ///
    /// # Errors
    /// The peer can't be reached.
    pub async fn connect_counted(address: SocketAddr, queues: &Rc<Queues>) -> io::Result<Self> {
        let room = queues.link_bytes();
        let mut stream = Self { socket: Socket::connect(address, room)?, tls: None };
        stream.socket.count_in(queues, room);
        stream.connected().await?;
        Ok(stream)
    }

    async fn connected(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.socket.poll_connected(cx)).await
    }

    /// Does the TLS handshake of a connection that was opened here.
    ///
    /// # Errors
    /// The peer speaks no TLS, or is not whom the connector trusts.
    pub async fn connect_tls(&mut self, connector: &Connector) -> io::Result<()> {
        let tls = Box::new(Secure::client(connector)?);
        self.handshake(tls).await
    }

    /// Does the TLS handshake of an accepted connection; returns the peer's key.
    ///
    /// # Errors
    /// The peer speaks no TLS, or shows no key that the acceptor trusts.
    pub async fn accept_tls(&mut self, acceptor: &Acceptor) -> io::Result<Option<KeyId>> {
        let tls = Box::new(Secure::server(acceptor)?);
        self.handshake(tls).await?;
        Ok(self.tls.as_ref().and_then(|tls| tls.peer_key()))
    }

    /// Boxed, since every plain connection that could have been one of TLS would be as large.
    async fn handshake(&mut self, mut tls: Box<Secure>) -> io::Result<()> {
        tls.granted = self.socket.grant_tls();
        poll_fn(|cx| tls.poll_handshake(&mut self.socket, cx)).await?;
        self.tls = Some(tls);
        Ok(())
    }

    /// Reads what is there; `Ok(0)` is the peer's end.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there, otherwise the connection is broken.
    pub fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.recv(buf),
            Some(tls) => tls.read(&mut self.socket, buf),
        }
    }

    /// Writes what fits in one vectored write.
    ///
    /// # Errors
    /// `WouldBlock` when nothing fits, otherwise the connection is broken.
    pub fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.send(bufs),
            Some(tls) => tls.write(&mut self.socket, bufs),
        }
    }

    /// Reads, or arranges for a wake-up.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.try_read(buf) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.poll_readable(cx))?;
                }
                other => return Poll::Ready(other),
            }
        }
    }

    /// Writes, or arranges for a wake-up.
    pub fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.try_write(bufs) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.socket.poll_writable(cx))?;
                }
                other => return Poll::Ready(other),
            }
        }
    }

    /// Puts out what TLS still holds back; without TLS nothing ever is.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.tls {
            None => Poll::Ready(Ok(())),
            Some(tls) => tls.poll_flush(&mut self.socket, cx),
        }
    }

    /// Whether nothing can be read before epoll says so: known without asking the kernel.
    pub(crate) fn is_drained(&self) -> bool {
        self.tls.is_none() && !self.socket.is_readable()
    }

    /// Ready when a read is worth trying. Goes on writing what TLS holds back meanwhile, so
    /// that a peer that waits for the rest of our message is never waited for.
    pub fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(tls) = &mut self.tls
            && let Poll::Ready(Err(e)) = tls.poll_flush(&mut self.socket, cx)
        {
            return Poll::Ready(Err(e));
        }
        self.socket.poll_readable(cx)
    }

    /// Waits until a read is worth trying.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn readable(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_readable(cx)).await
    }

    /// Ready when a write is worth trying.
    pub fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_writable(cx)
    }

    /// Waits until a write is worth trying.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn writable(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_writable(cx)).await
    }

    /// Reads at least one byte; `Ok(0)` is the peer's end.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx, buf)).await
    }

    /// Writes everything.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let n = poll_fn(|cx| self.poll_write(cx, &[IoSlice::new(bytes)])).await?;
            bytes = bytes.get(n..).unwrap_or_default();
        }
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Sends up to `count` bytes of a file from `offset` on without copying them through this
    /// process; only a plain stream can.
    pub fn poll_send_file(
        &mut self,
        cx: &mut Context<'_>,
        file: impl AsFd,
        offset: &mut u64,
        count: usize,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.socket.send_file(file.as_fd(), offset, count) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.socket.poll_writable(cx))?;
                }
                other => return Poll::Ready(other),
            }
        }
    }

    /// Whether `poll_send_file` and `poll_pass` can be used.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.tls.is_none()
    }

    /// Whether an idle connection has seen its peer close it, or speak out of turn. Asks only
    /// what epoll has told already, so it mostly costs no system call and can be late.
    #[must_use]
    pub fn is_stale(&mut self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_plaintext()) || self.socket.has_news()
    }

    /// Ready once the peer is gone: it has reset the connection, or has ended its side though
    /// `missing` more bytes were to be read than are here. For whoever does not read meanwhile;
    /// what is told of goes on to be read and written. By epoll's word, and by how much is unread
    /// once that has told of an end.
    pub fn poll_gone(&mut self, cx: &mut Context<'_>, missing: u64) -> Poll<()> {
        // What has come under TLS is no measure of what it says.
        let missing = if self.is_plain() { missing } else { 0 };
        self.socket.poll_gone(cx, missing)
    }

    /// Whether nothing has come and the peer is still there, asked of the kernel.
    pub fn is_silent(&mut self) -> bool {
        self.tls.as_ref().is_none_or(|tls| !tls.has_plaintext()) && self.socket.is_silent()
    }

    /// Whether nothing is to be read or written that is here already.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| tls.is_at_rest())
    }

    /// Takes it out of the core's epoll set, as if it had just been accepted.
    pub(crate) fn unwatch(&mut self) {
        self.socket.unwatch();
    }

    /// For another epoll set.
    pub(crate) fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        self.socket.fd()
    }

    /// Says that this end is one in order, before the connection is closed. TCP says it by closing.
    pub fn say_end(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.close(&mut self.socket);
        }
    }

    /// Says that no more will be written (TLS: with its closing alert, best effort).
    pub fn shutdown_write(&mut self) {
        self.say_end();
        self.socket.shutdown_write();
    }

    /// Lets the kernel forget the connection once it is closed and the peer has got all: of one
    /// that says no end itself it would keep half a kilobyte for a minute.
    pub fn forget_when_closed(&self) {
        self.socket.forget_when_closed();
    }

    /// Lets the connection end with a reset, which no peer takes for an end in order.
    pub fn reset_when_closed(&self) {
        self.socket.reset_when_closed();
    }
}

#[cfg(test)]
mod tests;
