//! Open files and small bodies of one core, bounded in number and bytes.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_http::Validators;

use super::load::{Identity, Opened};
use super::root::Root;

/// Files that are kept ready.
const ENTRIES: usize = 1024;
/// Of them, those that hold a descriptor.
const OPEN_FILES: usize = 64;
/// Bodies that are kept in memory, in all.
const MEMORY_BYTES: usize = 16 * 1024 * 1024;
/// What is read at once of a large file.
const BUFFER_BYTES: usize = 64 * 1024;
/// How long a file of a folder that may change is taken for unchanged.
const FRESH: Duration = Duration::from_secs(1);

/// A file that is ready to be sent.
pub(super) struct Entry {
    pub(super) etag: String,
    /// When it changed last; none while that is not known for good.
    pub(super) modified_unix_s: Option<u64>,
    pub(super) media_type: &'static str,
    pub(super) len: u64,
    pub(super) body: Body,
    pub(super) identity: Identity,
    /// Of a release.
    pub(super) immutable: bool,
}

pub(super) enum Body {
    File(OwnedFd),
    Memory(Vec<u8>),
}

/// What is kept, by folder and path.
#[derive(Default)]
pub(crate) struct FileCache {
    pub(super) buffer: Buffer,
    entries: RefCell<HashMap<(PathBuf, Vec<u8>), Kept>>,
    bytes: Cell<usize>,
}

struct Kept {
    entry: Rc<Entry>,
    checked: Instant,
    used: Instant,
}

/// Where files pass through that are not sent by the kernel alone; takes memory when needed.
#[derive(Default)]
pub(super) struct Buffer(RefCell<Vec<u8>>);

impl Buffer {
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut [u8]) -> T) -> T {
        let mut bytes = self.0.borrow_mut();
        bytes.resize(BUFFER_BYTES, 0);
        work(&mut bytes)
    }
}

impl FileCache {
    /// What is kept of a path, and whether it can be used without another look at the disk.
    pub(super) fn find(&self, root: &Root, path: &[u8], now: Instant) -> Option<(Rc<Entry>, bool)> {
        let mut entries = self.entries.borrow_mut();
        let kept = entries.get_mut(&key(root, path))?;
        kept.used = now;
        let is_recent = now.duration_since(kept.checked) < FRESH && kept.entry.is_intact();
        let fresh = root.immutable || is_recent;
        Some((kept.entry.clone(), fresh))
    }

    pub(super) fn keep(&self, root: &Root, path: &[u8], entry: Rc<Entry>, now: Instant) {
        self.forget(root, path);
        let size = entry.memory();
        while self.is_full(size) && self.drop_oldest(|_| true) {}
        if size == 0 {
            while self.open_files() >= OPEN_FILES && self.drop_oldest(|e| e.memory() == 0) {}
        }
        self.bytes.set(self.bytes.get() + size);
        let kept = Kept { entry, checked: now, used: now };
        self.entries.borrow_mut().insert(key(root, path), kept);
    }

    pub(super) fn forget(&self, root: &Root, path: &[u8]) {
        let old = self.entries.borrow_mut().remove(&key(root, path));
        self.count_out(old);
    }

    fn is_full(&self, more: usize) -> bool {
        self.entries.borrow().len() >= ENTRIES || self.bytes.get() + more > MEMORY_BYTES
    }

    fn open_files(&self) -> usize {
        self.entries.borrow().values().filter(|kept| kept.entry.memory() == 0).count()
    }

    fn drop_oldest(&self, of: impl Fn(&Entry) -> bool) -> bool {
        let mut entries = self.entries.borrow_mut();
        let candidates = entries.iter().filter(|(_, kept)| of(&kept.entry));
        let oldest = candidates.min_by_key(|(_, kept)| kept.used).map(|(key, _)| key.clone());
        let dropped = oldest.and_then(|key| entries.remove(&key));
        let any = dropped.is_some();
        self.count_out(dropped);
        any
    }

    fn count_out(&self, kept: Option<Kept>) {
        let size = kept.map_or(0, |kept| kept.entry.memory());
        self.bytes.set(self.bytes.get().saturating_sub(size));
    }
}

impl Entry {
    pub(super) fn validators(&self) -> Validators<'_> {
        Validators { etag: &self.etag, modified_unix_s: self.modified_unix_s }
    }

    /// Whether it is what was opened now.
    pub(super) fn is_still(&self, opened: &Opened) -> bool {
        (self.identity, self.modified_unix_s) == (opened.identity, opened.modified_unix_s)
    }

    /// Whether a file that is held open still has the bytes that it had when it was opened. To ask
    /// is cheap beside sending it.
    pub(super) fn is_intact(&self) -> bool {
        match &self.body {
            Body::File(file) => rustix::fs::fstat(file)
                .is_ok_and(|stat| Identity::of(&stat).has_content_of(&self.identity)),
            Body::Memory(_) => true,
        }
    }

    fn memory(&self) -> usize {
        match &self.body {
            Body::File(_) => 0,
            Body::Memory(bytes) => bytes.len(),
        }
    }
}

fn key(root: &Root, path: &[u8]) -> (PathBuf, Vec<u8>) {
    (root.path().to_owned(), path.to_vec())
}
