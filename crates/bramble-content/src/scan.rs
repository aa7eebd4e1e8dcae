//! A folder → a [`Manifest`], reading only what may have changed since the last [`Index`].
//!
//! All or nothing: a folder that changes under the scan is scanned again, and one that does
//! not come to rest, or goes away, is an error. Names that begin with a dot are left out.
//! Links are followed as long as they stay inside.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::index::Index;
use crate::manifest::{Manifest, ManifestError};

mod read;
mod walk;

/// How often a file or a folder that changes under the scan is tried.
pub const TRIES_MAX: usize = 3;

/// What a scan found.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The files.
    pub manifest: Manifest,
    /// For the next scan.
    pub index: Index,
}

/// Why a folder can't be published as it is.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// No file at all: publishing it would take the site away.
    #[error("{}: has no files to publish; is it the right folder?", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was being read.
        path: PathBuf,
        /// As the system said it.
        source: io::Error,
    },
    /// A link to somewhere outside: its target would be published by accident.
    #[error("{}: links to {} outside of the folder; put a copy in its place", path.display(), target.display())]
    Leaves {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A link to a folder that it lies in.
    #[error("{}: links to a folder above itself; remove the link", path.display())]
    Loop {
        /// The link.
        path: PathBuf,
    },
    /// The files don't make a manifest, as by their number or names.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A name that is not UTF-8.
    #[error("{}: the name is not UTF-8; rename the file", path.display())]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// The scan was pointed at something else.
    #[error("{}: is not a folder", path.display())]
    NotFolder {
        /// What was given.
        path: PathBuf,
    },
    /// A socket, a device or a pipe.
    #[error("{}: is a socket, a device or a pipe; only files can be published", path.display())]
    Special {
        /// What it is called.
        path: PathBuf,
    },
    /// Went on changing.
    #[error("{}: changes while it is read; wait until it is complete and try again", path.display())]
    Unsettled {
        /// The file or folder.
        path: PathBuf,
    },
    /// Was there and is not any more.
    #[error("{}: is gone (was it removed during the scan?); nothing was published", path.display())]
    Vanished {
        /// What is missed.
        path: PathBuf,
    },
}

impl ScanError {
    /// For `map_err`: adds the path that the system leaves out.
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::StaleNetworkFileHandle => Self::Vanished { path: path.into() },
            _ => Self::Io { path: path.into(), source },
        }
    }
}

/// Scans the folder; `now` is the wall clock, the one that files are stamped with.
pub fn scan(folder: &Path, known: &Index, now: SystemTime) -> Result<Scan, ScanError> {
    let metadata = std::fs::metadata(folder).map_err(ScanError::at(folder))?;
    if !metadata.is_dir() {
        return Err(ScanError::NotFolder { path: folder.into() });
    }
    let mut last: Option<walk::Walk<'_>> = None;
    let mut changed = folder.to_path_buf();
    for _ in 0..TRIES_MAX {
        let walk = walk::Walk::run(folder, known, now)?;
        if let Some(last) = &last {
            last.check_all_in(&walk)?;
        }
        match walk.changed_folder()? {
            Some(path) => changed = path,
            None => return finish(folder, walk),
        }
        last = Some(walk);
    }
    Err(ScanError::Unsettled { path: changed })
}

fn finish(folder: &Path, walk: walk::Walk<'_>) -> Result<Scan, ScanError> {
    if walk.files.is_empty() {
        return Err(ScanError::Empty { path: folder.into() });
    }
    Ok(Scan { manifest: Manifest::new(walk.files)?, index: walk.index })
}

#[cfg(test)]
mod tests;
