//! Lines of one core on their way to the disk. The memory is filled with zeros once, and used again
//! and again.

use super::room::Room;

/// Lines are handed over in blocks of this size. No line is longer.
pub(super) const BLOCK_BYTES: usize = 64 * 1024;

/// By default it has no memory.
#[derive(Default)]
pub(super) struct Block {
    memory: Vec<u8>,
    filled: usize,
}

impl Block {
    pub(super) fn with_memory() -> Self {
        Self { memory: vec![0; BLOCK_BYTES], filled: 0 }
    }

    /// How many bytes it has room for.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.memory.len() - self.filled
    }

    /// Adds a line.
    #[inline]
    pub(super) fn add(&mut self, line: impl FnOnce(&mut Room<'_>)) {
        let mut room = Room::new(self.memory.get_mut(self.filled..).unwrap_or_default());
        line(&mut room);
        let left = room.left();
        self.filled = self.memory.len() - left;
    }

    pub(super) fn lines(&self) -> &[u8] {
        self.memory.get(..self.filled).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    pub(super) fn clear(&mut self) {
        self.filled = 0;
    }
}
