//! Where a message ends (RFC 9112 section 6.3): the rules for `Content-Length` and
//! `Transfer-Encoding`, from which every request-smuggling attack starts.

use crate::{Kind, Limits, Reject, Version, scan};

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    #[default]
    None,
    /// It has this many bytes.
    Length(u64),
    /// It comes in chunks.
    Chunked,
    /// It goes on until the connection closes; only an answer's can.
    UntilClose,
}

/// The framing fields of one head.
#[derive(Default)]
pub(crate) struct Framing {
    pub length: Option<u64>,
    pub chunked: bool,
}

impl Framing {
    /// Takes a `Content-Length` or `Transfer-Encoding`; other fields are not its business.
    pub(crate) fn add(&mut self, kind: Kind, value: &[u8], version: Version) -> Result<(), Reject> {
        match kind {
            Kind::ContentLength if self.length.is_some() => {
                return Err(Reject::RepeatedContentLength);
            }
            Kind::ContentLength => self.length = Some(content_length(value)?),
            Kind::TransferEncoding if version == Version::Http10 => {
                return Err(Reject::TransferEncodingInHttp10);
            }
            Kind::TransferEncoding if self.chunked => {
                return Err(Reject::RepeatedTransferEncoding);
            }
            Kind::TransferEncoding => {
                transfer_encoding(value)?;
                self.chunked = true;
            }
            _ => return Ok(()),
        }
        if self.chunked && self.length.is_some() {
            return Err(Reject::LengthAndTransferEncoding);
        }
        Ok(())
    }

    /// The body that the fields announce, or `otherwise` if they announce none.
    pub(crate) fn body(&self, otherwise: Body, limits: &Limits) -> Result<Body, Reject> {
        match self.length {
            Some(length) if length > limits.body_bytes => Err(Reject::BodyTooLarge),
            Some(length) => Ok(Body::Length(length)),
            None if self.chunked => Ok(Body::Chunked),
            None => Ok(otherwise),
        }
    }
}

/// A length of 1 to 18 digits, which cannot overflow. No sign, no list, not empty (CVE-2023-40225).
fn content_length(value: &[u8]) -> Result<u64, Reject> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Reject::InvalidContentLength);
    }
    Ok(value.iter().fold(0, |length, digit| length * 10 + u64::from(digit - b'0')))
}

/// Accepts exactly `chunked`. A list that is sound but has other codings is a thing we do not
/// implement; one where `chunked` is not last, or twice, has no end that all agree on.
fn transfer_encoding(value: &[u8]) -> Result<(), Reject> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let mut codings = value.split(|&byte| byte == b',').map(scan::trim).rev();
    let last = codings.next().unwrap_or_default();
    let is_sound = scan::is_token(last)
        && codings.all(|coding| scan::is_token(coding) && !coding.eq_ignore_ascii_case(b"chunked"));
    Err(if is_sound { Reject::UnknownTransferEncoding } else { Reject::InvalidTransferEncoding })
}

#[cfg(test)]
mod tests;
