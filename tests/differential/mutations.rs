//! What can be wrong with a message: each mutation spoils a sound draft in one way.
//!
//! The choices are the known faults of others (CVE lists, RFC 9112's allowances, "funky chunks")
//! and what stands near them.

mod answer;
mod bytes;
mod chunk;
mod field;
mod framing;
mod request;

use crate::draft::Draft;
use crate::rng::Rng;

/// Spoils a draft.
pub(crate) type Mutate = fn(&mut Draft, &mut Rng);
/// Its name in reports.
pub(crate) type Mutation = (&'static str, Mutate);

/// A mutation of bytes, with its name.
pub(crate) type Blind = (&'static str, fn(Vec<u8>, &mut Rng) -> Vec<u8>);

/// What can be done to requests.
pub(crate) fn of_requests() -> Vec<Mutation> {
    [request::ALL, framing::ALL, chunk::ALL, field::ALL].concat()
}

/// What can be done to answers.
pub(crate) fn of_answers() -> Vec<Mutation> {
    [answer::ALL, framing::ALL, chunk::ALL, field::ALL].concat()
}

/// What can be done to a message as bytes.
pub(crate) const OF_BYTES: &[Blind] = bytes::ALL;
