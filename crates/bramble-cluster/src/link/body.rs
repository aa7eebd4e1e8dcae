//! Bodies of answers: whole, in parts, or line by line. A connection goes back to the idle
//! ones when its body was read to the end.

use std::collections::VecDeque;
use std::io;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use super::connection::Connection;
use super::{Link, LinkError};

/// Largest body that is taken whole.
const WHOLE_BYTES: usize = 64 << 20;

/// Longest line: a value of the store, escaped.
const LINE_BYTES: usize = 8 << 20;

/// A body on its way.
pub struct Body<'a> {
    link: &'a Link,
    connection: Option<Connection>,
    incoming: Incoming,
}

impl<'a> Body<'a> {
    pub(super) fn new(link: &'a Link, connection: Connection, incoming: Incoming) -> Self {
        Self { link, connection: Some(connection), incoming }
    }

    /// The next part; None at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, LinkError> {
        let part = tokio::time::timeout(self.link.answer_limit, self.part()).await;
        part.unwrap_or_else(|_| Err(self.link.unreachable(io::ErrorKind::TimedOut.into())))
    }

    async fn part(&mut self) -> Result<Option<Bytes>, LinkError> {
        loop {
            let Some(frame) = self.incoming.frame().await else {
                if let Some(connection) = self.connection.take() {
                    self.link.idle.put(connection);
                }
                return Ok(None);
            };
            let frame = frame.map_err(|e| self.link.unreachable(io::Error::other(e)))?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
    }

    /// All of it, up to 64 MiB.
    pub async fn collect(mut self) -> Result<Vec<u8>, LinkError> {
        let mut whole = Vec::new();
        while let Some(part) = self.chunk().await? {
            if whole.len() + part.len() > WHOLE_BYTES {
                return Err(self.link.odd(&format!("more than {WHOLE_BYTES} bytes")));
            }
            whole.extend_from_slice(&part);
        }
        Ok(whole)
    }

    pub(super) fn into_lines(self) -> Lines<'a> {
        Lines { body: self, lines: VecDeque::new(), rest: Vec::new() }
    }
}

/// JSON values, a line each; empty lines only say that the manager is still there.
pub struct Lines<'a> {
    body: Body<'a>,
    lines: VecDeque<Vec<u8>>,
    rest: Vec<u8>,
}

impl Lines<'_> {
    /// Waits for the next value; None at the end. Dropping the future loses nothing.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, LinkError> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return self.body.link.parse(&line).map(Some);
            }
            let Some(part) = self.body.part().await? else { return Ok(None) };
            self.take_in(&part)?;
        }
    }

    fn take_in(&mut self, part: &[u8]) -> Result<(), LinkError> {
        let mut pieces = part.split(|byte| *byte == b'\n');
        self.rest.extend_from_slice(pieces.next().unwrap_or_default());
        for piece in pieces {
            let line = std::mem::replace(&mut self.rest, piece.to_vec());
            self.lines.extend((!line.is_empty()).then_some(line));
        }
        if self.rest.len() > LINE_BYTES {
            return Err(self.body.link.odd(&format!("a line of more than {LINE_BYTES} bytes")));
        }
        Ok(())
    }
}
