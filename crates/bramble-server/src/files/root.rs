//! A folder that paths are resolved beneath, opened once; of a release also what its manifest
//! says of large files.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use bramble_content::{Hash, ReleaseError, Releases};
use rustix::fs::{Mode, OFlags};
use tokio::sync::OnceCell;

use super::load::MEMORY_FILE_BYTES;

/// An opened folder.
pub(crate) struct Root {
    path: PathBuf,
    pub(super) folder: OwnedFd,
    /// A release: what lies in it never changes.
    pub(super) immutable: bool,
    large_files: OnceCell<HashMap<String, Recorded>>,
}

/// A file as the manifest has it; it was verified when the release was fetched.
#[derive(Clone, Copy)]
pub(super) struct Recorded {
    pub(super) hash: Hash,
    pub(super) size: u64,
}

impl Root {
    pub(super) fn open(path: &Path, immutable: bool) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Self { path: path.to_owned(), folder, immutable, large_files: OnceCell::new() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the manifest says of a large file, so that nobody waits until it is hashed.
    pub(super) async fn recorded(&self, path: &[u8]) -> Option<Recorded> {
        if !self.immutable {
            return None;
        }
        let path = std::str::from_utf8(path).ok()?.strip_prefix('/')?;
        let folder = self.path.clone();
        let read = || async {
            // Beside the loop: it can be as large as 32 MiB.
            tokio::task::spawn_blocking(move || large_files(&folder)).await.unwrap_or_default()
        };
        self.large_files.get_or_init(read).await.get(path).copied()
    }
}

fn large_files(folder: &Path) -> HashMap<String, Recorded> {
    let manifest = match Releases::manifest_of(folder) {
        Ok(manifest) => manifest,
        // Pruned by now: this plan is the last that knows it.
        Err(ReleaseError::Unknown { .. }) => return HashMap::new(),
        Err(error) => {
            tracing::warn!(%error, "large files go by their times");
            return HashMap::new();
        }
    };
    let large = manifest.files().iter().filter(|file| file.size > MEMORY_FILE_BYTES);
    large.map(|f| (f.path.clone(), Recorded { hash: f.hash, size: f.size })).collect()
}
