//! Content as a tree of hashed files: scan a folder, store blobs once, stage releases.
//!
//! A *blob* is the bytes of a file under their BLAKE3 hash. A *manifest* lists the files of
//! one state of a site; a *release* is such a state on disk, named by the Merkle root of its
//! manifest. The way of a publish:
//!
//! ```text
//! folder ──scan──> Manifest ──missing──> blobs ──put──> BlobStore ──stage──> releases/ID/
//! ```
//!
//! This crate works on a folder and returns when the disk has it. It must not know routing,
//! the CMS, the cluster or any runtime.

pub mod disk;
pub mod hash;
pub mod index;
pub mod manifest;
pub mod media;
pub mod release;
pub mod scan;
pub mod store;

pub use disk::DiskError;
pub use hash::Hash;
pub use index::Index;
pub use manifest::{Diff, File, Manifest, ManifestError, ReleaseId};
pub use release::{ReleaseError, Releases};
pub use scan::{Scan, ScanError, scan};
pub use store::{BlobStore, BlobWriter, StoreError};
