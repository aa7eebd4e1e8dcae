//! Releases on disk: `manifests/ID`, the text, and `releases/ID/`, a tree of hard links to
//! blobs.
//!
//! ```text
//! manifest recorded → tree built in tmp/ → all synced → renamed to releases/ID → synced
//! ```
//!
//! A crash at any point leaves either no `releases/ID` or a whole one; the next stage starts
//! over. Nothing below `releases/ID` is ever changed.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::disk::{self, DiskError};
use crate::manifest::{File, MANIFEST_BYTES_MAX, Manifest, ManifestError, ReleaseId};
use crate::store::{BlobStore, StoreError};

mod verify;

pub use verify::{Damage, DamageKind};

/// Folder of the manifests, beside that of the releases.
const MANIFESTS: &str = "manifests";

/// Why a release could not be staged, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A blob is not here yet.
    #[error("release {id}: the blob of {path:?} is missing; send it first")]
    Blob {
        /// The release.
        id: ReleaseId,
        /// A file that needs it.
        path: String,
    },
    /// The disk refused, or is full.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The recorded text is damaged.
    #[error("release {id}: its stored manifest is damaged: {source}; publish it again")]
    Manifest {
        /// The release.
        id: ReleaseId,
        /// What is wrong.
        source: ManifestError,
    },
    /// The recorded text is another release's.
    #[error("release {id}: its stored manifest is that of {actual}; publish it again")]
    Other {
        /// What it is stored as.
        id: ReleaseId,
        /// What it is.
        actual: ReleaseId,
    },
    /// Reading blobs failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such release here.
    #[error("release {id} is not here")]
    Unknown {
        /// The release.
        id: ReleaseId,
    },
}

/// The releases of one content folder. Clones share it.
#[derive(Clone, Debug)]
pub struct Releases {
    blobs: BlobStore,
}

impl Releases {
    /// Opens the releases beside the blobs.
    pub fn open(blobs: BlobStore) -> Result<Self, ReleaseError> {
        let releases = Self { blobs };
        disk::create_folders(&releases.folder())?;
        disk::create_folders(&releases.manifests())?;
        Ok(releases)
    }

    /// Where the blobs are.
    pub fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    /// Folder of a staged release.
    pub fn path(&self, id: &ReleaseId) -> PathBuf {
        self.folder().join(id.as_str())
    }

    /// Is it staged?
    pub fn has(&self, id: &ReleaseId) -> bool {
        self.path(id).is_dir()
    }

    /// Staged releases, sorted.
    pub fn list(&self) -> Result<Vec<ReleaseId>, ReleaseError> {
        Ok(names(&self.folder())?)
    }

    /// Keeps the manifest of a release whose blobs are still to come.
    pub fn record(&self, manifest: &Manifest) -> Result<ReleaseId, ReleaseError> {
        let id = manifest.id();
        let path = self.manifests().join(id.as_str());
        if !path.is_file() {
            disk::replace_from(&self.blobs.tmp(), &path, manifest.to_string().as_bytes())?;
            disk::sync_folder(&self.manifests())?;
        }
        Ok(id)
    }

    /// Manifest of a release that was recorded or staged.
    pub fn manifest(&self, id: &ReleaseId) -> Result<Manifest, ReleaseError> {
        read(&self.manifests().join(id.as_str()), id)
    }

    /// Manifest of a staged release, for who knows its folder and nothing else of the content.
    pub fn manifest_of(folder: &Path) -> Result<Manifest, ReleaseError> {
        let no_release = || DiskError::at(folder)(io::ErrorKind::NotFound.into());
        let name = folder.file_name().and_then(|name| name.to_str());
        let id: ReleaseId = name.and_then(|name| name.parse().ok()).ok_or_else(no_release)?;
        let content = folder.parent().and_then(Path::parent).ok_or_else(no_release)?;
        read(&content.join(MANIFESTS).join(id.as_str()), &id)
    }

    /// Makes the release's folder out of blobs that are all here. Staging twice is staging
    /// once.
    pub fn stage(&self, manifest: &Manifest) -> Result<ReleaseId, ReleaseError> {
        let id = self.record(manifest)?;
        if self.has(&id) {
            return Ok(id);
        }
        let tree = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in(self.blobs.tmp())
            .map_err(DiskError::at(&self.blobs.tmp()))?;
        self.build(tree.path(), manifest, &id)?;
        self.blobs.sync(manifest.files().iter().map(|file| &file.hash))?;
        self.move_in(tree.path(), &id)?;
        Ok(id)
    }

