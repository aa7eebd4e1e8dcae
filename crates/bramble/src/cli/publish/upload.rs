//! Sending the blobs that the manager lacks, a few at a time: each is synced to its disk.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use bramble_cluster::link::{Link, LinkError};
use bramble_content::{File, Hash, Manifest};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::changed;
use crate::exit::{Doing, Failure};

/// A blob goes through memory.
const BLOB_BYTES_MAX: u64 = 512 << 20;

/// The manager syncs each blob before it answers, and four share its disk: a card takes minutes
/// for the largest.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(5 * 60);

const TEMPLATE: &str = "sending {wide_bar} {bytes}/{total_bytes} {eta}";

/// What was sent.
#[derive(Debug, Serialize)]
pub struct Sent {
    pub blobs: usize,
    pub bytes: u64,
}

/// Sends the blobs named by `missing`, each from a file of the folder.
pub async fn send(
    manager: &Link,
    folder: &Path,
    manifest: &Manifest,
    missing: &[String],
) -> Result<Sent, Failure> {
    let files = files(manifest, missing);
    files.iter().try_for_each(|file| check_size(file))?;
    let bytes = files.iter().map(|file| file.size).sum();
    let sent = Sent { blobs: files.len(), bytes };
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    let upload = Upload { manager, folder, queue: RefCell::new(files), done: Cell::new(0), bar };
    tokio::try_join!(upload.lane(), upload.lane(), upload.lane(), upload.lane())?;
    upload.bar.finish_and_clear();
    Ok(sent)
}

/// A file for each missing blob; several may have the same bytes.
fn files<'a>(manifest: &'a Manifest, missing: &[String]) -> Vec<&'a File> {
    let missing: BTreeSet<Hash> = missing.iter().filter_map(|hash| hash.parse().ok()).collect();
    let wanted = manifest.files().iter().filter(|file| missing.contains(&file.hash));
    let by_hash: BTreeMap<Hash, &File> = wanted.map(|file| (file.hash, file)).collect();
    by_hash.into_values().collect()
}

fn check_size(file: &File) -> Result<(), Failure> {
    if file.size <= BLOB_BYTES_MAX {
        return Ok(());
    }
    let limit_mib = BLOB_BYTES_MAX >> 20;
    let message = format!("{} has more than {limit_mib} MiB, which can't be sent yet", file.path);
    Err(Failure::failed(message).hint("take it out of the folder; nothing was published"))
}

struct Upload<'a> {
    manager: &'a Link,
    folder: &'a Path,
    queue: RefCell<Vec<&'a File>>,
    done: Cell<u64>,
    bar: ProgressBar,
}

impl Upload<'_> {
    async fn lane(&self) -> Result<(), Failure> {
        loop {
            let next = self.queue.borrow_mut().pop();
            let Some(file) = next else { return Ok(()) };
            self.put(file).await?;
            self.done.set(self.done.get() + file.size);
            self.bar.set_position(self.done.get());
        }
    }

    async fn put(&self, file: &File) -> Result<(), Failure> {
        let (path, hash) = (self.folder.join(&file.path), file.hash);
        // Beside the lanes: what moves must be seen to move while a large file is read.
        let read = tokio::task::spawn_blocking(move || read(&path, hash)).await;
        let bytes = read.doing("reading a file")??;
        let sent = self.manager.put_bytes(&format!("/v1/blob/{}", file.hash), bytes.into()).await;
        sent.map_err(went_away)
    }
}

/// A manager that was there a moment before.
pub fn went_away(error: LinkError) -> Failure {
    match error {
        LinkError::Unreachable { .. } => {
            Failure::from(error).hint("the manager went away; nothing was published: publish again")
        }
        error => error.into(),
    }
}

/// The file as it was scanned.
fn read(path: &Path, hash: Hash) -> Result<Vec<u8>, Failure> {
    let bytes = fs::read(path).map_err(|error| changed(path, error))?;
    match Hash::of(&bytes) == hash {
        true => Ok(bytes),
        false => Err(changed(path, "it changed since the folder was read")),
    }
}
