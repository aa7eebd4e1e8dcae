//! An end of ours on a raw socket: sends bytes, reads one message after the other, to the letter.

use std::collections::VecDeque;

use bramble_tests::{Broken, Wire};

/// One connection and the message that it is in.
pub struct Peer {
    pub wire: Wire,
    /// The body that was not read yet.
    pending: Body,
    /// For each answer that is to come, whether it is to a HEAD.
    to_head: VecDeque<bool>,
}

/// A head.
pub struct Message {
    /// The first line.
    pub start: Vec<u8>,
    fields: Vec<(String, Vec<u8>)>,
}

#[derive(Clone, Copy, Debug)]
enum Body {
    Chunked,
    Length(usize),
    UntilEnd,
}

impl Peer {
    pub fn new(wire: Wire) -> Self {
        Self { wire, pending: Body::Length(0), to_head: VecDeque::new() }
    }

    /// Sends bytes; a request is remembered until its answer.
    pub fn send(&mut self, bytes: &[u8]) {
        let method = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
        if !method.is_empty() && method.iter().all(u8::is_ascii_uppercase) {
            self.to_head.push_back(method == b"HEAD");
        }
        // Whoever was refused in the middle sees it in the answer.
        let _ = self.wire.send(bytes);
    }

    /// Reads the next message's head, after what is left of the one before.
    pub fn message(&mut self) -> Result<Message, Broken> {
        self.body()?;
        let message = Message::parse(&self.wire.head_bytes()?)?;
        self.pending = match message.status() {
            None => message.framing(Body::Length(0))?,
            Some(100..=199) => Body::Length(0),
            Some(status) => {
                let to_head = self.to_head.pop_front().unwrap_or(false);
                let has_none = to_head || matches!(status, 204 | 304);
                if has_none { Body::Length(0) } else { message.framing(Body::UntilEnd)? }
            }
        };
        Ok(message)
    }

    /// Reads what is left of the message.
    pub fn body(&mut self) -> Result<Vec<u8>, Broken> {
        match std::mem::replace(&mut self.pending, Body::Length(0)) {
            Body::Chunked => self.wire.chunks(),
            Body::Length(length) => self.wire.exactly(length),
            Body::UntilEnd => self.wire.rest(),
        }
    }

    /// The connection ends in order, and nothing comes before that.
    pub fn end(&mut self) -> Result<(), String> {
        self.body().map_err(|broken| format!("{broken:?} in the body"))?;
        match self.wire.rest() {
            Ok(rest) if rest.is_empty() => Ok(()),
            Ok(rest) => Err(format!("more: {}", rest.escape_ascii())),
            Err(broken) => Err(format!("{broken:?}")),
        }
    }

    /// The connection breaks off, in the middle of a message or before it.
    pub fn cut(&mut self) -> Result<(), String> {
        let broken = match self.body() {
            Ok(_) => self.wire.head_bytes(),
            Err(broken) => Err(broken),
        };
        match broken {
            Err(Broken::Closed | Broken::Cut | Broken::Reset) => Ok(()),
            Err(broken) => Err(format!("{broken:?}")),
            Ok(bytes) => Err(format!("whole: {}", bytes.escape_ascii())),
        }
    }
}

impl Message {
    fn parse(bytes: &[u8]) -> Result<Self, Broken> {
        let text = &bytes[..bytes.len() - 4];
        let malformed = || Broken::Malformed(text.escape_ascii().to_string());
        let mut lines = Vec::new();
        for line in text.split(|byte| *byte == b'\n') {
            lines.push(line.strip_suffix(b"\r").unwrap_or(line));
        }
        // Each line ends in CRLF, and neither stands anywhere else.
        let ends = text.windows(2).filter(|pair| pair == b"\r\n").count();
        if ends + 1 != lines.len() || lines.iter().any(|line| line.contains(&b'\r')) {
            return Err(malformed());
        }
        let mut lines = lines.into_iter();
        let start = lines.next().unwrap_or_default().to_vec();
        let field = |line: &[u8]| {
            let at = line.windows(2).position(|pair| pair == b": ")?;
            let name = String::from_utf8(line[..at].to_vec()).ok()?;
            Some((name.to_lowercase(), line[at + 2..].to_vec()))
        };
        let fields = lines.map(field).collect::<Option<_>>().ok_or_else(malformed)?;
        Ok(Self { start, fields })
    }

    /// All values of the field called so in lower case.
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        let named = self.fields.iter().filter(|(n, _)| n == name);
        named.map(|(_, value)| &value[..]).collect()
    }

    fn status(&self) -> Option<u16> {
        let rest = self.start.strip_prefix(b"HTTP/1.1 ")?;
        std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok()
    }

    fn framing(&self, otherwise: Body) -> Result<Body, Broken> {
        match (&self.values("content-length")[..], &self.values("transfer-encoding")[..]) {
            ([], []) => Ok(otherwise),
            ([], [b"chunked"]) => Ok(Body::Chunked),
            ([length], []) => {
                let length = std::str::from_utf8(length).ok().and_then(|text| text.parse().ok());
                length.map(Body::Length).ok_or_else(|| Broken::Malformed("length".to_owned()))
            }
            framing => Err(Broken::Malformed(format!("framing {framing:?}"))),
        }
    }

    /// As it came, for whoever must see why it was wrong.
    pub fn shown(&self) -> String {
        let fields = self.fields.iter().map(|(name, value)| (name, value.escape_ascii()));
        let lines = fields.map(|(name, value)| format!("⏎{name}: {value}"));
        format!("{}{}", self.start.escape_ascii(), lines.collect::<String>())
    }
}
