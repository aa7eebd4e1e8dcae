//! The tokeniser under both heads: lines, tokens and field lines, as strict as RFC 9112 allows.
//!
//! It reads strictly in order and every refusal depends only on the bytes before it, so a part
//! of a head is refused only when the whole would be, and for the same reason.

use crate::{Field, Kind, Limits, Reject, Span, field::KNOWN_BYTES_MAX, scan};

/// How far a head was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// The whole head is there.
    Complete,
    /// Nothing is wrong yet, but more bytes must come. What the head holds means nothing.
    Partial,
}

/// Why reading stopped before the head's end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    Partial,
    Reject(Reject),
}

impl From<Reject> for Stop {
    fn from(reject: Reject) -> Stop {
        Stop::Reject(reject)
    }
}

/// What reading a head to `result` means for the caller.
pub(crate) fn parsed(
    result: Result<(), Stop>,
    buf: &[u8],
    limits: &Limits,
) -> Result<Parsed, Reject> {
    match result {
        Ok(()) => Ok(Parsed::Complete),
        Err(Stop::Partial) if buf.len() >= limits.head_bytes => Err(Reject::HeadTooLarge),
        Err(Stop::Partial) => Ok(Parsed::Partial),
        Err(Stop::Reject(reject)) => Err(reject),
    }
}

/// Reads a head from the start of a buffer.
pub(crate) struct Reader<'a> {
    buf: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader that sees at most `limits.head_bytes` of `buf`.
    pub(crate) fn new(buf: &'a [u8], limits: &Limits) -> Reader<'a> {
        let end = buf.len().min(limits.head_bytes).min(u32::MAX as usize);
        Reader { buf: buf.get(..end).unwrap_or_default(), at: 0 }
    }

    /// How many bytes were read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The next byte, not taken.
    #[inline]
    pub(crate) fn peek(&self) -> Result<u8, Stop> {
        self.buf.get(self.at).copied().ok_or(Stop::Partial)
    }

    /// Takes the longest run of bytes of a class; may be empty.
    #[inline]
    pub(crate) fn run(&mut self, class: u8) -> Span {
        let run = scan::run(self.rest(), class);
        self.span(run)
    }

    /// Takes the longest run of text; may be empty.
    #[inline]
    pub(crate) fn text(&mut self) -> Span {
        let run = scan::text_run(self.rest());
        self.span(run)
    }

    /// Takes exactly `N` bytes.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let bytes = *self.rest().first_chunk().ok_or(Stop::Partial)?;
        self.at += N;
        Ok(bytes)
    }

    /// Takes `byte`, or refuses with `otherwise`.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, otherwise: Reject) -> Result<(), Stop> {
        if self.peek()? != byte {
            return Err(otherwise.into());
        }
        self.at += 1;
        Ok(())
    }

    /// Takes the end of a line, or refuses with `otherwise` if no line could end here.
    #[inline]
    pub(crate) fn line_end(&mut self, otherwise: Reject) -> Result<(), Stop> {
        match self.peek()? {
            b'\r' => self.at += 1,
            b'\n' => return Err(Reject::BareLf.into()),
            _ => return Err(otherwise.into()),
        }
        self.expect(b'\n', Reject::BareCr)
    }

    /// Takes a field line whose name is of `class`, its value trimmed. `None` is the empty line
    /// that ends the head.
    #[inline]
    pub(crate) fn field(&mut self, class: u8) -> Result<Option<Field>, Stop> {
        if self.peek()? == b'\r' {
            return self.line_end(Reject::InvalidName).map(|()| None);
        }
        let (name, kind) = match self.known_name() {
            Some(known) => known,
            None => self.name(class)?,
        };
        self.at += 1;
        let value = self.value();
        self.line_end(Reject::InvalidValue)?;
        Ok(Some(Field { name, value, kind }))
    }

    /// Takes a name that is known, if the next is one with its colon: then its bytes need not be
    /// looked at one by one.
    #[inline]
    fn known_name(&mut self) -> Option<(Span, Kind)> {
        let len = scan::colon(self.rest(), KNOWN_BYTES_MAX + 1)?;
        let kind = Kind::known(self.rest().get(..len)?)?;
        Some((self.span(len), kind))
    }

    /// Takes any name, behind which is a colon.
    #[inline]
    fn name(&mut self, class: u8) -> Result<(Span, Kind), Stop> {
        let name = self.run(class);
        if self.peek()? != b':' || name.is_empty() {
            return self.no_name(name);
        }
        Ok((name, Kind::of(name.of(self.buf))))
    }

    #[inline]
    fn value(&mut self) -> Span {
        while matches!(self.buf.get(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let text = self.text();
        let mut end = text.end();
        while end > text.start() && matches!(self.buf.get(end - 1), Some(b' ' | b'\t')) {
            end -= 1;
        }
        Span::new(text.start(), end)
    }

    /// The reason why this line is no field.
    #[cold]
    fn no_name(&self, name: Span) -> Result<(Span, Kind), Stop> {
        let reject = match (self.peek()?, name.is_empty()) {
            (b'\n', true) => Reject::BareLf,
            (b' ' | b'\t', true) => Reject::ObsoleteFold,
            (b' ' | b'\t', false) => Reject::WhitespaceInName,
            (b':', _) => Reject::EmptyName,
            (b'_', _) => Reject::UnderscoreInName,
            _ => Reject::InvalidName,
        };
        Err(reject.into())
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.buf.get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn span(&mut self, len: usize) -> Span {
        let start = self.at;
        self.at += len;
        Span::new(start, self.at)
    }
}
