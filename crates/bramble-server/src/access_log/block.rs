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

    /// Room for any line, if there is so much.
    #[inline]
    pub(super) fn room(&mut self) -> Option<Room<'_>> {
        self.memory.get_mut(self.filled..)?.first_chunk_mut().map(Room::new)
    }

    /// A line of so many bytes was written to the room.
    #[inline]
    pub(super) fn add(&mut self, bytes: usize) {
        self.filled += bytes;
    }

    pub(super) fn has_memory(&self) -> bool {
        !self.memory.is_empty()
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
