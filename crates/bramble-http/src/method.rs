//! Request methods and protocol versions.

use crate::Span;

/// A request method (RFC 9110 section 9). Names are case-sensitive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    /// Never parsed: the reader refuses tunnels with 501.
    Connect,
    Delete,
    #[default]
    Get,
    Head,
    Options,
    Patch,
    Post,
    Put,
    Trace,
    /// Any other token; the span holds its name.
    Other(Span),
}

impl Method {
    /// The method whose name is at `span` of `buf`.
    pub(crate) fn parse(buf: &[u8], span: Span) -> Method {
        match span.of(buf) {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"DELETE" => Method::Delete,
            b"OPTIONS" => Method::Options,
            b"PATCH" => Method::Patch,
            b"TRACE" => Method::Trace,
            b"CONNECT" => Method::Connect,
            _ => Method::Other(span),
        }
    }

    /// The name as it was in `buf`.
    pub fn name<'a>(&self, buf: &'a [u8]) -> &'a [u8] {
        match self {
            Method::Connect => b"CONNECT",
            Method::Delete => b"DELETE",
            Method::Get => b"GET",
            Method::Head => b"HEAD",
            Method::Options => b"OPTIONS",
            Method::Patch => b"PATCH",
            Method::Post => b"POST",
            Method::Put => b"PUT",
            Method::Trace => b"TRACE",
            Method::Other(span) => span.of(buf),
        }
    }

    /// Whether the method only reads (RFC 9110 section 9.2.1).
    pub fn is_safe(&self) -> bool {
        matches!(self, Method::Get | Method::Head | Method::Options | Method::Trace)
    }

    /// Whether doing it twice is as good as once (RFC 9110 section 9.2.2), so that it may be
    /// retried. An unknown method is not.
    pub fn is_idempotent(&self) -> bool {
        self.is_safe() || matches!(self, Method::Delete | Method::Put)
    }
}

/// A protocol version that we speak; any other is refused with 505.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0: closes by default, knows no transfer coding.
    Http10,
    /// HTTP/1.1.
    #[default]
    Http11,
}

impl Version {
    /// The number as the `Via` field wants it.
    pub fn number(self) -> &'static str {
        match self {
            Version::Http10 => "1.0",
            Version::Http11 => "1.1",
        }
    }
}

#[cfg(test)]
mod tests;
