//! A data-plane process: cores that all run one plan, and the thread that gives it to them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bramble_config::plan::Plan;
use bramble_metrics::facts::ServerFacts;
use bramble_net::{Listener, spawn_core};
use tokio::sync::{mpsc, oneshot};

use crate::check::Checks;
use crate::core::{self, Command};
use crate::prepared::{PlanError, Prepared};

/// Commands that may wait for a core between two turns of its loop.
const COMMANDS: usize = 16;

/// Runs plans. Must be used inside a `LocalSet` (health checks run there).
pub struct Server {
    folder: PathBuf,
    cores: Vec<CoreHandle>,
    current: Option<Arc<Prepared>>,
    checks: Checks,
}

struct CoreHandle {
    commands: mpsc::Sender<Command>,
    core: bramble_net::Core<()>,
}

impl Server {
    /// Starts `threads` cores that do nothing yet. Paths in plans are relative to `folder`.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn start(folder: PathBuf, threads: u16) -> io::Result<Self> {
        let mut cores = Vec::new();
        for i in 0..threads.max(1) {
            let (commands, inbox) = mpsc::channel(COMMANDS);
            let folder = folder.clone();
            let core = spawn_core(&format!("core{i}"), move || core::run(folder, inbox))?;
            cores.push(CoreHandle { commands, core });
        }
        Ok(Self { folder, cores, current: None, checks: Checks::default() })
    }

    /// Takes a plan as a whole, or leaves the running one untouched.
    ///
    /// # Errors
    /// What in the plan can't be had.
    pub async fn take(&mut self, mut plan: Plan) -> Result<(), PlanError> {
        self.check_threads(&plan)?;
        self.settle_addresses(&mut plan)?;
        let prepared = Arc::new(Prepared::new(plan, &self.folder, self.current.as_deref())?);
        for i in 0..self.cores.len() {
            if let Err(error) = self.give(i, &prepared).await {
                self.go_back(i).await;
                return Err(error);
            }
        }
        self.checks = Checks::start(&prepared);
        tracing::info!(revision = prepared.plan.revision, "plan taken");
        self.current = Some(prepared);
        Ok(())
    }

    /// The plan that runs, with the ports that were chosen.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        self.current.as_deref().map(|prepared| &prepared.plan)
    }

    /// What all cores have counted so far.
    pub async fn facts(&self) -> ServerFacts {
        let mut sum = ServerFacts {
            revision: self.plan().map_or(0, |plan| plan.revision),
            threads: u16::try_from(self.cores.len()).unwrap_or(u16::MAX),
            ..ServerFacts::default()
        };
        for core in &self.cores {
            let (reply, answer) = oneshot::channel();
            if core.commands.send(Command::Facts(reply)).await.is_ok()
                && let Ok(facts) = answer.await
            {
                sum.add(facts);
            }
        }
        sum
    }

    /// Takes no more connections, lets requests in flight finish, and ends.
    pub async fn stop(self) {
        for core in &self.cores {
            // A core that has ended already needs no telling.
            let _ = core.commands.send(Command::Stop).await;
        }
        for handle in self.cores {
            let joined = tokio::task::spawn_blocking(move || handle.core.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("a core ended badly");
            }
        }
    }

    fn check_threads(&self, plan: &Plan) -> Result<(), PlanError> {
        let from = u16::try_from(self.cores.len()).unwrap_or(u16::MAX);
        match plan.threads.max(1) {
            to if to == from => Ok(()),
            to => Err(PlanError::Threads { from, to }),
        }
    }

    /// Looks whether new addresses are free, and settles port 0: all cores share one port.
    fn settle_addresses(&self, plan: &mut Plan) -> Result<(), PlanError> {
        let running = self.plan().map(|plan| plan.listeners.clone()).unwrap_or_default();
        for listener in &mut plan.listeners {
            let address = listener.address;
            let same = |l: &&bramble_config::plan::Listener| {
                let any = address.port() == 0 && l.name == listener.name;
                l.address == address || any && l.address.ip() == address.ip()
            };
            listener.address = match running.iter().find(same) {
                Some(kept) => kept.address,
                None => Listener::reserve(address)
                    .map_err(|source| PlanError::Address { address, source })?,
            };
        }
        Ok(())
    }

    async fn give(&self, core: usize, plan: &Arc<Prepared>) -> Result<(), PlanError> {
        let handle = self.cores.get(core).ok_or(PlanError::Gone)?;
        let (reply, answer) = oneshot::channel();
        let command = Command::Plan(plan.clone(), reply);
        handle.commands.send(command).await.map_err(|_| PlanError::Gone)?;
        answer.await.map_err(|_| PlanError::Gone)?
    }

    /// The cores before `failed` have taken a plan that it could not: they go back.
    async fn go_back(&self, failed: usize) {
        let Some(current) = &self.current else { return };
        for core in 0..failed {
            if let Err(error) = self.give(core, current).await {
                tracing::error!(core, %error, "could not go back to the running plan");
            }
        }
    }
}
