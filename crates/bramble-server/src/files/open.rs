//! From a path to a file that is ready to be sent.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::cache::{Body, Entry, FileCache, Identity, Root};
use super::tags::etag;

/// Files up to this size are kept in memory and sent with their head in one write.
const MEMORY_FILE_BYTES: i64 = 64 * 1024;

/// What a path names.
pub(super) enum Found {
    File(Rc<Entry>),
    /// A folder, asked for without the slash at its end.
    Folder,
    Nothing,
}

/// Looks a decoded path up, with index files for folders.
pub(super) async fn find(
    cache: &FileCache,
    root: &Root,
    path: &[u8],
    index: &[String],
) -> io::Result<Found> {
    if is_hidden(path) {
        return Ok(Found::Nothing);
    }
    if !path.ends_with(b"/") {
        return lookup(cache, root, path).await;
    }
    for name in index {
        let file = [path, name.as_bytes()].concat();
        if let Found::File(entry) = lookup(cache, root, &file).await? {
            return Ok(Found::File(entry));
        }
    }
    Ok(Found::Nothing)
}

/// Dot files are nobody's business, but for RFC 8615.
fn is_hidden(path: &[u8]) -> bool {
    path.split(|b| *b == b'/').any(|part| part.starts_with(b".") && part != b".well-known")
}

async fn lookup(cache: &FileCache, root: &Root, path: &[u8]) -> io::Result<Found> {
    let now = Instant::now();
    let kept = cache.find(root, path, now);
    if let Some((entry, true)) = kept {
        return Ok(Found::File(entry));
    }
    let Some(file) = open_beneath(root, path)? else {
        cache.forget(root, path);
        return Ok(Found::Nothing);
    };
    let stat = rustix::fs::fstat(&file)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => return Ok(Found::Folder),
        FileType::RegularFile => {}
        _ => return Ok(Found::Nothing),
    }
    let identity = Identity::of(&stat);
    let modified = if root.immutable { None } else { identity.modified_unix_s(now_unix_s()) };
    let entry = match kept {
        Some((entry, _)) if entry.identity == identity && entry.modified_unix_s == modified => {
            entry
        }
        _ => Rc::new(load(cache, file, identity, modified, path).await?),
    };
    cache.keep(root, path, entry.clone(), now);
    Ok(Found::File(entry))
}

/// Opens a path without ever leaving the folder, and without following any link.
fn open_beneath(root: &Root, path: &[u8]) -> io::Result<Option<OwnedFd>> {
    let relative = path.strip_prefix(b"/").unwrap_or(path);
    // Without O_NONBLOCK a named pipe would hold the whole core up.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(&root.folder, relative, flags, Mode::empty(), resolve) {
        Ok(file) => Ok(Some(file)),
        Err(
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::LOOP
            | Errno::XDEV
            | Errno::ACCESS
            | Errno::NAMETOOLONG
            | Errno::NXIO
            | Errno::INVAL,
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn load(
    cache: &FileCache,
    file: OwnedFd,
    identity: Identity,
    modified_unix_s: Option<u64>,
    path: &[u8],
) -> io::Result<Entry> {
    let media_type = bramble_content::media::media_type(&String::from_utf8_lossy(path));
    if identity.size <= MEMORY_FILE_BYTES {
        let mut bytes = Vec::new();
        // It may have grown since: what is beyond the size that was seen is not ours.
        let size = u64::try_from(identity.size).unwrap_or(0);
        std::fs::File::from(file).take(size).read_to_end(&mut bytes)?;
        let (etag, len) = (etag(&blake3::hash(&bytes)), bytes.len() as u64);
        let body = Body::Memory(bytes);
        return Ok(Entry { etag, modified_unix_s, media_type, len, body, identity });
    }
    let etag = cache.tags.of(file.as_fd(), identity).await?;
    let len = u64::try_from(identity.size).unwrap_or(0);
    Ok(Entry { etag, modified_unix_s, media_type, len, body: Body::File(file), identity })
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
            size: stat.st_size,
            modified_ns: ns(stat.st_mtime, stat.st_mtime_nsec),
            changed_ns: ns(stat.st_ctime, stat.st_ctime_nsec),
        }
    }

    /// The second of its last change, once that is over: until then it could change again in the
    /// same one, and a date would stand for two states (RFC 9110 section 8.8.2.2). Nor may it
    /// lie in the future.
    pub(super) fn modified_unix_s(&self, now_unix_s: u64) -> Option<u64> {
        let second = u64::try_from(self.modified_ns.div_euclid(1_000_000_000)).ok()?;
        (second < now_unix_s).then_some(second)
    }
}