    /// Removes a release; its blobs go with the next [`prune`](Self::prune).
    pub fn remove(&self, id: &ReleaseId) -> Result<(), ReleaseError> {
        // Out of sight first: a half-removed release must not look like one.
        let gone = self.blobs.tmp().join(id.as_str());
        let path = self.path(id);
        if path.is_dir() {
            fs::rename(&path, &gone).map_err(DiskError::at(&path))?;
            disk::sync_folder(&self.folder())?;
            fs::remove_dir_all(&gone).map_err(DiskError::at(&gone))?;
        }
        let manifest = self.manifests().join(id.as_str());
        match fs::remove_file(&manifest) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DiskError::at(&manifest)(error).into())
            }
            _ => Ok(()),
        }
    }

    /// Removes all releases and manifests but these, then all blobs that none of them needs.
    /// Returns the releases that went.
    pub fn prune(&self, keep: &BTreeSet<ReleaseId>) -> Result<Vec<ReleaseId>, ReleaseError> {
        let mut all: BTreeSet<ReleaseId> = self.list()?.into_iter().collect();
        all.extend(names(&self.manifests())?);
        let gone: Vec<_> = all.difference(keep).cloned().collect();
        gone.iter().try_for_each(|id| self.remove(id))?;
        if !gone.is_empty() {
            let kept: Result<Vec<_>, _> =
                all.intersection(keep).map(|id| self.manifest(id)).collect();
            self.blobs.collect_garbage(&kept?)?;
        }
        Ok(gone)
    }

    fn build(&self, tree: &Path, manifest: &Manifest, id: &ReleaseId) -> Result<(), ReleaseError> {
        let mut folders = BTreeSet::from([tree.to_path_buf()]);
        for file in manifest.files() {
            let path = tree.join(&file.path);
            let parent = path.parent().unwrap_or(tree);
            if !folders.contains(parent) {
                disk::create_folders(parent)?;
                let above = parent.ancestors().take_while(|folder| *folder != tree);
                folders.extend(above.map(Path::to_path_buf));
            }
            self.link(file, &path, id)?;
        }
        Ok(folders.iter().try_for_each(|folder| disk::sync_folder(folder))?)
    }

    fn link(&self, file: &File, path: &Path, id: &ReleaseId) -> Result<(), ReleaseError> {
        let blob = self.blobs.path(&file.hash);
        let linked = match fs::hard_link(&blob, path) {
            // As many links as the file system allows (ext4: 65,000).
            Err(error) if error.kind() == io::ErrorKind::TooManyLinks => copy(&blob, path),
            linked => linked,
        };
        linked.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                ReleaseError::Blob { id: id.clone(), path: file.path.clone() }
            }
            _ => DiskError::at(path)(error).into(),
        })
    }

    fn move_in(&self, tree: &Path, id: &ReleaseId) -> Result<(), ReleaseError> {
        let path = self.path(id);
        match fs::rename(tree, &path) {
            // Another thread was as fast: the same tree, for it has the same name.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            renamed => renamed.map_err(DiskError::at(&path))?,
        }
        Ok(disk::sync_folder(&self.folder())?)
    }

    fn folder(&self) -> PathBuf {
        self.blobs.dir().join("releases")
    }

    fn manifests(&self) -> PathBuf {
        self.blobs.dir().join(MANIFESTS)
    }
}

fn copy(blob: &Path, path: &Path) -> io::Result<()> {
    fs::copy(blob, path)?;
    fs::File::open(path)?.sync_all()
}

fn read(path: &Path, id: &ReleaseId) -> Result<Manifest, ReleaseError> {
    let text = match read_limited(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ReleaseError::Unknown { id: id.clone() });
        }
        text => text.map_err(DiskError::at(path))?,
    };
    let manifest = Manifest::parse(&text)
        .map_err(|source| ReleaseError::Manifest { id: id.clone(), source })?;
    let actual = manifest.id();
    if actual != *id {
        return Err(ReleaseError::Other { id: id.clone(), actual });
    }
    Ok(manifest)
}

fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    // One more than allowed, so that the parser sees that it is too long.
    fs::File::open(path)?.take(MANIFEST_BYTES_MAX as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// Entries of a folder that are named like a release.
fn names(folder: &Path) -> Result<Vec<ReleaseId>, DiskError> {
    let paths = disk::entries(folder)?;
    Ok(paths.iter().filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect())
}

#[cfg(test)]
mod tests;
