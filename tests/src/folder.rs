//! A folder for one scenario, gone with it.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A temporary folder.
pub struct Folder {
    folder: TempDir,
}

impl Folder {
    /// With nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With these files.
    #[must_use]
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::empty();
        for (path, content) in files {
            folder.write(path, content);
        }
        folder
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of something in it.
    #[must_use]
    pub fn join(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let file = self.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.join(path)).unwrap();
    }

    /// Puts a symbolic link there.
    pub fn link(&self, path: &str, target: impl AsRef<Path>) {
        std::os::unix::fs::symlink(target, self.join(path)).unwrap();
    }
}
