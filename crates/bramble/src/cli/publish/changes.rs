//! What a release changes: by file, against the one that visitors see.

use std::fmt::{self, Display};

use bramble_cluster::api::Status;
use bramble_cluster::link::{Link, LinkError};
use bramble_content::{File, Manifest};
use serde::Serialize;

/// Files that are listed; the rest is counted.
const LISTED: usize = 20;

/// Paths.
#[derive(Debug, Default, Serialize)]
pub struct Changes {
    /// There is nothing to compare with: each file would be listed as new.
    #[serde(skip)]
    is_first: bool,
    added: Vec<String>,
    changed: Vec<String>,
    removed: Vec<String>,
}

/// The release that a site shows. None too for a site that the manager does not know: it says
/// so, with the names that there are, when it is asked to take a release.
pub async fn current(manager: &Link, site: &str) -> Result<Option<String>, LinkError> {
    let status: Status = manager.get_json("/v1/status").await?;
    Ok(status.sites.into_iter().find(|known| known.name == site).and_then(|site| site.release))
}

/// The manifest of a release; without one, or for one that is gone, an empty one.
pub async fn manifest(manager: &Link, release: Option<&str>) -> Result<Manifest, LinkError> {
    let Some(release) = release else { return Ok(Manifest::default()) };
    let text = match manager.get_body(&format!("/v1/release/{release}")).await {
        Err(LinkError::Refused { .. }) => return Ok(Manifest::default()),
        body => body?.collect().await?,
    };
    Ok(Manifest::parse(&text).unwrap_or_default())
}

impl Changes {
    /// From one manifest to another.
    pub fn between(before: &Manifest, after: &Manifest) -> Self {
        let diff = before.diff(after);
        let paths = |files: &[&File]| files.iter().map(|file| file.path.clone()).collect();
        Self {
            is_first: before.files().is_empty(),
            added: paths(&diff.added),
            changed: paths(&diff.changed),
            removed: paths(&diff.removed),
        }
    }

    /// A line a file, and one for those that are too many.
    pub fn lines(&self) -> Vec<String> {
        if self.is_first {
            return Vec::new();
        }
        let marked = [("+", &self.added), ("~", &self.changed), ("-", &self.removed)];
        let all = marked.into_iter().flat_map(|(mark, paths)| paths.iter().map(move |p| (mark, p)));
        let mut lines: Vec<String> = all.map(|(mark, path)| format!("  {mark} {path}")).collect();
        if lines.len() > LISTED {
            let more = lines.split_off(LISTED - 1).len();
            lines.push(format!("  and {more} more"));
        }
        lines
    }
}

impl Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_first, added, changed, removed } = self;
        if *is_first {
            return f.write_str("the first release");
        }
        write!(f, "{} added, {} changed, {} removed", added.len(), changed.len(), removed.len())
    }
}

#[cfg(test)]
mod tests;
