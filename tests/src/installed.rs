//! A binary as somebody has installed it, and another one that may come in its place.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::command::{Call, Outcome};
use crate::folder::Folder;
use crate::program::bramble_binary;

/// A folder with the binary in it.
pub struct Installed {
    /// Where the file is.
    pub folder: Folder,
}

/// Which file it is, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
    /// Binaries are told apart by it.
    pub bytes: u64,
}

impl Installed {
    /// With a name of its own, without a copy where that can be.
    #[must_use]
    #[allow(clippy::new_without_default)] // It writes to the disk.
    pub fn new() -> Self {
        let folder = Folder::empty();
        if fs::hard_link(bramble_binary(), folder.join("bramble")).is_err() {
            fs::copy(bramble_binary(), folder.join("bramble")).unwrap();
        }
        Self { folder }
    }

    /// The file.
    #[must_use]
    pub fn place(&self) -> PathBuf {
        self.folder.join("bramble")
    }

    /// The one that was there before.
    #[must_use]
    pub fn previous(&self) -> PathBuf {
        self.folder.join("bramble.previous")
    }

    /// Another binary of bramble: one byte longer.
    #[must_use]
    pub fn another(&self) -> PathBuf {
        let file = self.folder.join("another");
        fs::copy(bramble_binary(), &file).unwrap();
        OpenOptions::new().append(true).open(&file).unwrap().write_all(b"\n").unwrap();
        file
    }

    /// `upgrade-self`, as somebody calls what is installed there.
    #[must_use]
    #[track_caller]
    pub fn upgrade(&self, arguments: &[&str]) -> Outcome {
        Call::of(self.place(), self.folder.path(), &[&["upgrade-self"], arguments].concat()).run()
    }

    /// The file is the one that was installed, and nothing of an upgrade is left beside it.
    #[track_caller]
    pub fn expect_intact(&self) {
        assert_eq!(FileId::of(&self.place()).bytes, FileId::of(&bramble_binary()).bytes);
        let names = fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let left: Vec<_> =
            names.filter(|name| name.starts_with('.') || name.ends_with(".previous")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

impl FileId {
    /// Of this file.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let about = fs::metadata(path).unwrap();
        Self { device: about.dev(), inode: about.ino(), bytes: about.len() }
    }

    /// Of what a process runs.
    #[must_use]
    pub fn run_by(id: u32) -> Self {
        Self::of(Path::new(&format!("/proc/{id}/exe")))
    }
}
