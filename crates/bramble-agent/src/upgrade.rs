//! Being asked to make way for a newer binary. Who asks has the answer before anything ends: the
//! process that gives it may have nothing more to do.
//!
//! A node's roles make way one after the other, those whom visitors see first. The first that does
//! not ends it: what has made way until then stays so until the next request.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use bramble_cluster::api::Role;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tracing::info;

use crate::apply::Apply;
use crate::kept::{Program, rehearse};
use crate::supervise::Supervised;

/// For somebody to whom nobody listens any more, or who reads slowly.
const TOLD_LIMIT: Duration = Duration::from_secs(1);

/// Somebody wants the binary that lies in this process's place taken into use.
#[derive(Debug)]
pub struct UpgradeRequest {
    answer: oneshot::Sender<Result<u32, Refusal>>,
    told: oneshot::Receiver<()>,
}

/// The end of who asks.
#[derive(Debug)]
pub struct Asker {
    answer: oneshot::Receiver<Result<u32, Refusal>>,
    /// Dropped when the answer has been passed on.
    _told: oneshot::Sender<()>,
}

/// Why a process serves on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// In words.
    pub why: String,
    /// A part of it runs from the new file already.
    pub is_mixed: bool,
}

impl UpgradeRequest {
    /// One, and the end that hears the answer.
    #[must_use]
    pub fn new() -> (Self, Asker) {
        let (answer, answered) = oneshot::channel();
        let (telling, told) = oneshot::channel();
        (Self { answer, told }, Asker { answer: answered, _told: telling })
    }

    /// Answers with the process that serves from now on; returns when who asks has heard it.
    pub async fn answer(self, answer: Result<u32, Refusal>) {
        if self.answer.send(answer).is_ok() {
            let _ = timeout(TOLD_LIMIT, self.told).await;
        }
    }
}

impl Asker {
    /// Waits for the answer. Drop this only when it has been passed on.
    ///
    /// # Errors
    /// Why the process serves on, in its words.
    pub async fn answer(&mut self) -> Result<u32, Refusal> {
        (&mut self.answer).await.unwrap_or_else(|_| Err(Refusal::whole("the process ends")))
    }
}

/// Serves requests until one has been met: then all roles run from the new file, and the agent can.
pub(crate) async fn upgrade(
    roles: &BTreeMap<Role, Supervised>,
    requests: &mut mpsc::Receiver<UpgradeRequest>,
    program: &Program,
    apply: &Apply,
) {
    while let Some(request) = requests.recv().await {
        info!("upgrade");
        match upgrade_roles(roles, program).await {
            Ok(()) => return request.answer(Ok(std::process::id())).await,
            Err(refusal) => {
                apply.note_upgrade(Some(format!("not upgraded: {}", refusal.why)));
                request.answer(Err(refusal)).await;
            }
        }
    }
    // Nobody can ask any more.
    std::future::pending::<()>().await;
}

async fn upgrade_roles(
    roles: &BTreeMap<Role, Supervised>,
    program: &Program,
) -> Result<(), Refusal> {
    rehearse(program, roles).await.map_err(Refusal::whole)?;
    let mut is_mixed = false;
    for role in [Role::Balancer, Role::Worker, Role::Manager] {
        let Some(supervised) = roles.get(&role) else { continue };
        // A manager that does not come to serve has ended the one before it.
        let is_changed = is_mixed || role == Role::Manager;
        let upgraded = supervised.upgrade().await;
        upgraded.map_err(|why| Refusal { why, is_mixed: is_changed })?;
        is_mixed = true;
    }
    Ok(())
}

impl Refusal {
    /// Nothing has changed.
    pub fn whole(why: impl Display) -> Self {
        Self { why: why.to_string(), is_mixed: false }
    }
}
