//! Memory that a line is written to from its start. What finds no room is left out. Pure.
//!
//! To add a few bytes costs less than to ask how many they are: so they are added together with
//! what stands behind them, which is written over.

use super::line::LINE_BYTES;

/// No more is added by one [`Room::put`].
const PUT_BYTES: usize = 64;

/// Enough for what a number is called, and the number.
const BOTH_BYTES: usize = 24;

/// The memory. How much of it there is the compiler knows, so that one comparison tells whether
/// there is room.
pub(super) struct Room<'a, const BYTES: usize = LINE_BYTES> {
    memory: &'a mut [u8; BYTES],
    end: usize,
    /// A text has found no room.
    lacks: bool,
}

impl<'a, const BYTES: usize> Room<'a, BYTES> {
    pub(super) fn new(memory: &'a mut [u8; BYTES]) -> Self {
        Self::behind(memory, 0)
    }

    /// The first `end` bytes are there already.
    #[inline(always)]
    pub(super) fn behind(memory: &'a mut [u8; BYTES], end: usize) -> Self {
        Self { memory, end, lacks: false }
    }

    /// Where the next byte goes: so many are filled.
    #[inline(always)]
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Something may have been left out.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.lacks || self.end > BYTES - PUT_BYTES
    }

    /// Adds bytes whose number the compiler knows: a store or two, where [`Room::copy`] is a call.
    #[inline(always)] // As all of a line is: how much is filled then stays in a register.
    pub(super) fn put<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.put_some(bytes, N);
    }

    /// Adds the first `len` of the bytes.
    #[inline(always)]
    pub(super) fn put_some<const N: usize>(&mut self, bytes: &[u8; N], len: usize) {
        const { assert!(N <= PUT_BYTES) }
        if let Some(to) = self.next() {
            *to = *bytes;
            self.end += len;
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
            self.end += N + len;
        }
    }

    /// Adds bytes.
    #[inline(always)]
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        let left = self.memory.get_mut(self.end..).unwrap_or_default();
        match left.get_mut(..bytes.len()) {
            Some(to) => {
                to.copy_from_slice(bytes);
                self.end += bytes.len();
            }
            None => self.lacks = true,
        }
    }

    /// Where the next bytes go.
    #[inline(always)]
    fn next<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        if self.end > BYTES - N {
            return None;
        }
        self.memory.get_mut(self.end..)?.first_chunk_mut()
    }
}

#[cfg(test)]
mod tests;
