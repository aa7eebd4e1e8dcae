//! The file of a log on the disk: whole blocks are added to it, and it is begun anew when it is
//! full or when somebody has moved it away. Blocks the thread that uses it, and no other.
//!
//! Two may write one log at a time, during an upgrade or while a reload changes its limits: who
//! adds to it has it locked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;

/// The lines say who visited what: not for everybody on the machine.
const MODE: u32 = 0o640;

/// A log's file and those before it.
pub(super) struct LogFile {
    path: PathBuf,
    max_bytes: u64,
    keep: u16,
    file: File,
    /// Its last line has no end.
    torn: bool,
}

impl LogFile {
    /// Opens the file, and makes it and its folder where they are not there.
    pub(super) fn open(path: PathBuf, max_bytes: u64, keep: u16) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = open(&path)?;
        Ok(Self { path, max_bytes, keep, file, torn: false })
    }

    /// Adds whole lines. After an error nothing of them is there, or it ends with a line of its
    /// own.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let added = self.append_locked(lines);
        // They are there: what fails here is no reason to add them again.
        let _ = flock(&self.file, FlockOperation::Unlock);
        added
    }

    fn append_locked(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut len = self.lock()?;
        while len > 0 && len + lines.len() as u64 > self.max_bytes {
            self.rotate()?;
            len = self.lock()?;
        }
        if self.torn {
            self.file.write_all(b"\n")?;
            (self.torn, len) = (false, len + 1);
        }
        let added = self.file.write_all(lines);
        if added.is_err() {
            self.torn = self.file.set_len(len).is_err();
        }
        added
    }

    /// Locks the file, and says how long it is. Whoever had the lock before, or rotates logs
    /// without one, may have renamed or removed it: then another is begun.
    fn lock(&mut self) -> io::Result<u64> {
        loop {
            retry_on_intr(|| flock(&self.file, FlockOperation::LockExclusive))?;
            let own = self.file.metadata()?;
            match fs::metadata(&self.path) {
                Ok(there) if (there.dev(), there.ino()) == (own.dev(), own.ino()) => {
                    return Ok(own.len());
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.begin()?,
            }
        }
    }

    /// Moves all files on by one number, the locked one last: before that nobody begins another.
    fn rotate(&mut self) -> io::Result<()> {
        let mut surplus = u32::from(self.keep) + 1;
        while fs::remove_file(self.numbered(surplus)).is_ok() {
            surplus += 1;
        }
        for number in (1..u32::from(self.keep)).rev() {
            move_on(&self.numbered(number), &self.numbered(number + 1))?;
        }
        match self.keep {
            0 => fs::remove_file(&self.path)?,
            _ => fs::rename(&self.path, self.numbered(1))?,
        }
        self.begin()
    }

    fn begin(&mut self) -> io::Result<()> {
        self.file = open(&self.path)?;
        self.torn = false;
        Ok(())
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

fn move_on(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A pipe without a reader would never be open, and nothing but a file can be begun anew.
fn open(path: &Path) -> io::Result<File> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() && !there.file_type().is_char_device() => {
            let why = "it is there and no file";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        _ => {}
    }
    OpenOptions::new().append(true).create(true).mode(MODE).open(path)
}

#[cfg(test)]
mod tests;
