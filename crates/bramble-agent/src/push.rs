//! Plans to role processes: over the control socket first, to `DIR/plans/` once the role
//! runs them, so that a role always starts again from a plan that worked. A plan passes
//! through as text; of what is in it only the folders of releases are looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bramble_cluster::api::{NodePlan, Role};
use bramble_content::{DiskError, ReleaseId, disk};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::Instant;

use crate::control::{Control, ControlError};
use crate::node::{plan_path, role_name};

/// A process that just starts has no socket yet.
const RETRY_SILENT: Duration = Duration::from_millis(100);
/// Looking after roles that were started again.
const RETRY: Duration = Duration::from_secs(1);
/// What was refused may pass later, as when a port becomes free.
const RETRY_REFUSED: Duration = Duration::from_secs(5);

/// What a round of pushing came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// All roles run the plan.
    pub complete: bool,
    /// Why not, in words.
    pub trouble: Option<String>,
    /// When to try again.
    pub retry: Duration,
    /// Is it for want of room on the disk?
    pub is_disk_full: bool,
}

/// Passes plans to the roles of one node.
#[derive(Debug)]
pub struct Pusher {
    roles: BTreeMap<Role, RoleState>,
}

#[derive(Debug)]
struct RoleState {
    control: Control,
    path: PathBuf,
    /// Last good plan: what the role starts from.
    good: Option<String>,
    /// What it took last and could not be kept.
    unkept: Option<String>,
    /// What it was sent and did not answer.
    unanswered: Option<String>,
    /// Process that runs it, as far as we know.
    runs: Option<u32>,
    refused: Option<Refusal>,
}

#[derive(Debug)]
struct Refusal {
    pid: u32,
    plan: String,
    words: String,
    at: Instant,
}

/// Why a role does not run its plan yet.
enum Delay {
    /// It needs a release that is on its way, or a process.
    Waits,
    Failed {
        words: String,
        retry: Duration,
    },
    /// It runs, but the disk has no room for it.
    Full {
        words: String,
    },
}

impl Pusher {
    /// For these roles; reads their last good plans.
    pub fn open(data: &Path, roles: &[Role]) -> Self {
        let state = |&role| {
            let path = plan_path(data, role);
            // An absent or unreadable plan is one that is to be pushed.
            let good = fs::read_to_string(&path).ok();
            let control = Control::new(data, role);
            let (unkept, unanswered, runs, refused) = (None, None, None, None);
            (role, RoleState { control, path, good, unkept, unanswered, runs, refused })
        };
        Self { roles: roles.iter().map(state).collect() }
    }

    /// Passes on the parts of the plan that don't run yet and whose releases are held.
    /// `pids` are the processes as they are now.
    pub async fn push(
        &mut self,
        plan: &NodePlan,
        held: &BTreeSet<ReleaseId>,
        pids: &BTreeMap<Role, u32>,
    ) -> Outcome {
        let missing: Vec<_> = plan.releases.iter().filter(|id| !is_held(held, id)).collect();
        let mut outcome = Outcome::new(missing.is_empty());
        let missing = &missing;
        // At once: one that hangs delays no other. Who must know a release before it is asked
        // for is the manager's care, by what nodes report.
        let steps = self.roles.iter_mut().filter_map(|(role, state)| {
            let plan = plan.roles.get(role)?;
            Some(async move {
                let text = plan.to_string();
                let waits = missing.iter().any(|id| names(&text, id));
                match pids.get(role) {
                    Some(&pid) if !waits => state.push(*role, pid, plan, text).await,
                    _ => Err(Delay::Waits),
                }
            })
        });
        join_all(steps).await.into_iter().filter_map(Result::err).for_each(|d| outcome.note(d));
        outcome
    }

    /// Does any role's last good plan serve this release?
    pub fn serves(&self, id: &str) -> bool {
        self.roles.values().filter_map(|state| state.good.as_ref()).any(|plan| names(plan, id))
    }

    /// May any role's process open this release, now or after a restart?
    pub fn uses(&self, id: &str) -> bool {
        let plans = self.roles.values().flat_map(|r| [&r.good, &r.unkept, &r.unanswered]);
        plans.flatten().any(|plan| names(plan, id))
    }
}

impl RoleState {
    async fn push(
        &mut self,
        role: Role,
        pid: u32,
        plan: &Value,
        text: String,
    ) -> Result<(), Delay> {
        if self.runs == Some(pid) && self.good.as_ref() == Some(&text) {
            return Ok(());
        }
        self.check_refusal(pid, &text)?;
        // If no answer comes, either plan may be the one that runs.
        self.runs = None;
        self.unanswered = Some(text.clone());
        match self.control.plan(plan).await {
            Ok(()) => self.keep(role, pid, text),
            Err(error) => Err(self.fail(pid, text, &error)),
        }
    }

    fn keep(&mut self, role: Role, pid: u32, text: String) -> Result<(), Delay> {
        self.unanswered = None;
        if let Err(error) = disk::replace(&self.path, text.as_bytes()) {
            self.unkept = Some(text);
            let words = format!("the {} plan runs but can't be kept: {error}", role_name(role));
            return Err(match error {
                DiskError::Full { .. } => Delay::Full { words },
                DiskError::Io { .. } => Delay::Failed { words, retry: RETRY },
            });
        }
        self.good = Some(text);
        self.unkept = None;
        self.runs = Some(pid);
        self.refused = None;
        Ok(())
    }

    fn fail(&mut self, pid: u32, plan: String, error: &ControlError) -> Delay {
        let words = error.to_string();
        let retry = match error {
            ControlError::Silent { .. } => RETRY_SILENT,
            ControlError::Odd { .. } | ControlError::Refused { .. } => {
                self.unanswered = None;
                let (words, at) = (words.clone(), Instant::now());
                self.refused = Some(Refusal { pid, plan, words, at });
                RETRY_REFUSED
            }
        };
        Delay::Failed { words, retry }
    }

    /// The same plan is not offered to the same process again and again.
    fn check_refusal(&self, pid: u32, plan: &str) -> Result<(), Delay> {
        match &self.refused {
            Some(refused)
                if refused.pid == pid
                    && refused.plan == plan
                    && refused.at.elapsed() < RETRY_REFUSED =>
            {
                Err(Delay::Failed { words: refused.words.clone(), retry: RETRY })
            }
            _ => Ok(()),
        }
    }
}

impl Outcome {
    fn new(complete: bool) -> Self {
        Self { complete, trouble: None, retry: RETRY, is_disk_full: false }
    }

    fn note(&mut self, delay: Delay) {
        self.complete = false;
        let words = match delay {
            Delay::Waits => return,
            Delay::Failed { words, retry } => {
                self.retry = self.retry.min(retry);
                words
            }
            Delay::Full { words } => {
                self.is_disk_full = true;
                words
            }
        };
        let before = self.trouble.take().map(|before| format!("{before}; ")).unwrap_or_default();
        self.trouble = Some(before + &words);
    }
}

fn is_held(held: &BTreeSet<ReleaseId>, id: &str) -> bool {
    id.parse().is_ok_and(|id| held.contains(&id))
}

/// The folder, not the bare id: a balancer asks for releases that only workers hold.
fn names(plan: &str, id: &str) -> bool {
    plan.contains(&format!("content/releases/{id}"))
}

#[cfg(test)]
mod tests;
