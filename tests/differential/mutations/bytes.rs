//! Blind mutations of a message's bytes: what no list has thought of.

use super::Blind;
use crate::rng::Rng;

pub(super) const ALL: &[Blind] =
    &[("a byte changed", change), ("a byte added", add), ("a byte lost", lose), ("cut", cut)];

/// Bytes that mean something to some reader.
const BYTES: &[u8] =
    b"\0\x01\t\n\x0b\x0c\r !\"#%&'(),-./0123:;<=?@A[\\]_`a{|}~\x7f\x80\x85\xa0\xc3\xff";

fn change(mut message: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    let at = rng.below(message.len());
    message[at] = rng.pick(BYTES);
    message
}

fn add(mut message: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    message.insert(rng.below(message.len()), rng.pick(BYTES));
    message
}

fn lose(mut message: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    message.remove(rng.below(message.len()));
    message
}

fn cut(mut message: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    message.truncate(1 + rng.below(message.len()));
    message
}
