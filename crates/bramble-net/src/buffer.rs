//! Buffers of one core: taken when bytes are there, given back when a connection waits.
//!
//! An idle connection therefore holds none. The free list is bounded; what is over goes back
//! to the allocator.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use crate::stream::Stream;

/// Free buffers that are kept for later.
const KEPT: usize = 256;

/// The free list of one core, for buffers of one size; clone it freely.
#[derive(Clone)]
pub struct Buffers {
    free: Rc<RefCell<Vec<Box<[u8]>>>>,
    size: usize,
}

/// Bytes that came in and are not used up yet. Holds no memory while it is empty and its
/// stream would block.
pub struct Buffer {
    pool: Buffers,
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffers {
    /// Buffers of `size` bytes each.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self { free: Rc::default(), size }
    }

    /// An empty buffer; takes no memory yet.
    #[must_use]
    pub fn buffer(&self) -> Buffer {
        Buffer { pool: self.clone(), bytes: Box::default(), start: 0, end: 0 }
    }

    fn take(&self) -> Box<[u8]> {
        let kept = self.free.borrow_mut().pop();
        kept.unwrap_or_else(|| vec![0; self.size].into_boxed_slice())
    }

    fn give_back(&self, bytes: Box<[u8]>) {
        let mut free = self.free.borrow_mut();
        if bytes.len() == self.size && free.len() < KEPT {
            free.push(bytes);
        }
    }
}

impl Buffer {
    /// What came in and is not used up.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Marks `n` bytes as used up.
    pub fn consume(&mut self, n: usize) {
        self.start = self.end.min(self.start + n);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Nothing is unread.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Gives the memory back; what was unread is lost.
    pub fn release(&mut self) {
        (self.start, self.end) = (0, 0);
        if !self.bytes.is_empty() {
            self.pool.give_back(std::mem::take(&mut self.bytes));
        }
    }

    /// Reads more from `stream`, up to `limit` unread bytes in all; `Ok(0)` is the peer's end.
    ///
    /// # Errors
    /// `StorageFull` at the limit, otherwise the connection is broken.
    pub fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        loop {
            self.make_room(limit)?;
            let room = self.bytes.get_mut(self.end..).unwrap_or_default();
            match stream.try_read(room) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    if self.is_empty() {
                        self.release();
                    }
                    ready!(stream.poll_readable(cx))?;
                }
                Ok(n) => {
                    self.end += n;
                    return Poll::Ready(Ok(n));
                }
                Err(e) => return Poll::Ready(Err(e)),
            }
        }
    }

    fn make_room(&mut self, limit: usize) -> io::Result<()> {
        if self.bytes.is_empty() {
            self.bytes = self.pool.take();
        }
        if self.end < self.bytes.len() {
            return Ok(());
        }
        let unread = self.end - self.start;
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
        } else if unread >= limit {
            return Err(io::ErrorKind::StorageFull.into());
        } else {
            let mut larger = vec![0; (unread * 2).min(limit)].into_boxed_slice();
            larger[..unread].copy_from_slice(&self.bytes);
            self.pool.give_back(std::mem::replace(&mut self.bytes, larger));
        }
        (self.start, self.end) = (0, unread);
        Ok(())
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.release();
    }
}
