//! Entity tags of large files: the hash of their whole content, reckoned once for all who ask,
//! and known for longer than the file is kept open.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;

use tokio::sync::OnceCell;

use super::cache::Identity;

/// Tags that are remembered.
const TAGS: usize = 4096;
/// Files beyond this size are hashed beside the loop.
const INLINE_HASH_BYTES: i64 = 1024 * 1024;

/// What is known of files in a certain state.
#[derive(Default)]
pub(super) struct Tags(RefCell<HashMap<Identity, Rc<OnceCell<String>>>>);

impl Tags {
    /// The tag of a file, which is read to its end unless that was done before.
    pub(super) async fn of(&self, file: BorrowedFd<'_>, identity: Identity) -> io::Result<String> {
        let tag = self.entry(identity);
        // Whoever comes meanwhile waits for the first, and goes on if that one leaves.
        tag.get_or_try_init(|| read(file, identity)).await.cloned()
    }

    fn entry(&self, identity: Identity) -> Rc<OnceCell<String>> {
        let mut tags = self.0.borrow_mut();
        if tags.len() >= TAGS && !tags.contains_key(&identity) {
            let any = tags.keys().next().copied();
            any.and_then(|any| tags.remove(&any));
        }
        tags.entry(identity).or_default().clone()
    }
}

async fn read(file: BorrowedFd<'_>, identity: Identity) -> io::Result<String> {
    let file = file.try_clone_to_owned()?;
    let hash = if identity.size <= INLINE_HASH_BYTES {
        hash(file)?
    } else {
        tokio::task::spawn_blocking(move || hash(file)).await.map_err(io::Error::other)??
    };
    Ok(etag(&hash))
}

fn hash(file: OwnedFd) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(std::fs::File::from(file))?;
    Ok(hasher.finalize())
}

/// The same content has the same tag on every node.
pub(super) fn etag(hash: &blake3::Hash) -> String {
    let hex = hash.to_hex();
    format!("\"{}\"", hex.get(..32).unwrap_or(&hex))
}

#[cfg(test)]
mod tests;
