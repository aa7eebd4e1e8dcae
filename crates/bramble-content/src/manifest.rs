//! The manifest: every file of a release by path, hash, size and media type.
//!
//! Its text is canonical: equal trees give equal bytes.
//!
//! ```text
//! bramble-manifest 1
//! HASH SIZE MEDIATYPE PATH
//! ```
//!
//! The path is the rest of its line, so that no byte of it needs an escape; control
//! characters are refused. Files are in the order of a walk through the tree (`/` before any
//! other byte), each folder's files side by side. A release is named by the Merkle root of
//! its folders: a folder's hash is that of a list of its entries, so equal folders are known
//! without a look inside.
//!
//! A manifest from outside is hostile until parsed: its paths become file names, its media
//! types header fields.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::hash::Hash;

mod parse;
mod path;
mod tree;

pub use parse::ManifestError;
pub use path::PathError;

/// Files of one release.
pub const FILES_MAX: usize = 100_000;
/// Text of a manifest, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 32 * 1024 * 1024;
/// One path, in bytes.
pub const PATH_BYTES_MAX: usize = 1024;
/// One name within a path, in bytes (what file systems take).
pub const NAME_BYTES_MAX: usize = 255;
/// One media type, in bytes.
pub const MEDIA_TYPE_BYTES_MAX: usize = 127;

const HEADER: &str = "bramble-manifest 1";

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative to the release's folder, parts separated by `/`.
    pub path: String,
    /// Of its bytes.
    pub hash: Hash,
    /// In bytes.
    pub size: u64,
    /// As in a Content-Type field, without spaces.
    pub media_type: String,
}

/// The checked, sorted list of a release's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    files: Vec<File>,
}

impl Manifest {
    /// Checks and sorts the files.
    pub fn new(mut files: Vec<File>) -> Result<Self, ManifestError> {
        files.sort_by(|a, b| order(&a.path, &b.path));
        parse::check(&files)?;
        Ok(Self { files })
    }

    /// Reads the text form; only the canonical one is accepted.
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let files = parse::files(text)?;
        parse::check(&files)?;
        Ok(Self { files })
    }

    /// The files in order.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Size of all files, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    /// Merkle root of the tree of folders.
    pub fn root(&self) -> Hash {
        tree::root(&self.files)
    }

    /// Name of the release with these files.
    pub fn id(&self) -> ReleaseId {
        let mut id = self.root().to_string();
        id.truncate(ReleaseId::DIGITS);
        ReleaseId(id)
    }

    /// What `other` has that this one has not, and the reverse.
    pub fn diff<'a>(&'a self, other: &'a Self) -> Diff<'a> {
        let mut diff = Diff::default();
        let (mut old, mut new) = (self.files.as_slice(), other.files.as_slice());
        loop {
            let side = match (old.first(), new.first()) {
                (None, None) => return diff,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => order(&a.path, &b.path),
            };
            let before = (side != Ordering::Greater).then(|| take_first(&mut old)).flatten();
            let after = (side != Ordering::Less).then(|| take_first(&mut new)).flatten();
            diff.push(before, after);
        }
    }
}

fn take_first<'a>(files: &mut &'a [File]) -> Option<&'a File> {
    let (first, rest) = files.split_first()?;
    *files = rest;
    Some(first)
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        self.files.iter().try_for_each(|File { path, hash, size, media_type }| {
            writeln!(f, "{hash} {size} {media_type} {path}")
        })
    }
}

/// Order of a walk through the tree: by parts, which puts `a/b` before `a-b`.
fn order(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}

/// What changes from one manifest to another; files are those of the newer, but for `removed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff<'a> {
    /// Only in the newer.
    pub added: Vec<&'a File>,
    /// In both, with other bytes or another media type.
    pub changed: Vec<&'a File>,
    /// Only in the older.
    pub removed: Vec<&'a File>,
}

impl<'a> Diff<'a> {
    /// Are both the same?
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    fn push(&mut self, before: Option<&'a File>, after: Option<&'a File>) {
        match (before, after) {
            (Some(before), Some(after)) if before != after => self.changed.push(after),
            (Some(before), None) => self.removed.push(before),
            (None, Some(after)) => self.added.push(after),
            _ => {}
        }
    }
}

/// Name of a release: the first 32 hex digits of its Merkle root. Safe as a file name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseId(String);

impl ReleaseId {
    /// 128 bits.
    const DIGITS: usize = 32;

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ReleaseId {
    type Err = ReleaseIdError;

    fn from_str(text: &str) -> Result<Self, ReleaseIdError> {
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != Self::DIGITS || !text.bytes().all(is_digit) {
            return Err(ReleaseIdError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ReleaseId {
    type Error = ReleaseIdError;

    fn try_from(text: String) -> Result<Self, ReleaseIdError> {
        text.parse()
    }
}

impl From<ReleaseId> for String {
    fn from(id: ReleaseId) -> Self {
        id.0
    }
}

/// Not the name of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a release id is 32 lower-case hex digits")]
pub struct ReleaseIdError;

#[cfg(test)]
mod tests;
