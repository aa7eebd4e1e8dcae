//! Memory that a line is written to from its start. There is more of it than a line takes; what
//! finds no room all the same is left out. Pure.
//!
//! To add a few bytes costs less than to ask how many they are: so they are added together with
//! what stands behind them, which is written over.

use super::line::LINE_BYTES;

/// Enough for what a number is called, and the number.
const BOTH_BYTES: usize = 24;

/// The memory. How much of it there is the compiler knows, so that one comparison tells whether
/// there is room.
pub(super) struct Room<'a> {
    memory: &'a mut [u8; LINE_BYTES],
    filled: usize,
}

/// A text, with what stands behind it in memory.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    memory: &'a [u8],
    len: usize,
}

impl<'a> Room<'a> {
    pub(super) fn new(memory: &'a mut [u8; LINE_BYTES]) -> Self {
        Self { memory, filled: 0 }
    }

    /// How many bytes were added.
    #[inline(always)]
    pub(super) fn filled(&self) -> usize {
        self.filled.min(LINE_BYTES)
    }

    /// Adds bytes whose number the compiler knows: a store or two, where [`Room::copy`] is a call.
    #[inline(always)] // As all of a line is: how much is filled then stays in a register.
    pub(super) fn put<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.put_some(bytes, N);
    }

    /// Adds the first `len` of the bytes.
    #[inline(always)]
    pub(super) fn put_some<const N: usize>(&mut self, bytes: &[u8; N], len: usize) {
        if let Some(to) = self.next() {
            *to = *bytes;
            self.filled += len;
        }
    }

    /// Adds bytes, and the first `len` of four more. All of that has room in `BOTH_BYTES`.
    #[inline(always)]
    pub(super) fn put_both<const N: usize>(&mut self, bytes: &[u8; N], more: &[u8; 4], len: usize) {
        const { assert!(N + 4 <= BOTH_BYTES) }
        if let Some(to) = self.next::<BOTH_BYTES>()
            && let Some((before, behind)) = to.split_first_chunk_mut::<N>()
            && let Some(behind) = behind.first_chunk_mut()
        {
            (*before, *behind) = (*bytes, *more);
            self.filled += N + len;
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
        let left = self.memory.get_mut(self.filled..).unwrap_or_default();
        if let Some(to) = left.get_mut(..bytes.len()) {
            to.copy_from_slice(bytes);
            self.filled += bytes.len();
        }
    }

    /// Where the next bytes go.
    #[inline(always)]
    fn next<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        if self.filled > LINE_BYTES - N {
            return None;
        }
        self.memory.get_mut(self.filled..)?.first_chunk_mut()
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
