//! Releases from the manager to this node's disk: the manifest, then what is missing of its
//! blobs, each verified on its way, then the release's folder. What an attempt got stays for
//! the next.

use std::future::Future;

use bramble_cluster::link::{Link, LinkError};
use bramble_content::{
    BlobWriter, DiskError, Hash, Manifest, ManifestError, ReleaseError, ReleaseId, Releases,
    StoreError,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};

/// Blobs on their way at once: enough to fill the gaps of round trips and disk syncs.
const AT_ONCE: usize = 8;

/// Why a release is not here yet.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The plan names no release so.
    #[error(transparent)]
    Id(#[from] bramble_content::manifest::ReleaseIdError),
    /// The disk's work was cut off; only when the agent ends.
    #[error("interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
    /// The manager did not deliver.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// What came is no manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// What came is another manifest.
    #[error("the manager sent the manifest of {actual} for {id}")]
    Other {
        /// What was asked for.
        id: ReleaseId,
        /// What came.
        actual: ReleaseId,
    },
    /// The disk did not take it.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// A blob is shorter than its manifest says.
    #[error("blob {hash} has {actual} bytes; its manifest says {expected}")]
    Size {
        /// Which.
        hash: Hash,
        /// By the manifest.
        expected: u64,
        /// What came.
        actual: u64,
    },
    /// The disk did not take a blob, or it came damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FetchError {
    /// Was there no room on the disk?
    pub fn is_disk_full(&self) -> bool {
        let disk = match self {
            Self::Release(ReleaseError::Disk(disk))
            | Self::Release(ReleaseError::Store(StoreError::Disk(disk)))
            | Self::Store(StoreError::Disk(disk)) => disk,
            _ => return false,
        };
        matches!(disk, DiskError::Full { .. })
    }
}

/// Where releases come from.
pub trait Source {
    /// Text of a release's manifest.
    fn manifest(&self, id: &ReleaseId) -> impl Future<Output = Result<Vec<u8>, FetchError>>;

    /// All bytes of a blob, written piece by piece.
    fn blob(
        &self,
        hash: &Hash,
        into: &mut BlobWriter,
    ) -> impl Future<Output = Result<(), FetchError>>;
}

impl Source for Link {
    async fn manifest(&self, id: &ReleaseId) -> Result<Vec<u8>, FetchError> {
        Ok(self.get_body(&format!("/v1/release/{id}")).await?.collect().await?)
    }

    async fn blob(&self, hash: &Hash, into: &mut BlobWriter) -> Result<(), FetchError> {
        let mut body = self.get_body(&format!("/v1/blob/{hash}")).await?;
        while let Some(chunk) = body.chunk().await? {
            into.write(&chunk)?;
        }
        Ok(())
    }
}

/// Gets a release unless it is here; returns when it is on the disk to stay. Dropping the call
/// ends it, but for what the disk is at: `guard` is held until that is done, too.
pub async fn fetch(
    source: &impl Source,
    releases: &Releases,
    id: &ReleaseId,
    guard: impl Send + 'static,
) -> Result<(), FetchError> {
    if releases.has(id) {
        return Ok(());
    }
    let manifest = manifest(source, releases, id).await?;
    let missing = releases.blobs().missing(&manifest);
    stream::iter(missing)
        .map(|(hash, bytes)| blob(source, releases, hash, bytes))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    let releases = releases.clone();
    let stage = move || {
        let _guard = guard;
        releases.stage(&manifest)
    };
    tokio::task::spawn_blocking(stage).await??;
    Ok(())
}

/// Recorded at once, so that its blobs are not garbage while they come.
async fn manifest(
    source: &impl Source,
    releases: &Releases,
    id: &ReleaseId,
) -> Result<Manifest, FetchError> {
    if let Ok(manifest) = releases.manifest(id) {
        return Ok(manifest);
    }
    let manifest = Manifest::parse(&source.manifest(id).await?)?;
    let actual = manifest.id();
    if actual != *id {
        return Err(FetchError::Other { id: id.clone(), actual });
    }
    releases.record(&manifest)?;
    Ok(manifest)
}

async fn blob(
    source: &impl Source,
    releases: &Releases,
    hash: Hash,
    expected: u64,
) -> Result<(), FetchError> {
    let mut writer = releases.blobs().writer(hash, expected)?;
    source.blob(&hash, &mut writer).await?;
    // The sync to disk takes long on a card; reports go on meanwhile.
    let actual = tokio::task::spawn_blocking(|| writer.finish()).await??;
    match actual == expected {
        true => Ok(()),
        false => Err(FetchError::Size { hash, expected, actual }),
    }
}

#[cfg(test)]
mod tests;
