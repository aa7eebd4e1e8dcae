//! Reading a body: which bytes of the input are its data, and where it ends.

use std::ops::Range;

use crate::{Body, Limits, Reject, chunked::Chunked, scan};

/// What one call of [`BodyReader::next`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Bytes of the input that are dealt with.
    pub consumed: usize,
    /// The part of the input to pass on; may be empty.
    pub data: Range<usize>,
    /// Whether the body has ended. Bytes that were not consumed belong to the next message.
    pub done: bool,
}

/// Reads one body as its bytes arrive. It copies nothing and allocates nothing.
#[derive(Clone, Debug)]
pub struct BodyReader {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Length(u64),
    Chunked(Chunked),
    /// How many bytes may still come.
    UntilClose(u64),
}

impl BodyReader {
    /// A reader for a request's body that ends as `body` says.
    pub fn new(body: Body, limits: &Limits) -> BodyReader {
        BodyReader::with(body, limits, scan::NAME)
    }

    /// A reader for an answer's body. Trailers may be named as the fields of its head may.
    pub fn of_answer(body: Body, limits: &Limits) -> BodyReader {
        BodyReader::with(body, limits, scan::TOKEN)
    }

    fn with(body: Body, limits: &Limits, names: u8) -> BodyReader {
        let state = match body {
            Body::None => State::Length(0),
            Body::Length(length) => State::Length(length),
            Body::Chunked => State::Chunked(Chunked::new(limits, names)),
            Body::UntilClose => State::UntilClose(limits.body_bytes),
        };
        BodyReader { state }
    }

    /// Deals with the start of `input`: at most one run of data and the framing around it.
    /// The bytes behind `consumed` go in again with the next call. If nothing was consumed and
    /// the body is not done, more bytes must come first.
    pub fn next(&mut self, input: &[u8]) -> Result<Step, Reject> {
        match &mut self.state {
            State::Length(left) => {
                let len = take(left, input);
                Ok(Step { consumed: len, data: 0..len, done: *left == 0 })
            }
            State::Chunked(chunked) => chunked.next(input),
            State::UntilClose(left) => {
                let len = take(left, input);
                if len < input.len() {
                    return Err(Reject::BodyTooLarge);
                }
                Ok(Step { consumed: len, data: 0..len, done: false })
            }
        }
    }

    /// Whether the body has ended.
    pub fn is_done(&self) -> bool {
        match &self.state {
            State::Length(left) => *left == 0,
            State::Chunked(chunked) => chunked.is_done(),
            State::UntilClose(_) => false,
        }
    }

    /// How many bytes are still to come, where that was said at the start and nothing stands
    /// between them.
    pub fn left(&self) -> Option<u64> {
        match &self.state {
            State::Length(left) => Some(*left),
            State::Chunked(_) | State::UntilClose(_) => None,
        }
    }

    /// Whether the body is whole, now that the connection was closed.
    pub fn finish_on_close(&self) -> Result<(), Reject> {
        match &self.state {
            State::UntilClose(_) => Ok(()),
            _ if self.is_done() => Ok(()),
            _ => Err(Reject::TruncatedBody),
        }
    }
}

/// Takes as much of `input` as `left` allows; returns how much.
fn take(left: &mut u64, input: &[u8]) -> usize {
    let len = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    *left -= len as u64;
    len
}

#[cfg(test)]
mod tests;
