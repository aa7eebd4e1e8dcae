//! One walk through the tree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{ScanError, read};
use crate::index::{Index, Stamp};
use crate::manifest::{FILES_MAX, File, ManifestError};
use crate::media::media_type;

pub(super) struct Walk<'a> {
    /// Real path of the folder, which no link may leave.
    root: PathBuf,
    known: &'a Index,
    pub(super) index: Index,
    pub(super) files: Vec<File>,
    /// Every folder, as it was before its names were read.
    folders: Vec<(PathBuf, Stamp)>,
    /// Real paths of the folders that the walk is in.
    above: Vec<PathBuf>,
}

impl<'a> Walk<'a> {
    pub(super) fn run(folder: &Path, known: &'a Index, now: SystemTime) -> Result<Self, ScanError> {
        let root = fs::canonicalize(folder).map_err(ScanError::at(folder))?;
        let mut walk = Self {
            root: root.clone(),
            known,
            index: Index::begin(now),
            files: Vec::new(),
            folders: Vec::new(),
            above: Vec::new(),
        };
        walk.folder(&root, "")?;
        Ok(walk)
    }

    /// A folder whose names have changed since they were read.
    pub(super) fn changed_folder(&self) -> Result<Option<PathBuf>, ScanError> {
        for (path, before) in &self.folders {
            let after = fs::symlink_metadata(path).map_err(ScanError::at(path))?;
            if Stamp::of(&after) != *before {
                return Ok(Some(path.clone()));
            }
        }
        Ok(None)
    }

    /// A file that the next walk missed was removed under our eyes: perhaps the whole folder
    /// is on its way out, and what is left of it must not be published.
    pub(super) fn check_all_in(&self, next: &Self) -> Result<(), ScanError> {
        let left: BTreeSet<_> = next.files.iter().map(|file| &file.path).collect();
        match self.files.iter().find(|file| !left.contains(&file.path)) {
            Some(lost) => Err(ScanError::Vanished { path: self.root.join(&lost.path) }),
            None => Ok(()),
        }
    }

    fn folder(&mut self, real: &Path, prefix: &str) -> Result<(), ScanError> {
        let at = || ScanError::at(real);
        let before = fs::symlink_metadata(real).map_err(at())?;
        self.folders.push((real.into(), Stamp::of(&before)));
        let entries = fs::read_dir(real).map_err(at())?;
        self.above.push(real.into());
        for entry in entries {
            let path = entry.map_err(at())?.path();
            let name = path.file_name().unwrap_or_default();
            let name = name.to_str().ok_or_else(|| ScanError::Name { path: path.clone() })?;
            if !name.starts_with('.') {
                let published = format!("{prefix}{name}");
                self.entry(&path, published)?;
            }
        }
        self.above.pop();
        Ok(())
    }

    fn entry(&mut self, path: &Path, published: String) -> Result<(), ScanError> {
        let metadata = fs::symlink_metadata(path).map_err(ScanError::at(path))?;
        if metadata.is_dir() {
            self.folder(path, &format!("{published}/"))
        } else if metadata.is_symlink() {
            self.link(path, published)
        } else if metadata.is_file() {
            self.file(path, published)
        } else {
            Err(ScanError::Special { path: path.into() })
        }
    }

    fn link(&mut self, path: &Path, published: String) -> Result<(), ScanError> {
        let target = fs::canonicalize(path).map_err(ScanError::at(path))?;
        if !target.starts_with(&self.root) {
            return Err(ScanError::Leaves { path: path.into(), target });
        }
        if self.above.contains(&target) {
            return Err(ScanError::Loop { path: path.into() });
        }
        self.entry(&target, published)
    }

    fn file(&mut self, path: &Path, published: String) -> Result<(), ScanError> {
        if self.files.len() == FILES_MAX {
            return Err(ManifestError::Many.into());
        }
        let read::Content { stamp, hash } = read::content(path, &published, self.known)?;
        self.index.insert(published.clone(), stamp, hash);
        let media_type = media_type(&published).to_owned();
        self.files.push(File { size: stamp.size, media_type, hash, path: published });
        Ok(())
    }
}
