//! Passing bytes on from one connection to another, with none of them held between two turns.
//!
//! What has come is looked at, written, and only as much as was taken is removed. The rest stays
//! in the kernel, where it holds its sender up: a reader that is slow takes no memory here, and
//! one piece of memory, as large as is good for the quick ones, does for all.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use super::Stream;

/// What a turn has come to.
#[derive(Debug)]
pub struct Passed {
    /// Bytes that were there, as far as there was memory to look at them; none is the peer's end.
    pub seen: usize,
    /// How many of them the other side has taken, or why it took none.
    pub taken: io::Result<usize>,
}

impl Stream {
    /// Passes on what has come of the `left` bytes that are still to come, or arranges for a wake-up
    /// when nothing has. All but the last byte of `memory` go at once; that one tells whether more
    /// is there. Only a plain stream can.
    ///
    /// # Errors
    /// This side is broken; what is wrong with the other stands in the result.
    pub fn poll_pass(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut Self,
        left: usize,
        memory: &mut [u8],
    ) -> Poll<io::Result<Passed>> {
        let seen = ready!(self.poll_peek(cx, memory))?;
        let piece = left.min(memory.len().saturating_sub(1));
        let bytes = memory.get(..seen.min(piece)).unwrap_or_default();
        if bytes.is_empty() {
            return Poll::Ready(Ok(Passed { seen, taken: Ok(0) }));
        }
        let taken = to.try_write(&[IoSlice::new(bytes)]);
        if let Ok(taken) = taken {
            let is_emptied = taken == seen && seen < memory.len();
            self.socket.remove(memory.get_mut(..taken).unwrap_or_default(), is_emptied)?;
        }
        Poll::Ready(Ok(Passed { seen, taken }))
    }

    fn poll_peek(&mut self, cx: &mut Context<'_>, memory: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.socket.peek(memory) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.poll_readable(cx))?;
                }
                other => return Poll::Ready(other),
            }
        }
    }
}

#[cfg(test)]
mod tests;
