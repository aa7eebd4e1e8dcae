//! Files of one core that are ready to be sent, bounded in number, bytes and descriptors.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_net::{Ledger, Use};

use super::entry::{Cost, Resource};
use super::root::Root;

/// Paths that are kept ready.
const ENTRIES: usize = 1024;
/// Files among them that are held open.
const OPEN_FILES: usize = 128;
/// Bodies that are kept in memory, in all.
const MEMORY_BYTES: usize = 16 * 1024 * 1024;
/// And no more of what the process may hold than one part in so many.
const SHARE: u64 = 16;
/// How long a file of a folder that may change is taken for unchanged.
const FRESH: Duration = Duration::from_secs(1);

/// What is kept, by folder and path.
pub(crate) struct FileCache {
    ledger: Rc<Ledger>,
    entries: RefCell<HashMap<Box<[u8]>, Kept>>,
    held: Cell<Cost>,
    /// The key in the making; its memory is reused.
    key: RefCell<Vec<u8>>,
}

struct Kept {
    resource: Rc<Resource>,
    checked: Instant,
    used: Instant,
}

impl FileCache {
    /// One that keeps nothing yet.
    pub(crate) fn new(ledger: &Rc<Ledger>) -> Self {
        Self {
            ledger: ledger.clone(),
            entries: RefCell::default(),
            held: Cell::default(),
            key: RefCell::default(),
        }
    }

    /// What is kept of a path, and whether it can be used without another look at the disk.
    pub(super) fn find(
        &self,
        root: &Root,
        path: &[u8],
        now: Instant,
    ) -> Option<(Rc<Resource>, bool)> {
        let mut entries = self.entries.borrow_mut();
        let kept = self.with_key(root, path, |key| entries.get_mut(key))?;
        kept.used = now;
        let is_recent = || now.duration_since(kept.checked) < FRESH && kept.resource.is_intact();
        let fresh = root.immutable || is_recent();
        Some((kept.resource.clone(), fresh))
    }

    pub(super) fn keep(&self, root: &Root, path: &[u8], resource: Rc<Resource>, now: Instant) {
        self.forget(root, path);
        let cost = resource.cost();
        self.make_room(cost);
        self.ledger.take(Use::Files, cost.bytes as u64);
        self.count(|held| Cost {
            bytes: held.bytes + cost.bytes,
            descriptors: held.descriptors + cost.descriptors,
        });
        let key = self.with_key(root, path, |key| Box::<[u8]>::from(key));
        self.entries.borrow_mut().insert(key, Kept { resource, checked: now, used: now });
    }

    /// Keeps nothing of all that.
    pub(crate) fn clear(&self) {
        let all = self.entries.take();
        all.into_values().for_each(|kept| self.count_out(Some(kept)));
    }

    pub(super) fn forget(&self, root: &Root, path: &[u8]) {
        let old = self.with_key(root, path, |key| self.entries.borrow_mut().remove(key));
        self.count_out(old);
    }

    fn make_room(&self, more: Cost) {
        let held = || self.held.get();
        while self.entries.borrow().len() >= ENTRIES && self.drop_oldest(|_| true) {}
        let most = (self.ledger.budget().ceiling() / SHARE).min(MEMORY_BYTES as u64) as usize;
        while held().bytes + more.bytes > most && self.drop_oldest(|c| c.bytes > 0) {}
        while held().descriptors + more.descriptors > OPEN_FILES
            && self.drop_oldest(|c| c.descriptors > 0)
        {}
    }

    /// A search through all: 3 µs of the 33 that a file costs that was not here. In return hits,
    /// of which there are many more, have no order to keep.
    fn drop_oldest(&self, of: impl Fn(Cost) -> bool) -> bool {
        let mut entries = self.entries.borrow_mut();
        let candidates = entries.iter().filter(|(_, kept)| of(kept.resource.cost()));
        let oldest = candidates.min_by_key(|(_, kept)| kept.used).map(|(key, _)| key.clone());
        let dropped = oldest.and_then(|key| entries.remove(&key));
        let any = dropped.is_some();
        self.count_out(dropped);
        any
    }

    fn count_out(&self, kept: Option<Kept>) {
        let cost = kept.map(|kept| kept.resource.cost()).unwrap_or_default();
        self.ledger.give_back(Use::Files, cost.bytes as u64);
        self.count(|held| Cost {
            bytes: held.bytes.saturating_sub(cost.bytes),
            descriptors: held.descriptors.saturating_sub(cost.descriptors),
        });
    }

    fn count(&self, change: impl FnOnce(Cost) -> Cost) {
        self.held.set(change(self.held.get()));
    }

    fn with_key<T>(&self, root: &Root, path: &[u8], work: impl FnOnce(&[u8]) -> T) -> T {
        let mut key = self.key.borrow_mut();
        key.clear();
        key.extend_from_slice(root.path().as_os_str().as_bytes());
        // Neither has a NUL, so that no two pairs are one key.
        key.push(0);
        key.extend_from_slice(path);
        work(&key)
    }
}

#[cfg(test)]
mod tests;
