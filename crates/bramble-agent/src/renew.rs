//! A new certificate under the old key, at a third of the lifetime: two thirds are left for a
//! manager that is away.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bramble_cluster::api::{JoinResponse, RenewRequest};
use bramble_cluster::certificate::NODE_LIFETIME;
use bramble_cluster::link::{Link, LinkError};
use bramble_content::disk;
use tokio::time::sleep;
use tracing::warn;

use crate::join::{self, JoinError, identity_path, key};

/// Rarely enough for a manager that refuses, often enough for a board that is on by day only.
const CHECK_INTERVAL: Duration = Duration::from_secs(3600);
/// A node that starts must not wait long for a manager that is away.
const ASK_LIMIT: Duration = Duration::from_secs(2);
/// What the manager says to a key that is no member's.
const FORBIDDEN: u16 = 403;

/// Does the manager still know this node? Leaves a new certificate if it does.
pub async fn is_member(data: &Path) -> Result<bool, JoinError> {
    let link = join::link(data)?.with_time_limit(ASK_LIMIT);
    match ask(&link, data).await {
        Err(JoinError::Link(LinkError::Refused { status: FORBIDDEN, .. })) => Ok(false),
        asked => asked.map(|()| true),
    }
}

/// Returns once there is a new certificate on the disk.
pub async fn renew(link: &Link, data: &Path) {
    loop {
        if is_due(data, SystemTime::now()) {
            match ask(link, data).await {
                Ok(()) => return,
                Err(error) => warn!("the certificate can't be renewed now: {error}"),
            }
        }
        sleep(CHECK_INTERVAL).await;
    }
}

/// By the file's age. One from the future was written by a clock that was wrong, or that is
/// now: the certificate's dates can't be told either.
fn is_due(data: &Path, now: SystemTime) -> bool {
    let written = fs::metadata(identity_path(data, "cert.pem")).and_then(|m| m.modified());
    let age = written.map(|written| now.duration_since(written).ok());
    age.is_ok_and(|age| age.is_none_or(|age| age >= NODE_LIFETIME / 3))
}

async fn ask(link: &Link, data: &Path) -> Result<(), JoinError> {
    let request = RenewRequest { csr: key(data)?.csr_pem()? };
    let answer: JoinResponse = link.post_json("/v1/renew", &request).await?;
    disk::replace(&identity_path(data, "cert.pem"), answer.certificate.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests;
