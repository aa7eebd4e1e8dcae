//! Role processes: started, started again when they end, replaced by newer ones, stopped in order.
//!
//! ```text
//!          ┌──────────── ended: wait 100 ms … 5 s ───────────┐
//!          v                                                 │
//! start ─> running ─ stop ─> asked to drain ─> SIGTERM ─> SIGKILL
//!             │
//!             └─ upgrade ─> an heir runs; this one ends with its last client
//! ```
//!
//! A role process is told who its parent is and asks the kernel to be killed when that dies.
//! To the kernel the parent is the *thread* that started it, so the agent's runtime must be
//! the one thread that lives as long as the process. An heir is therefore started by the agent, and
//! not by the process that makes way for it; it asks that one for its sockets.

mod child;
mod keeper;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bramble_cluster::api::Role;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::warn;

use self::keeper::{Keeper, Order};
use crate::node::role_name;

/// How role processes are run.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The `bramble` binary.
    pub executable: PathBuf,
    /// The node's data folder.
    pub data: PathBuf,
    /// Time to drain.
    pub stop: Duration,
}

/// A role's process, as it is now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Process {
    /// None while it waits to be started again.
    pub pid: Option<u32>,
    /// How often it was started again.
    pub restarts: u32,
    /// Of this process.
    pub started: Option<Instant>,
}

/// A role's processes, as an agent leaves them to the one that comes in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRole {
    /// None while it waits to be started again.
    service: Option<u32>,
    /// Those that have made way and still have clients.
    older: Vec<u32>,
    /// Those of them that are never to serve again.
    #[serde(default)]
    retired: Vec<u32>,
    restarts: u32,
    /// Of the service.
    uptime_ms: u64,
}

impl KeptRole {
    /// With something in each field, as there may be by the time that it is passed on.
    pub(crate) fn filled(mut self) -> Self {
        let service = *self.service.get_or_insert(std::process::id());
        self.older.push(service);
        self.retired.push(service);
        self
    }
}

/// A role under supervision.
#[derive(Debug)]
pub struct Supervised {
    role: Role,
    process: watch::Receiver<Process>,
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
}

impl Supervised {
    /// Starts the role, or goes on with processes that run, and keeps it running.
    ///
    /// # Errors
    /// Signals can't be had.
    pub fn start(launch: Launch, role: Role, kept: KeptRole) -> io::Result<Self> {
        let (sender, process) = watch::channel(Process::default());
        let (orders, receiver) = mpsc::channel(1);
        let keeper = Keeper::new(launch, role, sender, kept)?;
        let task = tokio::spawn(keeper.run(receiver));
        Ok(Self { role, process, orders, task })
    }

    /// Its process now.
    pub fn process(&self) -> Process {
        *self.process.borrow()
    }

    /// Another look at its process, for those who wait for changes.
    pub fn subscribe(&self) -> watch::Receiver<Process> {
        self.process.clone()
    }

    /// Lets it run from the file that lies there by now: whoever serves visitors hands over to a
    /// new process, a manager is started anew. Dropped, it is given up.
    ///
    /// # Errors
    /// Why the process that was there serves on.
    pub async fn upgrade(&self) -> Result<(), String> {
        self.ask(Order::Upgrade).await.unwrap_or_else(|| Err("its supervision failed".to_owned()))
    }

    /// Stops it: it drains, and is killed if it takes too long.
    pub async fn stop(self) {
        // The keeper ends only by this and the next; a closed channel means that it did already.
        let _ = self.orders.send(Order::Stop).await;
        self.end().await;
    }

    /// What the agent that comes in this one's place would be left, as far as it is known now.
    pub async fn kept(&self) -> KeptRole {
        self.ask(Order::Tell).await.unwrap_or_default()
    }

    /// Lets its processes run on without supervision.
    pub async fn leave(self) -> KeptRole {
        let kept = self.ask(Order::Leave).await.unwrap_or_default();
        self.end().await;
        kept
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(order(answer)).await.ok()?;
        answered.await.ok()
    }

    async fn end(self) {
        if let Err(error) = self.task.await {
            warn!(role = role_name(self.role), %error, "supervision failed");
        }
    }
}

#[cfg(test)]
mod tests;
