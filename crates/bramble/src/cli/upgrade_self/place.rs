//! Putting a binary where another one lies, which stays beside it. At each moment there is a whole
//! one, and from before the change on a way back: nobody knows when this is killed.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use bramble_content::{DiskError, disk};
use tempfile::{Builder, NamedTempFile, TempPath};

use crate::exit::Failure;

/// At the end of the name of the one that was there before.
const PREVIOUS: &str = ".previous";

/// A copy of a new binary beside the place where it is to be; gone when dropped.
#[derive(Debug)]
pub struct Copy {
    file: TempPath,
    place: PathBuf,
    /// Nobody else does the same.
    folder: File,
}

/// A new binary that has been put in its place.
#[derive(Debug)]
pub struct Put {
    place: PathBuf,
    previous: PathBuf,
    /// Another name of the one that was kept before this.
    older: Option<NamedTempFile<()>>,
    _folder: File,
}

impl Copy {
    /// Of this file, for that place.
    ///
    /// # Errors
    /// Nothing has changed.
    pub fn new(file: &Path, place: &Path) -> Result<Self, Failure> {
        copy(file, place).map_err(|error| unchanged(&error))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// Nothing has changed.
    pub fn put(self) -> Result<Put, Failure> {
        self.try_put().map_err(|error| unchanged(&error))
    }

    fn try_put(self) -> Result<Put, DiskError> {
        let Self { file, place, folder } = self;
        let previous: OsString = [place.as_os_str(), PREVIOUS.as_ref()].into_iter().collect();
        let previous = PathBuf::from(previous);
        let older = match another_name(&previous) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            named => named.map(Some),
        };
        let older = older.map_err(DiskError::at(&previous))?;
        name(&place, &previous).map_err(DiskError::at(&previous))?;
        let put = Put { place, previous, older, _folder: folder };
        let placed =
            file.persist(&put.place).map_err(|error| DiskError::at(&put.place)(error.error));
        match placed.and_then(|()| disk::sync_folder(parent(&put.place))) {
            Ok(()) => Ok(put),
            Err(error) => put.restore().and(Err(error)),
        }
    }
}

fn copy(file: &Path, place: &Path) -> Result<Copy, DiskError> {
    let at = || DiskError::at(place);
    let about = fs::symlink_metadata(place).map_err(at())?;
    if !about.is_file() {
        return Err(at()(io::Error::other("it is no plain file")));
    }
    let folder = lock(parent(place)).map_err(DiskError::at(parent(place)))?;
    let mut new = NamedTempFile::new_in(parent(place)).map_err(DiskError::at(parent(place)))?;
    let mut bytes = File::open(file).map_err(DiskError::at(file))?;
    io::copy(&mut bytes, &mut new).map_err(at())?;
    give_rights(new.as_file(), &about).map_err(at())?;
    // Closed: what is open for writing can't be run.
    Ok(Copy { file: new.into_temp_path(), place: place.to_owned(), folder })
}

fn give_rights(new: &File, of: &Metadata) -> io::Result<()> {
    // Whose it is first: that may take rights away.
    let owned = (of.uid(), of.gid());
    if new.metadata().is_ok_and(|new| (new.uid(), new.gid()) != owned) {
        fchown(new, Some(owned.0), Some(owned.1))?;
    }
    new.set_permissions(of.permissions())?;
    new.sync_all()
}

impl Put {
    /// The name of the one before it.
    pub fn previous(&self) -> &Path {
        &self.previous
    }

    /// Puts the one before it back, and the one before that.
    ///
    /// # Errors
    /// It stays.
    pub fn back(self) -> Result<(), Failure> {
        let previous = self.previous.display().to_string();
        self.restore().map_err(|error| {
            let failure = format!("the file before it could not be put back: {error}");
            Failure::failed(failure).hint(format!("it is {previous}"))
        })
    }

    fn restore(self) -> Result<(), DiskError> {
        name(&self.previous, &self.place).map_err(DiskError::at(&self.place))?;
        let restored = match &self.older {
            Some(older) => name(older.path(), &self.previous),
            None => fs::remove_file(&self.previous),
        };
        restored.map_err(DiskError::at(&self.previous))?;
        disk::sync_folder(parent(&self.place))
    }
}

/// Gives a file another name, in the place of whatever has that.
fn name(file: &Path, name: &Path) -> io::Result<()> {
    let id = |path| fs::symlink_metadata(path).map(|about| (about.dev(), about.ino())).ok();
    // Of two names of one file, rename(2) takes neither away.
    match id(file) == id(name) {
        true => Ok(()),
        false => another_name(file)?.persist(name).map_err(|error| error.error),
    }
}

/// One beside it, until it is dropped.
fn another_name(file: &Path) -> io::Result<NamedTempFile<()>> {
    Builder::new().make_in(parent(file), |name| fs::hard_link(file, name))
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

fn unchanged(error: &DiskError) -> Failure {
    Failure::failed(error).hint("nothing was changed; the owner of that folder, or root, can")
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
