//! One manager at a time: an advisory lock on a file beside the database, which the kernel
//! lets go when the process dies.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::store::StoreError;

/// How often and how long a lock is tried again: a write that its caller left may still hold
/// it for the time of one commit.
const TRIES: u32 = 100;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// Held until dropped.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a database; its folder must be there.
    pub(super) async fn take(database: &Path) -> Result<Self, StoreError> {
        let path = database.with_extension("lock");
        let failed = |source| StoreError::Io { path: path.clone(), source };
        let open = File::options().write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(failed)?;
        for _ in 0..TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(rustix::io::Errno::WOULDBLOCK) => tokio::time::sleep(BETWEEN_TRIES).await,
                Err(errno) => return Err(failed(io::Error::from(errno))),
            }
        }
        Err(StoreError::InUse { path: database.to_owned() })
    }
}
