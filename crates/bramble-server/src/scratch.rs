//! Memory of a core for what only passes through: whoever uses it has it to itself for as long as
//! it does not wait. What lies in it then is anybody's.

use std::cell::RefCell;

/// Grows to the most that was asked for.
#[derive(Default)]
pub(crate) struct Scratch(RefCell<Vec<u8>>);

impl Scratch {
    /// Gives its memory back.
    pub(crate) fn give_back(&self) {
        self.0.take();
    }

    /// Works with `len` bytes.
    pub(crate) fn with<T>(&self, len: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
        let mut bytes = self.0.borrow_mut();
        if bytes.len() < len {
            bytes.resize(len, 0);
        }
        work(bytes.get_mut(..len).unwrap_or_default())
    }
}
