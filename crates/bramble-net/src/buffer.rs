//! Buffers of one core: taken when bytes are there, given back when a connection waits.
//!
//! An idle connection therefore holds none. The free list is bounded; what is over goes back
//! to the allocator.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use crate::ledger::{Ledger, Use};
use crate::stream::Stream;

/// Free buffers that are kept for later.
const KEPT: usize = 256;

/// The least memory that a frugal buffer shrinks to.
const FRUGAL_BYTES: usize = 512;

/// The free list of one core, for buffers of one size; clone it freely.
#[derive(Clone)]
pub struct Buffers(Rc<Pool>);

struct Pool {
    free: RefCell<Vec<Box<[u8]>>>,
    ledger: Rc<Ledger>,
    size: usize,
    frugal: bool,
}

/// Bytes that came in and are not used up yet. Holds no memory while it is empty and its
/// stream would block.
pub struct Buffer {
    pool: Rc<Pool>,
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffers {
    /// Buffers of `size` bytes each, whose memory is entered in the ledger.
    #[must_use]
    pub fn new(size: usize, ledger: &Rc<Ledger>) -> Self {
        Self(Rc::new(Pool::new(size, ledger, false)))
    }

    /// The same, but a buffer that waits for more holds little more than what has come: for
    /// peers of whom many may send very slowly.
    #[must_use]
    pub fn frugal(size: usize, ledger: &Rc<Ledger>) -> Self {
        Self(Rc::new(Pool::new(size, ledger, true)))
    }

    /// An empty buffer; takes no memory yet.
    #[must_use]
    pub fn buffer(&self) -> Buffer {
        Buffer { pool: self.0.clone(), bytes: Box::default(), start: 0, end: 0 }
    }

    /// Gives the memory of all buffers back that nobody uses.
    pub fn give_back_free(&self) {
        let pool = &self.0;
        pool.free.take().into_iter().for_each(|bytes| pool.free(bytes));
    }
}

impl Pool {
    fn new(size: usize, ledger: &Rc<Ledger>, frugal: bool) -> Self {
        Self { free: RefCell::default(), ledger: ledger.clone(), size, frugal }
    }

    fn take(&self) -> Box<[u8]> {
        let kept = self.free.borrow_mut().pop();
        kept.unwrap_or_else(|| self.allocate(self.size))
    }

    fn give_back(&self, bytes: Box<[u8]>) {
        let mut free = self.free.borrow_mut();
        if bytes.len() == self.size && free.len() < KEPT {
            free.push(bytes);
        } else {
            self.free(bytes);
        }
    }

    fn allocate(&self, size: usize) -> Box<[u8]> {
        self.ledger.take(Use::Buffers, size as u64);
        vec![0; size].into_boxed_slice()
    }

    #[allow(clippy::boxed_local, clippy::needless_pass_by_value)] // It ends here.
    fn free(&self, bytes: Box<[u8]>) {
        self.ledger.give_back(Use::Buffers, bytes.len() as u64);
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
        let mut would_block = stream.is_drained();
        loop {
            if would_block {
                self.rest();
            }
            if self.is_full(limit) {
                return Poll::Ready(Err(io::ErrorKind::StorageFull.into()));
            }
            if would_block {
                ready!(stream.poll_readable(cx))?;
            }
            self.make_room(limit);
            let room = self.bytes.get_mut(self.end..).unwrap_or_default();
            match stream.try_read(room) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => would_block = true,
                Ok(n) => {
                    self.end += n;
                    return Poll::Ready(Ok(n));
                }
                Err(e) => return Poll::Ready(Err(e)),
            }
        }
    }

    fn is_full(&self, limit: usize) -> bool {
        let unread = self.end - self.start;
        unread >= limit && unread == self.bytes.len() && unread >= self.pool.size
    }

    /// Keeps no more memory than what waits for more needs.
    fn rest(&mut self) {
        if self.is_empty() {
            self.release();
        } else if self.pool.frugal {
            self.shrink();
        }
    }

    /// For one more byte at least, as there is unless it is full.
    fn make_room(&mut self, limit: usize) {
        if self.bytes.len() < self.pool.size {
            let all = self.pool.take();
            self.move_into(all);
        }
        if self.end < self.bytes.len() {
            return;
        }
        let unread = self.end - self.start;
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
        } else {
            let larger = self.pool.allocate((unread * 2).min(limit));
            self.move_into(larger);
        }
        (self.start, self.end) = (0, unread);
    }

    /// Gives back what it would only need if more came at once.
    fn shrink(&mut self) {
        let fit = (self.end - self.start).next_power_of_two().max(FRUGAL_BYTES);
        if fit * 2 <= self.bytes.len() {
            let fitting = self.pool.allocate(fit);
            self.move_into(fitting);
        }
    }

    /// Changes its memory for another that holds what is unread, at least.
    fn move_into(&mut self, mut memory: Box<[u8]>) {
        let unread = self.unread();
        let len = unread.len();
        // What has no room here is none of ours to be entered as given back: it always has.
        if let Some(room) = memory.get_mut(..len) {
            room.copy_from_slice(unread);
            (self.start, self.end) = (0, len);
            self.pool.give_back(std::mem::replace(&mut self.bytes, memory));
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests;
