//! The chunked coding (RFC 9112 section 7.1), read byte by byte outside the data.
//!
//! Lines end in CRLF only, also in extensions and trailers: readers that disagreed on a bare LF
//! in them were smuggled past. Extensions and trailers are checked, counted and dropped: one that
//! says `Content-Length` or the like is dropped with the rest, and nobody behind us sees it. To
//! refuse it, names would have to be kept.

mod extension;

use extension::Extension;

use crate::{Limits, Reject, Step, scan};

/// A size of more digits would not fit into 64 bits.
const SIZE_DIGITS_MAX: u8 = 16;

/// The state of one chunked body.
#[derive(Clone, Debug)]
pub(crate) struct Chunked {
    at: At,
    names: u8,
    /// Of the chunk size while it is read, then of the data that is still to come.
    size: u64,
    /// Bytes of data that may still be announced.
    body_bytes: u64,
    extension_line_bytes: usize,
    extension_line_bytes_max: usize,
    /// Bytes that may still come: of extensions, of trailers, and fields.
    extension_bytes: usize,
    trailer_bytes: usize,
    trailer_fields: usize,
}

/// What the next byte is, or belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// A chunk size that has this many digits so far.
    Size(u8),
    Extension(Extension),
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
}

impl Chunked {
    /// `names` is the class of bytes that a trailer's name may have.
    pub(crate) fn new(limits: &Limits, names: u8) -> Chunked {
        Chunked {
            names,
            at: At::Size(0),
            size: 0,
            body_bytes: limits.body_bytes,
            extension_line_bytes: 0,
            extension_line_bytes_max: limits.chunk_extension_line_bytes,
            extension_bytes: limits.chunk_extension_body_bytes,
            trailer_bytes: limits.head_bytes,
            trailer_fields: limits.fields,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// Framing, one run of data, and the framing behind it.
    pub(crate) fn next(&mut self, input: &[u8]) -> Result<Step, Reject> {
        let start = self.framing(input, 0)?;
        let end = self.data(input, start);
        let consumed = self.framing(input, end)?;
        Ok(Step { consumed, data: start..end, done: self.is_done() })
    }

    /// Reads framing from `from` on; returns where it ends.
    fn framing(&mut self, input: &[u8], from: usize) -> Result<usize, Reject> {
        let mut end = from;
        for &byte in input.get(from..).unwrap_or_default() {
            if matches!(self.at, At::Data | At::Done) {
                break;
            }
            self.at = self.step(byte)?;
            end += 1;
        }
        Ok(end)
    }

    fn data(&mut self, input: &[u8], start: usize) -> usize {
        if self.at != At::Data {
            return start;
        }
        let here = input.len().saturating_sub(start);
        let len = usize::try_from(self.size).unwrap_or(usize::MAX).min(here);
        self.size -= len as u64;
        if self.size == 0 {
            self.at = At::DataCr;
        }
        start + len
    }

    fn step(&mut self, byte: u8) -> Result<At, Reject> {
        match (self.at, byte) {
            (At::Size(digits), _) => self.size_byte(digits, byte),
            (At::Extension(read), b'\r') if read.is_whole() => Ok(At::SizeLf),
            (At::Extension(read), _) => self.extension_byte(read, byte),
            (At::SizeLf, b'\n') => self.begin_chunk(),
            (At::DataCr, b'\r') => Ok(At::DataLf),
            (At::DataLf, b'\n') => Ok(At::Size(0)),
            (At::DataCr | At::DataLf, _) => Err(Reject::InvalidChunkEnd),
            (At::EndLf, b'\n') => Ok(At::Done),
            (At::SizeLf | At::EndLf | At::TrailerLf, byte) if byte != b'\n' => Err(Reject::BareCr),
            _ => self.trailer_byte(byte),
        }
    }

    fn size_byte(&mut self, digits: u8, byte: u8) -> Result<At, Reject> {
        match (char::from(byte).to_digit(16), byte) {
            (Some(_), _) if digits == SIZE_DIGITS_MAX => Err(Reject::InvalidChunkSize),
            (Some(digit), _) => {
                // Zero before the first digit: the chunk before it was read to its end.
                self.size = self.size << 4 | u64::from(digit);
                Ok(At::Size(digits + 1))
            }
            (None, b'\n') => Err(Reject::BareLf),
            (None, b'\r') if digits > 0 => Ok(At::SizeLf),
            (None, b';') if digits > 0 => {
                self.extension_line_bytes = self.extension_line_bytes_max;
                self.extension_byte(Extension::End, byte)
            }
            (None, _) => Err(Reject::InvalidChunkSize),
        }
    }

    /// Counts down what this line and this body may still spend on extensions.
    fn extension_byte(&mut self, read: Extension, byte: u8) -> Result<At, Reject> {
        if byte == b'\n' {
            return Err(Reject::BareLf);
        }
        let read = read.step(byte).ok_or(Reject::InvalidChunkExtension)?;
        count_down(&mut self.extension_line_bytes, Reject::ChunkExtensionTooLong)?;
        count_down(&mut self.extension_bytes, Reject::ChunkExtensionTooLong)?;
        Ok(At::Extension(read))
    }

    fn begin_chunk(&mut self) -> Result<At, Reject> {
        if self.size == 0 {
            return Ok(At::TrailerStart);
        }
        self.body_bytes = self.body_bytes.checked_sub(self.size).ok_or(Reject::BodyTooLarge)?;
        Ok(At::Data)
    }

    fn trailer_byte(&mut self, byte: u8) -> Result<At, Reject> {
        count_down(&mut self.trailer_bytes, Reject::HeadTooLarge)?;
        match (self.at, byte) {
            (At::TrailerStart, b'\r') => Ok(At::EndLf),
            (At::TrailerStart, b':') => Err(Reject::EmptyName),
            (At::TrailerStart, b' ' | b'\t') => Err(Reject::ObsoleteFold),
            (At::TrailerStart, byte) if scan::is(byte, self.names) => {
                count_down(&mut self.trailer_fields, Reject::TooManyFields)?;
                Ok(At::TrailerName)
            }
            (At::TrailerName, b':') => Ok(At::TrailerValue),
            (At::TrailerName, byte) if scan::is(byte, self.names) => Ok(At::TrailerName),
            (At::TrailerValue, b'\r') => Ok(At::TrailerLf),
            (At::TrailerValue, byte) if scan::is_text(byte) => Ok(At::TrailerValue),
            (At::TrailerLf, b'\n') => Ok(At::TrailerStart),
            (_, b'\n') => Err(Reject::BareLf),
            (At::TrailerValue, _) => Err(Reject::InvalidValue),
            (At::TrailerName, b' ' | b'\t') => Err(Reject::WhitespaceInName),
            _ => Err(Reject::InvalidName),
        }
    }
}

/// Spends one of `left`, or refuses with `reject` when all is spent.
fn count_down(left: &mut usize, reject: Reject) -> Result<(), Reject> {
    *left = left.checked_sub(1).ok_or(reject)?;
    Ok(())
}

#[cfg(test)]
mod tests;
