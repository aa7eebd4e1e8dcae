//! Putting a binary where another one lies, which stays beside it. At each moment there is a whole one.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use bramble_content::{DiskError, disk};
use tempfile::NamedTempFile;

use crate::exit::Failure;

/// At the end of the name of the one that was there before.
const PREVIOUS: &str = ".previous";

/// A new binary that has been put in its place; the one before it is at hand until this is dropped.
#[derive(Debug)]
pub struct Put {
    place: PathBuf,
    /// Another name of the file that was there.
    before: NamedTempFile<()>,
    /// Nobody else does the same.
    _folder: File,
}

/// Puts a copy of `file` there.
///
/// # Errors
/// Nothing has changed.
pub fn put(file: &Path, place: &Path) -> Result<Put, Failure> {
    try_put(file, place).map_err(|error| {
        Failure::failed(error).hint("nothing was changed; the owner of that folder, or root, can")
    })
}

fn try_put(file: &Path, place: &Path) -> Result<Put, DiskError> {
    let at = || DiskError::at(place);
    let about = fs::symlink_metadata(place).map_err(at())?;
    if about.is_symlink() {
        let why = "it is a link: let it lead to the new binary, and leave --binary out";
        return Err(at()(io::Error::other(why)));
    }
    let folder = place.parent().unwrap_or(Path::new("/"));
    let locked = lock(folder).map_err(DiskError::at(folder))?;
    let mut new = NamedTempFile::new_in(folder).map_err(DiskError::at(folder))?;
    let mut bytes = File::open(file).map_err(DiskError::at(file))?;
    io::copy(&mut bytes, &mut new).map_err(at())?;
    // Whose it is first: that may take rights away.
    let owned = (about.uid(), about.gid());
    if new.as_file().metadata().is_ok_and(|new| (new.uid(), new.gid()) != owned) {
        fchown(&new, Some(owned.0), Some(owned.1)).map_err(at())?;
    }
    new.as_file().set_permissions(about.permissions()).map_err(at())?;
    new.as_file().sync_all().map_err(at())?;
    let link = |name: &Path| fs::hard_link(place, name);
    let before = tempfile::Builder::new().make_in(folder, link).map_err(at())?;
    new.persist(place).map_err(|error| at()(error.error))?;
    let put = Put { place: place.to_owned(), before, _folder: locked };
    match disk::sync_folder(folder) {
        Ok(()) => Ok(put),
        Err(error) => put.restore().and(Err(error)),
    }
}

impl Put {
    /// It stays; so does the one before it, of which the name is told.
    ///
    /// # Errors
    /// The one before it can't be kept.
    pub fn keep(self) -> Result<PathBuf, Failure> {
        let name: OsString = [self.place.as_os_str(), PREVIOUS.as_ref()].into_iter().collect();
        let name = PathBuf::from(name);
        let kept = self.before.persist(&name).map_err(|error| DiskError::at(&name)(error.error));
        kept.and_then(|()| disk::sync_folder(name.parent().unwrap_or(Path::new("/")))).map_err(
            |error| Failure::failed(format!("upgraded, but no way back is kept: {error}")),
        )?;
        Ok(name)
    }

    /// Puts the one before it back.
    ///
    /// # Errors
    /// It stays.
    pub fn back(self) -> Result<(), Failure> {
        self.restore().map_err(|error| {
            Failure::failed(format!("the file before it could not be put back: {error}"))
        })
    }

    fn restore(self) -> Result<(), DiskError> {
        let restored = self.before.persist(&self.place);
        restored.map_err(|error| DiskError::at(&self.place)(error.error))?;
        disk::sync_folder(self.place.parent().unwrap_or(Path::new("/")))
    }
}

fn lock(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => {
            Err(io::Error::other("another upgrade is under way there"))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
