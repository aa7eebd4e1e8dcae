//! A scanned folder's files → a store, for when both are on this machine.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::manifest::Manifest;
use crate::store::{BlobStore, StoreError};

/// Why a file did not get into the store.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Not what the scan has seen.
    #[error("{}: changed after it was scanned; publish again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// As the system said it.
        source: io::Error,
    },
    /// The store refused.
    #[error(transparent)]
    Store(StoreError),
    /// Not there any more.
    #[error("{}: is gone (was the folder removed?); nothing was published", path.display())]
    Vanished {
        /// The file.
        path: PathBuf,
    },
}

/// Stores every file of the manifest that the store lacks; returns how many.
pub fn copy_in(folder: &Path, manifest: &Manifest, store: &BlobStore) -> Result<usize, CopyError> {
    let mut copied = 0;
    for file in manifest.files() {
        if !store.has(&file.hash) {
            let path = folder.join(&file.path);
            let reader = File::open(&path).map_err(|source| refused(&path, source))?;
            store.put(reader, file.hash).map_err(|error| stopped(&path, error))?;
            copied += 1;
        }
    }
    Ok(copied)
}

fn refused(path: &Path, source: io::Error) -> CopyError {
    let path = path.into();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => CopyError::Vanished { path },
        _ => CopyError::Io { path, source },
    }
}

fn stopped(path: &Path, error: StoreError) -> CopyError {
    match error {
        StoreError::Mismatch { .. } => CopyError::Changed { path: path.into() },
        StoreError::Source(source) => refused(path, source),
        error => CopyError::Store(error),
    }
}

#[cfg(test)]
mod tests;
