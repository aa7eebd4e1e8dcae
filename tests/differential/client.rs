//! A visitor that sends bytes and keeps what comes back.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use bramble_tests::{PATIENCE, VISITOR, connect_from};

/// One connection to a proxy.
pub(crate) struct Client {
    stream: TcpStream,
    /// All that came so far.
    pub received: Vec<u8>,
    pub end: Ended,
}

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Closed,
    Open,
    Reset,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = connect_from(VISITOR, address, None);
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, received: Vec::new(), end: Ended::Open }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        // Whoever was refused in the middle sees it in the answer.
        let _ = self.stream.write_all(bytes);
    }

    /// Says that nothing more will come.
    pub fn half_close(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads to the connection's end, or until `enough` and then silence for `quiet`, or until
    /// `limit` has passed.
    pub fn read(&mut self, quiet: Duration, limit: Duration, enough: impl Fn(&[u8]) -> bool) {
        let deadline = Instant::now() + limit;
        while self.end == Ended::Open {
            let left = deadline.saturating_duration_since(Instant::now());
            let is_enough = enough(&self.received);
            let wait = if is_enough { quiet.min(left) } else { left };
            if wait.is_zero() || !self.read_once(wait) {
                return;
            }
        }
    }

    /// Closes it; tells what came and how it stood.
    pub fn hang_up(self) -> (Vec<u8>, Ended) {
        (self.received, self.end)
    }

    /// False: nothing came.
    fn read_once(&mut self, wait: Duration) -> bool {
        let mut bytes = [0; 64 * 1024];
        self.stream.set_read_timeout(Some(wait)).unwrap();
        match self.stream.read(&mut bytes) {
            Ok(0) => self.end = Ended::Closed,
            Ok(n) => self.received.extend_from_slice(&bytes[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return false;
            }
            Err(_) => self.end = Ended::Reset,
        }
        true
    }
}
