//! What nodes said of themselves lately. In memory only, one entry a member: health and load
//! are never state.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bramble_cluster::api::NodeReport;

/// A node that said nothing for longer is not counted on.
pub(crate) const LIVE: Duration = Duration::from_secs(5);

/// A report and when it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) report: NodeReport,
    pub(crate) at: Instant,
}

impl Heard {
    pub(crate) fn is_live(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) <= LIVE
    }
}

/// The last report of each node.
pub(crate) struct Reports {
    /// When we began to listen.
    start: Instant,
    heard: Mutex<BTreeMap<String, Heard>>,
}

impl Reports {
    pub(crate) fn new(start: Instant) -> Self {
        Self { start, heard: Mutex::default() }
    }

    /// Too early to tell: a manager that has just started has heard of nobody yet.
    pub(crate) fn is_expected(&self, node: &str, now: Instant) -> bool {
        now.saturating_duration_since(self.start) < LIVE && self.of(node).is_none()
    }

    pub(crate) fn insert(&self, node: &str, report: NodeReport, at: Instant) {
        self.lock().insert(node.to_owned(), Heard { report, at });
    }

    pub(crate) fn remove(&self, node: &str) {
        self.lock().remove(node);
    }

    pub(crate) fn of(&self, node: &str) -> Option<Heard> {
        self.lock().get(node).cloned()
    }

    /// The last report, if the node is live.
    pub(crate) fn live(&self, node: &str, now: Instant) -> Option<NodeReport> {
        self.of(node).filter(|heard| heard.is_live(now)).map(|heard| heard.report)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
