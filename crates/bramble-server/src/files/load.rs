//! From an open file to one that is ready to be sent.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::time::{SystemTime, UNIX_EPOCH};

use bramble_http::Coding;
use rustix::fs::{FileType, MemfdFlags, SealFlags, Stat, fcntl_add_seals, memfd_create};

use super::entry::{About, Body, Entry};
use super::root::Root;
use super::tags;

/// Files up to this size are kept in memory.
pub(super) const MEMORY_FILE_BYTES: u64 = 256 * 1024;
/// Of them, those up to this size are sent with their head in one write. From there on a copy into
/// the socket is what costs most: 20 us of CPU for 100 KB against 13 without.
const ONE_WRITE_BYTES: usize = 64 * 1024;

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: u64,
    pub(super) modified_ns: i128,
    pub(super) changed_ns: i128,
}

/// An open file and the state in which it was seen.
pub(super) struct Opened {
    pub(super) file: OwnedFd,
    pub(super) identity: Identity,
    /// When it changed last; none while that is not known for good, and of a release, where it
    /// would be when this node fetched the file: another date on every node, and none that goes
    /// back with a rollback. A release goes by its content.
    pub(super) modified_unix_s: Option<u64>,
    /// Of a file that lies beside the plain one.
    pub(super) coding: Option<Coding>,
    /// Whether the same lies there in another coding.
    pub(super) varies: bool,
}

impl Opened {
    /// None: it is no regular file.
    pub(super) fn of(root: &Root, file: OwnedFd, stat: &Stat) -> Option<Self> {
        let is_regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let identity = Identity::of(stat);
        let modified = if root.immutable { None } else { identity.modified_unix_s(now_unix_s()) };
        is_regular.then_some(Self {
            file,
            identity,
            modified_unix_s: modified,
            coding: None,
            varies: false,
        })
    }
}

/// Makes a file at `path` ready, whose type is that of the plain one. Those that are read here
/// are tagged by their content, as is every file of a release, where the manifest knows it. A
/// large file in a folder goes by size and time, as in nginx: to read gigabytes before the first
/// byte is sent would keep its first visitor waiting for minutes on an old board.
pub(super) async fn load(
    root: &Root,
    path: &[u8],
    media_type: &'static str,
    opened: Opened,
) -> io::Result<Entry> {
    let identity = opened.identity;
    if identity.size <= MEMORY_FILE_BYTES {
        let bytes = read(&opened.file, identity)?;
        let about = About::new(tags::of_bytes(&bytes), media_type, &opened);
        return Ok(Entry::new(about, body(bytes), identity, root.immutable));
    }
    let etag = match root.recorded(path).await {
        Some(recorded) if recorded.size != identity.size => {
            return Err(io::Error::other("it has not the size that its manifest says"));
        }
        Some(recorded) => tags::of_hash(&recorded.hash),
        None => tags::of_state(&identity, root.immutable || opened.modified_unix_s.is_some()),
    };
    let about = About::new(etag, media_type, &opened);
    Ok(Entry::new(about, Body::File(opened.file), identity, root.immutable))
}

fn body(bytes: Vec<u8>) -> Body {
    let sealed = (bytes.len() > ONE_WRITE_BYTES).then(|| seal(&bytes));
    match sealed {
        Some(Ok(file)) => Body::Sealed(file),
        // Without descriptors, or on a kernel that knows no seals, it is sent all the same.
        None | Some(Err(_)) => Body::Memory(bytes),
    }
}

/// A file in memory with these bytes that nobody can change (memfd_create(2)).
fn seal(bytes: &[u8]) -> io::Result<OwnedFd> {
    let file = memfd_create("bramble", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut file = std::fs::File::from(file);
    file.write_all(bytes)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(&file, seals)?;
    Ok(file.into())
}

/// Reads a small file. One that changes meanwhile is an error: what was read may be half of the
/// old and half of the new.
fn read(file: &OwnedFd, identity: Identity) -> io::Result<Vec<u8>> {
    let file = std::fs::File::from(file.try_clone()?);
    let mut bytes = Vec::new();
    // It may have grown since: what is beyond the size that was seen is not ours.
    (&file).take(identity.size).read_to_end(&mut bytes)?;
    let now = Identity::of(&rustix::fs::fstat(&file)?);
    match now.has_content_of(&identity) && bytes.len() as u64 == identity.size {
        true => Ok(bytes),
        false => Err(io::Error::from(io::ErrorKind::Interrupted)),
    }
}

fn now_unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Identity {
    pub(super) fn of(stat: &Stat) -> Self {
        let ns = |s: i64, ns: u64| i128::from(s) * 1_000_000_000 + i128::from(ns);
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified_ns: ns(stat.st_mtime, stat.st_mtime_nsec),
            changed_ns: ns(stat.st_ctime, stat.st_ctime_nsec),
        }
    }

    /// Whether the bytes are the same as far as the disk tells. Another link to the file, as
    /// releases make and remove them, is no change.
    pub(super) fn has_content_of(&self, other: &Self) -> bool {
        (self.size, self.modified_ns) == (other.size, other.modified_ns)
    }

    /// The second of its last change, once that is over: until then it could change again in the
    /// same one, and a date would stand for two states (RFC 9110 section 8.8.2.2). Nor may it
    /// lie in the future.
    fn modified_unix_s(&self, now_unix_s: u64) -> Option<u64> {
        let second = u64::try_from(self.modified_ns.div_euclid(1_000_000_000)).ok()?;
        (second < now_unix_s).then_some(second)
    }
}

#[cfg(test)]
mod tests;
