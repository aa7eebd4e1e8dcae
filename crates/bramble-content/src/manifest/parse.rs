//! Bytes → files, and the checks that every manifest passes, whoever made it.

use std::cmp::Ordering;

use super::{FILES_MAX, File, HEADER, MANIFEST_BYTES_MAX, MEDIA_TYPE_BYTES_MAX, PathError, path};

/// Why these bytes, or these files, are no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A path is a file here and a folder there.
    #[error("manifest: {path:?} is a file and a folder at once")]
    Conflict {
        /// The file.
        path: String,
    },
    /// The same path twice.
    #[error("manifest: {path:?} is listed twice")]
    Duplicate {
        /// The path.
        path: String,
    },
    /// Not a manifest of a version that we know.
    #[error("manifest: does not begin with \"{HEADER}\"")]
    Header,
    /// A line that isn't `HASH SIZE MEDIATYPE PATH` to the letter.
    #[error("manifest: line {line} is not \"HASH SIZE MEDIATYPE PATH\"")]
    Line {
        /// From 1.
        line: usize,
    },
    /// Above [`MANIFEST_BYTES_MAX`].
    #[error("manifest: over {MANIFEST_BYTES_MAX} bytes")]
    Long,
    /// Can't be a field of an HTTP answer.
    #[error("manifest: {path:?} has the media type {media_type:?}")]
    MediaType {
        /// The file.
        path: String,
        /// What it has.
        media_type: String,
    },
    /// Above [`FILES_MAX`].
    #[error("manifest: over {FILES_MAX} files")]
    Many,
    /// A path that could leave the folder or fool a reader.
    #[error("manifest: the path {path:?} {reason}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: PathError,
    },
    /// Files out of order: the text is not canonical.
    #[error("manifest: {path:?} is not in order")]
    Unsorted {
        /// The first that stands too late.
        path: String,
    },
}

/// Splits the text into files, unchecked but for the form of each line.
pub(super) fn files(text: &[u8]) -> Result<Vec<File>, ManifestError> {
    if text.len() > MANIFEST_BYTES_MAX {
        return Err(ManifestError::Long);
    }
    let body = text
        .strip_prefix(HEADER.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"\n"))
        .ok_or(ManifestError::Header)?;
    let mut files = Vec::new();
    for (number, line) in body.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if files.len() == FILES_MAX {
            return Err(ManifestError::Many);
        }
        files.push(file(line).ok_or(ManifestError::Line { line: number + 2 })?);
    }
    Ok(files)
}

fn file(line: &[u8]) -> Option<File> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let mut parts = line.splitn(4, ' ');
    let mut part = || parts.next();
    Some(File {
        hash: part()?.parse().ok()?,
        size: size(part()?)?,
        media_type: part()?.to_owned(),
        path: part()?.to_owned(),
    })
}

/// Decimal without sign or leading zeros: one spelling a number.
fn size(text: &str) -> Option<u64> {
    let size: u64 = text.parse().ok()?;
    (size.to_string() == text).then_some(size)
}

/// Checks files that should be in order.
pub(super) fn check(files: &[File]) -> Result<(), ManifestError> {
    if files.len() > FILES_MAX {
        return Err(ManifestError::Many);
    }
    files.iter().try_for_each(check_file)?;
    files.windows(2).try_for_each(|pair| check_neighbours(&pair[0].path, &pair[1].path))
}

fn check_file(file: &File) -> Result<(), ManifestError> {
    path::check(&file.path)
        .map_err(|reason| ManifestError::Path { path: file.path.clone(), reason })?;
    if !is_media_type(&file.media_type) {
        let (path, media_type) = (file.path.clone(), file.media_type.clone());
        return Err(ManifestError::MediaType { path, media_type });
    }
    Ok(())
}

/// `type/subtype`, parameters allowed; printable ASCII without a space.
fn is_media_type(text: &str) -> bool {
    text.len() <= MEDIA_TYPE_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.split_once('/').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
}

/// In the order of a walk, what lies in a "folder" that is a file comes right after it.
fn check_neighbours(before: &str, after: &str) -> Result<(), ManifestError> {
    match super::order(before, after) {
        Ordering::Equal => Err(ManifestError::Duplicate { path: after.into() }),
        Ordering::Greater => Err(ManifestError::Unsorted { path: after.into() }),
        Ordering::Less if is_within(before, after) => {
            Err(ManifestError::Conflict { path: before.into() })
        }
        Ordering::Less => Ok(()),
    }
}

fn is_within(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
