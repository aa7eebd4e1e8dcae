//! Memory that a line is written to from its start. There is more of it than a line takes; what
//! finds no room all the same is left out. Pure.
//!
//! To add a few bytes costs less than to ask how many they are: so they are added together with
//! what stands behind them, which is written over.

/// Enough for what a number is called, and the number.
const BOTH_BYTES: usize = 24;

/// What is left of the memory.
pub(super) struct Room<'a>(&'a mut [u8]);

/// A text, with what stands behind it in memory.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    memory: &'a [u8],
    len: usize,
}

impl<'a> Room<'a> {
    pub(super) fn new(memory: &'a mut [u8]) -> Self {
        Self(memory)
    }

    /// How many bytes are left.
    #[inline(always)]
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    /// Adds bytes whose number the compiler knows: a store or two, where [`Room::copy`] is a call.
    #[inline(always)] // As all of a line is: what is left then stays in registers.
    pub(super) fn put<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.put_some(bytes, N);
    }

    /// Adds the first `len` of the bytes.
    #[inline(always)]
    pub(super) fn put_some<const N: usize>(&mut self, bytes: &[u8; N], len: usize) {
        if let Some(to) = self.0.first_chunk_mut() {
            *to = *bytes;
            self.pass(len);
        }
    }

    /// Adds bytes, and the first `len` of four more. All of that has room in `BOTH_BYTES`.
    #[inline(always)]
    pub(super) fn put_both<const N: usize>(&mut self, bytes: &[u8; N], more: &[u8; 4], len: usize) {
        const { assert!(N + 4 <= BOTH_BYTES) }
        if let Some(to) = self.0.first_chunk_mut::<BOTH_BYTES>()
            && let Some((before, behind)) = to.split_first_chunk_mut::<N>()
            && let Some(behind) = behind.first_chunk_mut()
        {
            (*before, *behind) = (*bytes, *more);
            self.pass(N + len);
        }
    }

    /// Adds a text of any length. Those of up to `N` bytes cost little.
    #[inline(always)]
    pub(super) fn text<const N: usize>(&mut self, text: Text<'_>) {
        if text.len <= N
            && let Some(bytes) = text.memory.first_chunk::<N>()
        {
            return self.put_some(bytes, text.len);
        }
        self.copy(text.bytes());
    }

    /// Adds bytes.
    #[inline(always)]
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        if let Some(to) = self.0.get_mut(..bytes.len()) {
            to.copy_from_slice(bytes);
            self.pass(bytes.len());
        }
    }

    #[inline(always)]
    fn pass(&mut self, len: usize) {
        let all = std::mem::take(&mut self.0);
        self.0 = all.get_mut(len..).unwrap_or_default();
    }
}

impl<'a> Text<'a> {
    /// The first `len` bytes of the memory.
    #[inline(always)]
    pub(super) fn new(memory: &'a [u8], len: usize) -> Self {
        Self { memory, len }
    }

    #[inline(always)]
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.memory.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
