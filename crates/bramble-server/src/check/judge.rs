//! What a check asks, and whether an answer is a healthy one. Pure: bytes in, verdict out.

use bramble_config::plan::{CheckMethod, HealthCheck};
use bramble_http::{Asked, BodyReader, Limits, Parsed, Reject, ResponseHead, parse_response};

use crate::balance::Report;

/// A head longer than this is not a healthy one.
const HEAD_BYTES: usize = 16 * 1024;
/// The text is looked for in so much of the body.
const BODY_BYTES: usize = 64 * 1024;

/// What is sent; none where a connection is all that is asked for.
pub(super) fn question(rule: &HealthCheck) -> Option<String> {
    let HealthCheck { method, path, host, .. } = rule;
    let fields = "User-Agent: bramble-health\r\nBramble-Load: ask\r\nConnection: close";
    (*method != CheckMethod::Tcp)
        .then(|| format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n\r\n"))
}

/// Reads one answer.
pub(super) struct Judge<'a> {
    rule: &'a HealthCheck,
    /// What came and was not read yet.
    bytes: Vec<u8>,
    head: ResponseHead,
    /// What the answer says of the backend's load.
    report: Option<Report>,
    /// Once the head was read and found to be as it should.
    body: Option<BodyReader>,
    /// The body, as far as it came.
    text: Vec<u8>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(rule: &'a HealthCheck) -> Self {
        let (bytes, head) = (Vec::new(), ResponseHead::default());
        Self { rule, bytes, head, report: None, body: None, text: Vec::new() }
    }

    /// More has come: true, if that is enough to pass; an error says why it does not pass.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<bool, String> {
        self.bytes.extend_from_slice(bytes);
        if self.body.is_none() && !self.read_head()? {
            return Ok(false);
        }
        match &self.rule.body {
            Some(wanted) if !wanted.is_empty() => self.find(wanted),
            _ => Ok(true),
        }
    }

    /// What the answer has said of the backend's load.
    pub(super) fn report(&self) -> Option<Report> {
        self.report
    }

    /// Why it does not pass, now that nothing more comes.
    pub(super) fn end(&self) -> String {
        match &self.body {
            Some(body) if body.finish_on_close().is_ok() => self.lacks(),
            _ => "closed the connection before its answer was whole".to_owned(),
        }
    }

    /// Whether the head is there; interim ones are passed over.
    fn read_head(&mut self) -> Result<bool, String> {
        let asked = Asked { head: self.rule.method == CheckMethod::Head, ..Asked::default() };
        loop {
            let parsed = parse_response(&self.bytes, &limits(), asked, &mut self.head);
            if parsed.map_err(|reject| invalid(&reject))? == Parsed::Partial {
                return Ok(false);
            }
            self.report = self.head.load.and_then(|load| Report::parse(load.of(&self.bytes)));
            self.bytes.drain(..self.head.len);
            if self.head.status >= 200 {
                break;
            }
        }
        let HealthCheck { method, path, .. } = self.rule;
        if !self.rule.takes(self.head.status) {
            return Err(format!("{method} {path} was answered with {}", self.head.status));
        }
        self.body = Some(BodyReader::of_answer(self.head.body, &limits()));
        Ok(true)
    }

    fn find(&mut self, wanted: &str) -> Result<bool, String> {
        // What was looked through has not got it, but may have got its start.
        let from = self.text.len().saturating_sub(wanted.len());
        let is_over = self.read_body()? || self.text.len() >= BODY_BYTES;
        self.text.truncate(BODY_BYTES);
        let mut windows = self.text.get(from..).unwrap_or_default().windows(wanted.len());
        if windows.any(|window| window == wanted.as_bytes()) {
            return Ok(true);
        }
        if is_over { Err(self.lacks()) } else { Ok(false) }
    }

    /// Whether the body has ended.
    fn read_body(&mut self) -> Result<bool, String> {
        let Some(body) = &mut self.body else { return Ok(false) };
        loop {
            let step = body.next(&self.bytes).map_err(|reject| invalid(&reject))?;
            self.text.extend_from_slice(self.bytes.get(step.data).unwrap_or_default());
            self.bytes.drain(..step.consumed);
            if step.done || step.consumed == 0 {
                return Ok(step.done);
            }
        }
    }

    fn lacks(&self) -> String {
        let HealthCheck { method, path, body, .. } = self.rule;
        let text = body.as_deref().unwrap_or_default();
        format!("the answer to {method} {path} does not hold {text:?}")
    }
}

fn limits() -> Limits {
    Limits { head_bytes: HEAD_BYTES, ..Limits::default() }
}

fn invalid(reject: &Reject) -> String {
    format!("not a valid answer: {reject}")
}

#[cfg(test)]
mod tests;
