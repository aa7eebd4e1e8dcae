//! Blobs on disk, each under its hash: `blobs/ab/REST`.
//!
//! A blob is written to `tmp/`, hashed on its way, synced and only then given its name, so
//! what has a name is whole. The folders are synced once a stage, not once a blob: until
//! then nothing refers to it. One process owns the folder; it may put from many threads.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::disk::{self, DiskError};
use crate::hash::{self, Hash};
use crate::manifest::Manifest;

/// One blob, in bytes.
pub const BLOB_BYTES_MAX: u64 = 16 << 30;

/// Why a blob was not stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk refused, or is full.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Longer than announced.
    #[error("blob {hash} has more than {bytes} bytes; nothing was stored")]
    Long {
        /// What was to come.
        hash: Hash,
        /// The limit.
        bytes: u64,
    },
    /// Other bytes than announced.
    #[error("blob {expected} came with other bytes (hash {actual}); nothing was stored")]
    Mismatch {
        /// What was to come.
        expected: Hash,
        /// What came.
        actual: Hash,
    },
    /// The source failed.
    #[error("reading a blob's source: {0}")]
    Source(#[from] io::Error),
}

/// The blobs of one content folder. Clones share it.
#[derive(Clone, Debug)]
pub struct BlobStore {
    dir: PathBuf,
}

impl BlobStore {
    /// Opens `dir` (`DIR/content`), creates what is absent and clears `tmp/` of what a crash
    /// left there. Open it once a process.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let store = Self { dir: dir.into() };
        disk::create_folders(&dir.join("blobs"))?;
        match fs::remove_dir_all(store.tmp()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(DiskError::at(&store.tmp())(error).into());
            }
            _ => disk::create_folders(&store.tmp())?,
        }
        Ok(store)
    }

    /// One that is in use, which is only looked at.
    pub fn at(dir: &Path) -> Self {
        Self { dir: dir.into() }
    }

    /// Where a blob lies, or would.
    pub fn path(&self, hash: &Hash) -> PathBuf {
        let digits = hash.to_string();
        let (folder, name) = digits.split_at(2);
        self.blobs().join(folder).join(name)
    }

    /// Is it here?
    pub fn has(&self, hash: &Hash) -> bool {
        self.path(hash).is_file()
    }

    /// Blobs of the manifest that are not here, each once, with their sizes.
    pub fn missing(&self, manifest: &Manifest) -> Vec<(Hash, u64)> {
        let all: BTreeSet<_> = manifest.files().iter().map(|file| (file.hash, file.size)).collect();
        all.into_iter().filter(|(hash, _)| !self.has(hash)).collect()
    }

    /// Stores all that the reader has, if it hashes to `expected`. Returns its size.
    pub fn put(&self, reader: impl Read, expected: Hash) -> Result<u64, StoreError> {
        let mut writer = self.writer(expected, BLOB_BYTES_MAX)?;
        hash::copy_chunks(reader, |chunk| writer.write(chunk))?;
        writer.finish()
    }

    /// For bytes that come piece by piece, at most `bytes_max` of them.
    pub fn writer(&self, expected: Hash, bytes_max: u64) -> Result<BlobWriter, StoreError> {
        let file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o444))
            .tempfile_in(self.tmp())
            .map_err(DiskError::at(&self.tmp()))?;
        let path = self.path(&expected);
        Ok(BlobWriter { file, path, expected, bytes_max, hasher: blake3::Hasher::new() })
    }

    /// Opens a blob for reading.
    pub fn open_blob(&self, hash: &Hash) -> Result<File, StoreError> {
        let path = self.path(hash);
        Ok(File::open(&path).map_err(DiskError::at(&path))?)
    }

    /// Reads a blob to its end: has it still the bytes of its name?
    pub fn verify(&self, hash: &Hash) -> Result<bool, StoreError> {
        let file = self.open_blob(hash)?;
        let (actual, _) = Hash::of_reader(file).map_err(DiskError::at(&self.path(hash)))?;
        Ok(actual == *hash)
    }

    /// Removes a blob, as one that is damaged, so that it counts as missing.
    pub fn remove(&self, hash: &Hash) -> Result<(), StoreError> {
        let path = self.path(hash);
        Ok(fs::remove_file(&path).map_err(DiskError::at(&path))?)
    }

    /// Removes every blob that none of the manifests names; returns how many. Manifests whose
    /// blobs are still on their way must be among them.
    pub fn collect_garbage<'a>(
        &self,
        keep: impl IntoIterator<Item = &'a Manifest>,
    ) -> Result<usize, StoreError> {
        let keep: BTreeSet<Hash> =
            keep.into_iter().flat_map(Manifest::files).map(|file| file.hash).collect();
        let mut removed = 0;
        for path in self.stored()? {
            if !hash_of_path(&path).is_some_and(|hash| keep.contains(&hash)) {
                fs::remove_file(&path).map_err(DiskError::at(&path))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Makes the names of these blobs durable.
    pub(crate) fn sync<'a>(&self, hashes: impl Iterator<Item = &'a Hash>) -> Result<(), DiskError> {
        let mut folders: BTreeSet<PathBuf> =
            hashes.filter_map(|hash| Some(self.path(hash).parent()?.to_path_buf())).collect();
        folders.insert(self.blobs());
        folders.iter().try_for_each(|folder| disk::sync_folder(folder))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    fn blobs(&self) -> PathBuf {
        self.dir.join("blobs")
    }

    fn stored(&self) -> Result<Vec<PathBuf>, DiskError> {
        let folders = disk::entries(&self.blobs())?;
        let lists: Result<Vec<_>, _> = folders.iter().map(|folder| disk::entries(folder)).collect();
        Ok(lists?.into_iter().flatten().collect())
    }
}

fn hash_of_path(path: &Path) -> Option<Hash> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent()?.file_name()?.to_str()?;
    format!("{folder}{name}").parse().ok()
}

/// A blob on its way in. Dropped before [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub struct BlobWriter {
    file: NamedTempFile,
    path: PathBuf,
    expected: Hash,
    bytes_max: u64,
    hasher: blake3::Hasher,
}

impl BlobWriter {
    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(bytes);
        if self.hasher.count() > self.bytes_max {
            return Err(StoreError::Long { hash: self.expected, bytes: self.bytes_max });
        }
        Ok(self.file.write_all(bytes).map_err(DiskError::at(&self.path))?)
    }

    /// Checks the hash and gives the blob its name; returns its size.
    pub fn finish(self) -> Result<u64, StoreError> {
        let actual = Hash(*self.hasher.finalize().as_bytes());
        if actual != self.expected {
            return Err(StoreError::Mismatch { expected: self.expected, actual });
        }
        self.file.as_file().sync_all().map_err(DiskError::at(&self.path))?;
        if let Some(folder) = self.path.parent() {
            disk::create_folders(folder)?;
        }
        // Two writers of one blob have the same bytes: whoever is last wins, nobody loses.
        self.file.persist(&self.path).map_err(|error| DiskError::at(&self.path)(error.error))?;
        Ok(self.hasher.count())
    }
}

#[cfg(test)]
mod tests;
