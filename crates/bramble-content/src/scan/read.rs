//! One file's hash: from the index, or by reading it to its end while nobody writes to it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::{ScanError, TRIES_MAX};
use crate::hash::Hash;
use crate::index::{Index, Stamp};

pub(super) struct Content {
    pub(super) stamp: Stamp,
    pub(super) hash: Hash,
}

/// `published` is the file's key in the index.
pub(super) fn content(path: &Path, published: &str, known: &Index) -> Result<Content, ScanError> {
    for _ in 0..TRIES_MAX {
        let mut file = open(path).map_err(ScanError::at(path))?;
        let stamp = stamp(&file, path)?;
        if let Some(hash) = known.hash(published, &stamp) {
            return Ok(Content { stamp, hash });
        }
        let (hash, bytes) = Hash::of_reader(&mut file).map_err(ScanError::at(path))?;
        if bytes == stamp.size && self::stamp(&file, path)? == stamp {
            return Ok(Content { stamp, hash });
        }
    }
    Err(ScanError::Unsettled { path: path.into() })
}

/// A pipe put in the file's place since it was looked at must not stop us, nor a link lead
/// us out.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

fn stamp(file: &File, path: &Path) -> Result<Stamp, ScanError> {
    let metadata = file.metadata().map_err(ScanError::at(path))?;
    if !metadata.is_file() {
        return Err(ScanError::Special { path: path.into() });
    }
    Ok(Stamp::of(&metadata))
}
