//! A data folder that becomes a node's: taken for ourselves first, and taken away again if it
//! does not become one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bramble_agent::lock::{Lock, LockError};

use crate::exit::Failure;

/// Longest path of a folder: the kernel takes 107 bytes for a socket's, and the longest of a
/// node's sockets is `run/manager-api.sock`.
const PATH_BYTES_MAX: usize = 107 - "/run/manager-api.sock".len();

/// Lies in a folder that a node was to be made in when that was cut off.
const LOCK_FILE: &str = "lock";

const IDENTITY: &str = "identity";

/// The folder, ours until this is dropped.
#[derive(Debug)]
pub struct NewNode {
    dir: PathBuf,
    /// Names that were in it before us; none if there was no folder.
    before: Option<BTreeSet<OsString>>,
    kept: Kept,
    _lock: Lock,
}

/// What stays when this is dropped.
#[derive(Debug)]
enum Kept {
    All,
    Key,
    Nothing,
}

impl NewNode {
    /// Makes the folder, or takes an empty one.
    ///
    /// # Errors
    /// It can't be written, another process has it, or it holds something else.
    pub fn claim(dir: &Path) -> Result<Self, Failure> {
        let before = names(dir).map_err(|error| unusable(dir, &error))?;
        let is_free = |names: &BTreeSet<OsString>| {
            names.is_empty() || names.iter().any(|name| name == LOCK_FILE)
        };
        if !before.as_ref().is_none_or(is_free) {
            let message = format!("{} has files in it and is no node's folder", dir.display());
            return Err(Failure::failed(message).hint("name an empty or a new one with --data DIR"));
        }
        let lock = lock(dir)?;
        Ok(Self { dir: dir.to_owned(), before, kept: Kept::Nothing, _lock: lock })
    }

    /// It is a node's now.
    pub fn keep(mut self) {
        self.kept = Kept::All;
    }

    /// It may be a node's by now: another try needs the key, if there is one.
    pub fn keep_key(mut self) {
        if self.dir.join(IDENTITY).join("key.pem").exists() {
            self.kept = Kept::Key;
        }
    }
}

impl Drop for NewNode {
    fn drop(&mut self) {
        // What can't be removed does not stand in the way of another try.
        let _ = match (&self.kept, self.before.take()) {
            (Kept::All, _) => Ok(()),
            (Kept::Key, before) => {
                let mut kept = before.unwrap_or_default();
                kept.extend([IDENTITY.into(), LOCK_FILE.into()]);
                remove_all_but(&kept, &self.dir)
            }
            (Kept::Nothing, None) => fs::remove_dir_all(&self.dir),
            (Kept::Nothing, Some(before)) => remove_all_but(&before, &self.dir),
        };
    }
}

/// Takes the folder, which tells at once whether a node runs there.
///
/// # Errors
/// It can't be written, its path is too long, or another process has it.
pub fn lock(dir: &Path) -> Result<Lock, Failure> {
    if dir.as_os_str().len() > PATH_BYTES_MAX {
        let message = format!("a data folder's path can have {PATH_BYTES_MAX} bytes");
        let hint = "choose a shorter one, or name it from a folder that is nearer";
        return Err(Failure::failed(message).hint(hint));
    }
    Lock::take(dir).map_err(|error| match error {
        LockError::Taken { .. } => Failure::failed(error),
        LockError::Disk(error) => unusable(dir, &error),
    })
}

fn unusable(dir: &Path, error: &impl ToString) -> Failure {
    let message = format!("the data folder {} can't be used: {}", dir.display(), error.to_string());
    Failure::failed(message).hint("name a folder that you may write with --data DIR")
}

fn names(dir: &Path) -> io::Result<Option<BTreeSet<OsString>>> {
    match fs::read_dir(dir) {
        Ok(entries) => {
            entries.map(|entry| Ok(entry?.file_name())).collect::<Result<_, _>>().map(Some)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove_all_but(kept: &BTreeSet<OsString>, dir: &Path) -> io::Result<()> {
    for name in names(dir)?.unwrap_or_default().difference(kept) {
        let path = dir.join(name);
        match path.is_dir() {
            true => fs::remove_dir_all(path)?,
            false => fs::remove_file(path)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
