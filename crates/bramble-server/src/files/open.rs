//! From a path to a file that is ready to be sent.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use bramble_content::media::media_type;
use bramble_http::Coding;
use rustix::fs::FileType;

use super::beneath::open_beneath;
use super::cache::FileCache;
use super::entry::Resource;
use super::load::{Opened, load};
use super::root::Root;

/// Looks at a file that changes each time.
const LOOKS: usize = 4;

/// What a path names.
pub(super) enum Found {
    File(Rc<Resource>),
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
        if let found @ Found::File(_) = lookup(cache, root, &file).await? {
            return Ok(found);
        }
    }
    Ok(Found::Nothing)
}

/// Dot files are nobody's business, but for RFC 8615.
fn is_hidden(path: &[u8]) -> bool {
    path.split(|b| *b == b'/').any(|part| part.starts_with(b".") && part != b".well-known")
}

/// A file that changes under our eyes is looked at anew, within reason.
async fn lookup(cache: &FileCache, root: &Root, path: &[u8]) -> io::Result<Found> {
    for _ in 0..LOOKS - 1 {
        match look(cache, root, path).await {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            found => return found,
        }
    }
    look(cache, root, path).await
}

async fn look(cache: &FileCache, root: &Root, path: &[u8]) -> io::Result<Found> {
    let now = Instant::now();
    let kept = cache.find(root, path, now);
    if let Some((resource, true)) = kept {
        return Ok(Found::File(resource));
    }
    let Some(file) = open_beneath(&root.folder, path)? else {
        cache.forget(root, path);
        return Ok(Found::Nothing);
    };
    let stat = rustix::fs::fstat(&file)?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        return Ok(Found::Folder);
    }
    let Some(mut plain) = Opened::of(root, file, &stat) else { return Ok(Found::Nothing) };
    let coded: Vec<Opened> = Coding::ALL.iter().filter_map(|c| sibling(root, path, *c)).collect();
    plain.varies = !coded.is_empty();
    let resource = match kept {
        Some((resource, _)) if resource.is_still(&plain, &coded) => resource,
        _ => Rc::new(make_ready(root, path, plain, coded).await?),
    };
    cache.keep(root, path, resource.clone(), now);
    Ok(Found::File(resource))
}

/// The same file as the owner has coded it, beside it. Whether it really is the same is the
/// owner's business; but no coding makes nothing of something. Whatever is wrong with it is no
/// reason not to serve the plain one.
fn sibling(root: &Root, path: &[u8], coding: Coding) -> Option<Opened> {
    let path = [path, coding.extension().as_bytes()].concat();
    let file = open_beneath(&root.folder, &path).ok()??;
    let stat = rustix::fs::fstat(&file).ok()?;
    let opened = Opened::of(root, file, &stat)?;
    let is_empty = opened.identity.size == 0;
    (!is_empty).then_some(Opened { coding: Some(coding), varies: true, ..opened })
}

async fn make_ready(
    root: &Root,
    path: &[u8],
    plain: Opened,
    coded: Vec<Opened>,
) -> io::Result<Resource> {
    let media_type = media_type(&String::from_utf8_lossy(path));
    let plain = load(root, path, media_type, plain).await?;
    let mut resource = Resource { plain, coded: Vec::new() };
    for opened in coded {
        let extension = opened.coding.map_or("", Coding::extension);
        let path = [path, extension.as_bytes()].concat();
        match load(root, &path, media_type, opened).await {
            Ok(entry) => resource.coded.push(entry),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(_) => {}
        }
    }
    Ok(resource)
}
