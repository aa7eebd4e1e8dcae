//! TLS over a [`Socket`], through rustls' buffered interface: bytes in, bytes out.

use std::io::{self, IoSlice, Read, Write};
use std::task::{Context, Poll, ready};

use rustls::{ClientConnection, Connection, ServerConnection};

use super::socket::Socket;
use crate::ledger::Grant;
use crate::tls::{self, Acceptor, Connector, KeyId};

/// The TLS half of a stream.
pub(super) struct Secure {
    connection: Connection,
    /// Its memory, where that is counted.
    pub(super) granted: Option<Grant>,
}

impl Secure {
    pub(super) fn client(connector: &Connector) -> io::Result<Self> {
        let connection = ClientConnection::new(connector.config(), connector.name())
            .map_err(io::Error::other)?;
        Ok(Self { connection: connection.into(), granted: None })
    }

    pub(super) fn server(acceptor: &Acceptor) -> io::Result<Self> {
        let connection = ServerConnection::new(acceptor.config()).map_err(io::Error::other)?;
        Ok(Self { connection: connection.into(), granted: None })
    }

    pub(super) fn peer_key(&self) -> Option<KeyId> {
        let chain = self.connection.peer_certificates()?;
        tls::key_id(chain.first()?).ok()
    }

    pub(super) fn poll_handshake(
        &mut self,
        socket: &mut Socket,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.connection.is_handshaking() {
            if self.connection.wants_write() {
                ready!(self.poll_flush(socket, cx))?;
            } else {
                match self.fill(socket) {
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                        ready!(socket.poll_readable(cx))?;
                    }
                    Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                    Ok(_) => {}
                    Err(e) => return Poll::Ready(Err(e)),
                }
            }
        }
        self.poll_flush(socket, cx)
    }

    pub(super) fn read(&mut self, socket: &mut Socket, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buf) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            self.fill(socket)?;
        }
    }

    pub(super) fn write(&mut self, socket: &mut Socket, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.flush(socket)?;
        let n = self.connection.writer().write_vectored(bufs)?;
        match self.flush(socket) {
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
            _ => Ok(n),
        }
    }

    pub(super) fn poll_flush(
        &mut self,
        socket: &mut Socket,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match self.flush(socket) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    ready!(socket.poll_writable(cx))?;
                }
                other => return Poll::Ready(other),
            }
        }
    }

    /// Bytes that the peer sent and nobody has read.
    pub(super) fn has_plaintext(&self) -> bool {
        // `wants_read` is false while received plaintext waits in the connection.
        !self.connection.wants_read()
    }

    /// Nothing waits in it, either way.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.has_plaintext() && !self.connection.wants_write()
    }

    pub(super) fn close(&mut self, socket: &mut Socket) {
        self.connection.send_close_notify();
        // Best effort: a peer that is gone needs no goodbye.
        let _ = self.flush(socket);
    }

    /// Takes records from the socket; 0 is its end.
    fn fill(&mut self, socket: &mut Socket) -> io::Result<usize> {
        let n = self.connection.read_tls(&mut Half(socket))?;
        if let Err(e) = self.connection.process_new_packets() {
            // Tell the peer why (an alert), as far as it can be told.
            let _ = self.flush(socket);
            return Err(io::Error::new(io::ErrorKind::InvalidData, e));
        }
        Ok(n)
    }

    fn flush(&mut self, socket: &mut Socket) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut Half(socket))?;
        }
        Ok(())
    }
}

/// What rustls reads from and writes to.
struct Half<'a>(&'a mut Socket);

impl Read for Half<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf)
    }
}

impl Write for Half<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.send(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.send(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
