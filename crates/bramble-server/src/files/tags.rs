//! Entity tags: of content where that is known, so that it has the same tag on every node, else
//! of a file's state.

use bramble_content::Hash;

use super::load::Identity;

/// Half a hash is enough: nobody can make two files with one tag.
const HASH_DIGITS: usize = 32;

/// The tag of a content.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    of_hash(&Hash::of(bytes))
}

/// The tag of a content that has this hash.
pub(super) fn of_hash(hash: &Hash) -> String {
    format!("\"{}\"", digits(hash))
}

/// The tag of a file that nobody reads for it: its size and when it changed. It is weak until
/// time has passed since, as in Apache: in the same tick of the disk's clock it may change again.
pub(super) fn of_state(identity: &Identity, is_settled: bool) -> String {
    let weak = if is_settled { "" } else { "W/" };
    format!("{weak}\"{:x}-{:x}\"", identity.size, identity.modified_ns)
}

/// What separates the parts of a body with this tag. No content holds a hash of its own tag.
pub(super) fn boundary(etag: &str) -> String {
    format!("bramble-{}", digits(&Hash::of(etag.as_bytes())))
}

fn digits(hash: &Hash) -> String {
    let mut digits = hash.to_string();
    digits.truncate(HASH_DIGITS);
    digits
}

#[cfg(test)]
mod tests;
