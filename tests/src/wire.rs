//! One end of an HTTP/1 connection, read to the letter: what is not exactly right is `Broken`.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::PATIENCE;

/// A connection and what has come in on it.
pub struct Wire {
    stream: Arc<TcpStream>,
    unread: Vec<u8>,
}

/// The head of a message.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The first line.
    pub start: String,
    fields: Vec<(String, String)>,
}

/// How reading ended instead of with a whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Closed before the first byte.
    Closed,
    /// Closed in the middle.
    Cut,
    /// Not what HTTP says.
    Malformed(String),
    /// The connection was reset.
    Reset,
    /// Nothing came.
    Timeout,
}

impl Wire {
    /// Takes a connection over.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: Arc::new(stream), unread: Vec::new() }
    }

    /// The socket below, for as long as the connection is open.
    #[must_use]
    pub fn socket(&self) -> Weak<TcpStream> {
        Arc::downgrade(&self.stream)
    }

    /// Our own address.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// Waits no longer than this for bytes.
    pub fn patience(&self, limit: Duration) {
        self.stream.set_read_timeout(Some(limit)).unwrap();
    }

    /// Writes everything; false: the peer is gone.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        (&*self.stream).write_all(bytes.as_ref()).is_ok()
    }

    /// Says that no more will be sent.
    pub fn half_close(&self) {
        // The peer may be gone already.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Will be closed with a reset instead of a farewell.
    pub fn reset_at_the_end(&self) {
        let at_once = Some(Duration::ZERO);
        rustix::net::sockopt::set_socket_linger(&*self.stream, at_once).unwrap();
    }

    /// Reads a head.
    ///
    /// # Errors
    /// How it was broken.
    pub fn head(&mut self) -> Result<Head, Broken> {
        Head::parse(&self.head_bytes()?)
    }

    /// Reads a head as it came, with the empty line behind it.
    ///
    /// # Errors
    /// How it was broken.
    pub fn head_bytes(&mut self) -> Result<Vec<u8>, Broken> {
        let end = loop {
            match self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                Some(at) => break at,
                None => self.fill()?,
            };
        };
        Ok(self.unread.drain(..end + 4).collect())
    }

    /// How many bytes could be read without waiting, at least; 0 is the connection's end.
    #[must_use]
    pub fn waiting(&self) -> Option<usize> {
        use rustix::net::{RecvFlags, recv};
        if !self.unread.is_empty() {
            return Some(self.unread.len());
        }
        let (mut byte, flags) = ([0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT);
        match recv(&*self.stream, &mut byte, flags) {
            Ok((n, _)) => Some(n),
            Err(rustix::io::Errno::AGAIN) => None,
            Err(_) => Some(0),
        }
    }

    /// Reads the body that `head` announces; without a length it goes on to the end.
    ///
    /// # Errors
    /// How it was broken.
    pub fn body(&mut self, head: &Head) -> Result<Vec<u8>, Broken> {
        match (head.field("Content-Length"), head.field("Transfer-Encoding")) {
            (Some(length), None) => {
                let length = length.parse();
                self.exactly(length.map_err(|_| Broken::Malformed("length".into()))?)
            }
            (None, Some("chunked")) => self.chunks(),
            (None, None) => self.rest(),
            framing => Err(Broken::Malformed(format!("framing {framing:?}"))),
        }
    }

    /// Reads `n` bytes.
    ///
    /// # Errors
    /// How it was broken.
    pub fn exactly(&mut self, n: usize) -> Result<Vec<u8>, Broken> {
        while self.unread.len() < n {
            self.fill().map_err(Broken::in_the_middle)?;
        }
        Ok(self.unread.drain(..n).collect())
    }

    /// Reads to the end of the connection.
    ///
    /// # Errors
    /// How it was broken.
    pub fn rest(&mut self) -> Result<Vec<u8>, Broken> {
        loop {
            match self.fill() {
                Ok(_) => {}
                Err(Broken::Closed | Broken::Cut) => return Ok(std::mem::take(&mut self.unread)),
                Err(broken) => return Err(broken),
            }
        }
    }

    /// Reads a body in chunks, without extensions and trailers.
    ///
    /// # Errors
    /// How it was broken.
    pub fn chunks(&mut self) -> Result<Vec<u8>, Broken> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = usize::from_str_radix(&line, 16);
            let size = size.map_err(|_| Broken::Malformed(format!("chunk size {line:?}")))?;
            if size > 0 {
                body.extend(self.exactly(size)?);
            }
            match self.line()?.as_str() {
                "" if size == 0 => return Ok(body),
                "" => {}
                other => return Err(Broken::Malformed(format!("chunk end {other:?}"))),
            }
        }
    }

    fn line(&mut self) -> Result<String, Broken> {
        let end = loop {
            match self.unread.windows(2).position(|bytes| bytes == b"\r\n") {
                Some(at) => break at,
                None => self.fill().map_err(Broken::in_the_middle)?,
            };
        };
        let line: Vec<u8> = self.unread.drain(..end + 2).collect();
        text(&line[..end])
    }

    fn fill(&mut self) -> Result<(), Broken> {
        let mut bytes = [0; 64 * 1024];
        match (&*self.stream).read(&mut bytes) {
            Ok(0) if self.unread.is_empty() => Err(Broken::Closed),
            Ok(0) => Err(Broken::Cut),
            Ok(n) => {
                self.unread.extend_from_slice(&bytes[..n]);
                Ok(())
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(Broken::Timeout)
            }
            // A read with a deadline is not begun again by the kernel (signal(7)).
            Err(e) if e.kind() == ErrorKind::Interrupted => Ok(()),
            Err(e) if e.kind() == ErrorKind::ConnectionReset => Err(Broken::Reset),
            Err(e) => Err(Broken::Malformed(e.to_string())),
        }
    }
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Self, Broken> {
        let head = text(&bytes[..bytes.len() - 4])?;
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let field = |line: &str| match line.split_once(": ") {
            Some((name, value)) if !name.contains(' ') => Ok((name.to_owned(), value.to_owned())),
            _ => Err(Broken::Malformed(format!("field {line:?}"))),
        };
        let fields = lines.map(field).collect::<Result<_, _>>()?;
        Ok(Self { start, fields })
    }

    /// The value of a field; two fields of this name end the scenario.
    #[must_use]
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut named = self.fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let found = named.next().map(|(_, value)| value.as_str());
        assert!(named.next().is_none(), "two fields {name} in {self:?}");
        found
    }
}

impl Broken {
    fn in_the_middle(self) -> Self {
        if self == Self::Closed { Self::Cut } else { self }
    }
}

fn text(bytes: &[u8]) -> Result<String, Broken> {
    let sound = bytes.iter().all(|b| (b' '..=b'~').contains(b) || b"\r\n\t".contains(b));
    match String::from_utf8(bytes.to_vec()) {
        Ok(text) if sound => Ok(text),
        _ => Err(Broken::Malformed(format!("bytes {bytes:?}"))),
    }
}
