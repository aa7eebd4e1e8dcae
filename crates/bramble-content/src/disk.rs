//! What must hold after a power cut: a file is replaced whole, and its name is on the disk.
//! Errors name the path, and a full disk is told apart because its cure is another.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The disk refused.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// No room, or the quota is used up.
    #[error("the disk is full: can't write {}; make room there and try again", path.display())]
    Full {
        /// What was being written.
        path: PathBuf,
    },
    /// Anything else.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// As the system said it.
        source: io::Error,
    },
}

impl DiskError {
    /// For `map_err`: adds the path that the system leaves out.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path: path.into() }
            }
            _ => Self::Io { path: path.into(), source },
        }
    }
}

/// Writes the file anew so that, whatever happens, either the old or the new bytes are there.
/// Readable by the owner alone.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folders(folder)?;
    replace_from(folder, path, bytes)?;
    sync_folder(folder)
}

/// As [`replace`], by way of another folder of the same file system and without the sync of
/// the file's folder, which the caller owes.
pub(crate) fn replace_from(tmp: &Path, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let mut file = NamedTempFile::new_in(tmp).map_err(DiskError::at(tmp))?;
    file.write_all(bytes).map_err(DiskError::at(path))?;
    file.as_file().sync_all().map_err(DiskError::at(path))?;
    file.persist(path).map_err(|error| DiskError::at(path)(error.error))?;
    Ok(())
}

/// Makes the names in a folder durable.
pub fn sync_folder(folder: &Path) -> Result<(), DiskError> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(DiskError::at(folder))
}

/// Creates a folder with all above it.
pub(crate) fn create_folders(folder: &Path) -> Result<(), DiskError> {
    fs::create_dir_all(folder).map_err(DiskError::at(folder))
}

/// Paths of a folder's entries, sorted; none if there is no such folder.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, DiskError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(DiskError::at(folder))?,
    };
    let paths: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(DiskError::at(folder))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
