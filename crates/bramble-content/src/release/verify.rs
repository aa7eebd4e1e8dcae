//! Is a staged release what its name says? Everything is read again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{ReleaseError, Releases};
use crate::disk::{self, DiskError};
use crate::hash::Hash;
use crate::manifest::{File, ReleaseId};

/// One file that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} {kind}")]
pub struct Damage {
    /// Relative to the release's folder.
    pub path: String,
    /// In what way.
    pub kind: DamageKind,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamageKind {
    /// Other bytes.
    #[error("has other bytes than its hash says")]
    Changed,
    /// In the folder, not in the manifest.
    #[error("does not belong to the release")]
    Extra,
    /// In the manifest, not in the folder.
    #[error("is missing")]
    Missing,
}

impl Releases {
    /// Reads the whole release; an empty list means that all is well.
    pub fn verify(&self, id: &ReleaseId) -> Result<Vec<Damage>, ReleaseError> {
        let manifest = self.manifest(id)?;
        let root = self.path(id);
        if !root.is_dir() {
            return Err(ReleaseError::Unknown { id: id.clone() });
        }
        let expected: BTreeSet<&str> = manifest.files().iter().map(|f| f.path.as_str()).collect();
        let mut damage: Vec<Damage> = extras(&root, &expected)?;
        for file in manifest.files() {
            if let Some(kind) = check(&root, file)? {
                damage.push(Damage { path: file.path.clone(), kind });
            }
        }
        Ok(damage)
    }
}

fn check(root: &Path, file: &File) -> Result<Option<DamageKind>, DiskError> {
    let path = root.join(&file.path);
    if !fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(Some(DamageKind::Missing));
    }
    let read = fs::File::open(&path).and_then(Hash::of_reader).map_err(DiskError::at(&path))?;
    Ok((read != (file.hash, file.size)).then_some(DamageKind::Changed))
}

fn extras(root: &Path, expected: &BTreeSet<&str>) -> Result<Vec<Damage>, DiskError> {
    let mut extras = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in disk::entries(&folder)? {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
                folders.push(path);
            } else if !expected.contains(name.as_str()) {
                extras.push(Damage { path: name, kind: DamageKind::Extra });
            }
        }
    }
    Ok(extras)
}
