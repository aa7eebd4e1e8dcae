//! What the last scan saw of each file, so that the next need not read all of them again.
//!
//! As git's index does it: a file whose size, times and inode stand as they were has the
//! bytes it had, unless it is *racily clean*: it was last touched so close to the scan that
//! a later write could have got the same time stamp. Such a file is always read again.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::disk::{self, DiskError};
use crate::hash::Hash;

/// Stamps closer to the scan than this prove nothing: the coarsest file systems count in 2 s.
const RACY_NS: i64 = 2_000_000_000;

/// Size, times and inode: what changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    mtime_ns: i64,
    ctime_ns: i64,
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.size(),
            mtime_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }
}

fn ns(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    stamp: Stamp,
    hash: Hash,
}

/// The memory of one scan. An empty one is always right, only slow.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Index {
    /// When that scan began. Not when this was written, which is later: a file may have been
    /// read long before.
    scanned_ns: i64,
    files: BTreeMap<String, Entry>,
}

impl Index {
    /// Reads an index; an absent or damaged one counts as empty.
    pub fn load(path: &Path) -> Self {
        std::fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Writes it, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), DiskError> {
        let bytes = serde_json::to_vec(self).map_err(|e| DiskError::at(path)(e.into()))?;
        disk::replace(path, &bytes)
    }

    pub(crate) fn begin(now: SystemTime) -> Self {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let scanned_ns = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
        Self { scanned_ns, files: BTreeMap::new() }
    }

    pub(crate) fn insert(&mut self, path: String, stamp: Stamp, hash: Hash) {
        self.files.insert(path, Entry { stamp, hash });
    }

    /// The hash of a file that surely has not changed.
    pub(crate) fn hash(&self, path: &str, stamp: &Stamp) -> Option<Hash> {
        let entry = self.files.get(path)?;
        (entry.stamp == *stamp && !self.is_racy(stamp)).then_some(entry.hash)
    }

    fn is_racy(&self, stamp: &Stamp) -> bool {
        stamp.mtime_ns.max(stamp.ctime_ns) >= self.scanned_ns.saturating_sub(RACY_NS)
    }
}

#[cfg(test)]
mod tests;
