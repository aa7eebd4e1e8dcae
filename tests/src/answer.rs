//! An answer as a client got it, and what a scenario may say about it.

use crate::wire::{Broken, Head, Wire};

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    head: Head,
    body: Vec<u8>,
}

impl Answer {
    /// Reads one answer to a request; `to_head` when that was HEAD.
    ///
    /// # Errors
    /// How it was broken.
    pub(crate) fn read(wire: &mut Wire, to_head: bool) -> Result<Self, Broken> {
        let head = wire.head()?;
        let status = status(&head.start)?;
        let body = match status {
            100..=199 | 204 | 304 => Vec::new(),
            _ if to_head => Vec::new(),
            _ => wire.body(&head)?,
        };
        Ok(Self { status, head, body })
    }

    /// It has this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{} {}", self.head.start, self.text());
        self
    }

    /// Its body is this.
    #[track_caller]
    pub fn body(&self, expected: impl AsRef<[u8]>) -> &Self {
        let expected = expected.as_ref();
        let shown = String::from_utf8_lossy(expected.get(..200).unwrap_or(expected));
        let as_expected = self.body == expected;
        assert!(as_expected, "{} bytes, not {shown:?}: {}", self.body.len(), self.text());
        self
    }

    /// It has this field.
    #[track_caller]
    pub fn has(&self, name: &str, value: &str) -> &Self {
        assert_eq!(self.head.field(name), Some(value), "{name} in {:?}", self.head);
        self
    }

    /// It has no such field.
    #[track_caller]
    pub fn lacks(&self, name: &str) -> &Self {
        assert_eq!(self.head.field(name), None, "{name} in {:?}", self.head);
        self
    }

    /// A field's value.
    #[must_use]
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.field(name)
    }

    /// The body's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text, as far as it is.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body.get(..500).unwrap_or(&self.body)).into_owned()
    }
}

fn status(line: &str) -> Result<u16, Broken> {
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split_once(' '));
    match status.map(|(digits, _)| (digits.len(), digits.parse())) {
        Some((3, Ok(status))) => Ok(status),
        _ => Err(Broken::Malformed(format!("status line {line:?}"))),
    }
}
