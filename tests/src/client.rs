//! A visitor on a raw socket: sends what it is told, reads strictly.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::answer::Answer;
use crate::connection::{connect_from, try_connect_from};
use crate::wire::{Broken, Wire};

/// Where visitors come from. Their many ports are therefore no obstacle to what listens on
/// 127.0.0.1, not even while the kernel remembers closed connections.
pub const VISITOR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// One connection to the program.
pub struct Client {
    wire: Wire,
}

/// A GET.
#[must_use]
pub fn get(path: &str) -> String {
    request("GET", path, &[], "")
}

/// A HEAD.
#[must_use]
pub fn head(path: &str) -> String {
    request("HEAD", path, &[], "")
}

/// A POST with its length.
#[must_use]
pub fn post(path: &str, body: &str) -> String {
    request("POST", path, &[&format!("Content-Length: {}", body.len())], body)
}

fn request(method: &str, path: &str, fields: &[&str], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: site.test\r\n");
    for field in fields {
        let _ = write!(text, "{field}\r\n");
    }
    text + "\r\n" + body
}

impl Client {
    /// Connects.
    #[must_use]
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Self {
        Self { wire: Wire::new(connect_from(VISITOR, address, None)) }
    }

    /// Connects where nobody may listen.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn try_connect(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { wire: Wire::new(try_connect_from(VISITOR, address, None)?) })
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        // Whoever was refused in the middle sees it in the answer.
        let _ = self.wire.send(bytes);
        self
    }

    /// Reads a whole answer, or ends the scenario.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        self.try_answer().expect("a whole answer")
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// How it was broken.
    pub fn try_answer(&mut self) -> Result<Answer, Broken> {
        Answer::read(&mut self.wire, false)
    }

    /// Reads the answer to a HEAD.
    #[track_caller]
    pub fn answer_to_head(&mut self) -> Answer {
        Answer::read(&mut self.wire, true).expect("a whole answer")
    }

    /// Asks for a path.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        self.send(get(path)).answer()
    }

    /// Asks for a path with more fields, each as `Name: value`.
    #[track_caller]
    pub fn get_with(&mut self, path: &str, fields: &[&str]) -> Answer {
        self.send(request("GET", path, fields, "")).answer()
    }

    /// Posts a body with its length.
    #[track_caller]
    pub fn post(&mut self, path: &str, body: &str) -> Answer {
        self.send(post(path, body)).answer()
    }

    /// The other side closes, in order and without another byte.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        assert_eq!(self.wire.rest(), Ok(Vec::new()), "what came before the end");
    }

    /// The connection stays open and silent for this long.
    #[track_caller]
    pub fn expect_open(&mut self, during: Duration) {
        self.wire.patience(during);
        assert_eq!(self.wire.rest(), Err(Broken::Timeout));
        self.wire.patience(crate::PATIENCE);
    }

    /// The connection below, taken over.
    #[must_use]
    pub fn into_wire(self) -> Wire {
        self.wire
    }

    /// The connection below.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }
}
