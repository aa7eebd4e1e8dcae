//! One agent a data folder: two would run each role twice and race for every file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use bramble_content::DiskError;

/// Why the folder was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The lock file can't be made.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Another process has it.
    #[error(
        "{} is in use by process {pid}; stop that one first, or choose another folder with --data",
        data.display()
    )]
    Taken {
        /// The folder.
        data: PathBuf,
        /// Who has it.
        pid: String,
    },
}

/// The folder is ours until this is dropped; the kernel lets go when we die.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the folder, which is created if absent.
    pub fn take(data: &Path) -> Result<Self, LockError> {
        fs::create_dir_all(data).map_err(DiskError::at(data))?;
        let path = data.join("lock");
        let at = || DiskError::at(&path);
        let mut options = OpenOptions::new();
        // Not truncated on opening: the holder's pid is in it.
        let mut file = options.create(true).truncate(false).write(true).open(&path).map_err(at())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
                return Err(LockError::Taken { data: data.into(), pid });
            }
            Err(TryLockError::Error(error)) => return Err(at()(error).into()),
        }
        file.set_len(0).map_err(at())?;
        writeln!(file, "{}", std::process::id()).map_err(at())?;
        Ok(Self { file })
    }

    /// The lock that the program before this one had in this process.
    pub(crate) fn kept(file: File) -> Self {
        Self { file }
    }

    /// What holds it: the kernel has it locked as long as any copy of it is open.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

#[cfg(test)]
mod tests;
