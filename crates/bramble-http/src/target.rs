//! The request target (RFC 9112 section 3.2).

pub use crate::path::{PathError, decode_path};
use crate::{Method, Reject, Span, parse_authority};

const HTTPS: &[u8] = b"https://";

/// The form of a request target. The authority form is CONNECT's, which is not implemented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `/path?query`.
    #[default]
    Origin,
    /// `http://host/path?query`. Its host counts, not the `Host` field's.
    Absolute,
    /// `*`, of OPTIONS only, or an absolute target that means it.
    Asterisk,
}

/// A checked request target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Which form it has.
    pub form: Form,
    /// The path as sent, not decoded. It begins with `/`, except that of `*`, which is `*`.
    pub path: Span,
    /// The query without its `?`; empty if there is none.
    pub query: Span,
    /// All of it.
    pub raw: Span,
}

impl Target {
    /// Checks the target at `raw`, whose bytes are known to be legal. Also returns the authority
    /// of the absolute form.
    pub(crate) fn parse(
        buf: &[u8],
        raw: Span,
        method: Method,
    ) -> Result<(Target, Option<Span>), Reject> {
        match raw.of(buf) {
            [b'/', ..] => Ok((Target::from_path(buf, raw, raw, Form::Origin), None)),
            b"*" if method == Method::Options => {
                let query = Span::new(raw.end(), raw.end());
                Ok((Target { form: Form::Asterisk, path: raw, query, raw }, None))
            }
            bytes => {
                let scheme = scheme_len(bytes).ok_or(Reject::InvalidTarget)?;
                Target::absolute(buf, raw, scheme, method)
            }
        }
    }

    /// Whether it is absolute and asks for what came over TLS.
    pub fn is_https(&self, buf: &[u8]) -> bool {
        self.raw.of(buf).get(..HTTPS.len()).is_some_and(|start| start.eq_ignore_ascii_case(HTTPS))
    }

    fn absolute(
        buf: &[u8],
        raw: Span,
        scheme: usize,
        method: Method,
    ) -> Result<(Target, Option<Span>), Reject> {
        let start = raw.start() + scheme;
        let rest = Span::new(start, raw.end());
        let end = rest.of(buf).iter().position(|byte| matches!(byte, b'/' | b'?'));
        let end = end.map_or(raw.end(), |len| start + len);
        let authority = Span::new(start, end);
        parse_authority(authority.of(buf)).ok_or(Reject::InvalidTarget)?;
        let mut target = Target::from_path(buf, raw, Span::new(end, raw.end()), Form::Absolute);
        if target.path.is_empty() {
            // An absent path means "/" (RFC 9110 section 4.2.3): the one that ends "http://".
            target.path = Span::new(start - 1, start);
            if method == Method::Options && end == raw.end() {
                // It asks for the server as a whole (RFC 9112 section 3.2.4).
                target.form = Form::Asterisk;
            }
        }
        Ok((target, Some(authority)))
    }

    fn from_path(buf: &[u8], raw: Span, path_and_query: Span, form: Form) -> Target {
        let (start, end) = (path_and_query.start(), path_and_query.end());
        let mark = memchr::memchr(b'?', path_and_query.of(buf)).map_or(end, |len| start + len);
        let query = Span::new((mark + 1).min(end), end);
        Target { form, path: Span::new(start, mark), query, raw }
    }
}

/// The length of `http://` or `https://` at the start; other schemes are none of ours.
fn scheme_len(bytes: &[u8]) -> Option<usize> {
    let begins = |scheme: &&[u8]| {
        bytes.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    [&b"http://"[..], HTTPS].into_iter().find(|scheme| begins(scheme)).map(<[u8]>::len)
}

#[cfg(test)]
mod tests;
