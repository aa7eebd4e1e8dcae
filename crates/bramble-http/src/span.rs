//! A range of the connection's buffer. A parsed head holds spans instead of copies, so it has no
//! lifetime and its memory can be reused for the next request.

/// A range of bytes in the buffer that was parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The range `start..end`. The parser never looks past `u32::MAX` bytes, so that offsets fit.
    #[inline]
    pub fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// The bytes in `buf`; empty when the range does not lie within it.
    #[inline]
    pub fn of<'a>(&self, buf: &'a [u8]) -> &'a [u8] {
        buf.get(self.start()..self.end()).unwrap_or_default()
    }

    /// The offset of the first byte.
    #[inline]
    pub fn start(&self) -> usize {
        self.start as usize
    }

    /// The offset behind the last byte.
    #[inline]
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// The number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.end().saturating_sub(self.start())
    }

    /// Whether there is no byte.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
