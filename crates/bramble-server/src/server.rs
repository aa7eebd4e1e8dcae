//! A data-plane process: cores that all run one plan, and the thread that gives it to them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bramble_config::plan::Plan;
use bramble_metrics::facts::ServerFacts;
use bramble_net::{Listener, raise_descriptor_limit, spawn_core};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::check::Checks;
use crate::core::{self, Command};
use crate::prepared::{PlanError, Prepared};

/// Commands that may wait for a core between two turns of its loop.
const COMMANDS: usize = 16;

/// Descriptors for listeners, files, epoll and logs.
const OWN_DESCRIPTORS: u64 = 256;

/// Runs plans. Must be used inside a `LocalSet` (health checks run there).
pub struct Server {
    folder: PathBuf,
    /// How many this process may have open.
    descriptors: u64,
    cores: Vec<CoreHandle>,
    current: Option<Arc<Prepared>>,
    checks: Checks,
}

struct CoreHandle {
    commands: mpsc::Sender<Command>,
    core: bramble_net::Core<()>,
}

impl Server {
    /// A process without a plan. Paths in plans are relative to `folder`.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        let descriptors = raise_descriptor_limit();
        Self { folder, descriptors, cores: Vec::new(), current: None, checks: Checks::default() }
    }

    /// Takes a plan as a whole, or leaves the running one untouched.
    ///
    /// # Errors
    /// What in the plan can't be had.
    pub async fn take(&mut self, mut plan: Plan) -> Result<(), PlanError> {
        self.settle_addresses(&mut plan)?;
        self.cap_connections(&mut plan);
        let threads = usize::from(plan.threads.max(1));
        let prepared = Arc::new(Prepared::new(plan, &self.folder, self.current.as_deref())?);
        let running = self.cores.len();
        let taken = self.give_all(threads, &prepared).await;
        if taken.is_err() {
            self.go_back(running).await;
        }
        taken?;
        self.retire_beyond(threads);
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
        let mut stopping = JoinSet::new();
        for core in self.cores {
            stopping.spawn_local(core.stop());
        }
        stopping.join_all().await;
    }

    /// A visitor may need two descriptors, one towards a backend: no more are let in than there
    /// are descriptors for, however many the plan allows.
    fn cap_connections(&self, plan: &mut Plan) {
        let own = OWN_DESCRIPTORS.min(self.descriptors / 4);
        let most = (self.descriptors - own) / 2;
        let most = u32::try_from(most).unwrap_or(u32::MAX).max(1);
        plan.limits.connections = plan.limits.connections.min(most);
    }

    /// Gives the plan to so many cores; those that are not there yet are started.
    async fn give_all(&mut self, threads: usize, plan: &Arc<Prepared>) -> Result<(), PlanError> {
        for i in 0..threads {
            if i == self.cores.len() {
                let core = CoreHandle::start(i, &self.folder).map_err(PlanError::Thread)?;
                self.cores.push(core);
            }
            self.give(i, plan).await?;
        }
        Ok(())
    }

    /// Cores that the plan in force has no use for answer what is in flight, and end.
    fn retire_beyond(&mut self, threads: usize) {
        for core in self.cores.split_off(threads.min(self.cores.len())) {
            tokio::task::spawn_local(core.stop());
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
            // A socket of our own on an address that this one widens or narrows is in nobody's
            // way: ours share ports among each other.
            let ours =
                running.iter().any(|l| address.port() != 0 && l.address.port() == address.port());
            listener.address = match running.iter().find(same) {
                Some(kept) => kept.address,
                None if ours => address,
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

    /// Some cores may have taken a plan that another could not: the `running` ones go back to
    /// the plan before it, and the others end.
    async fn go_back(&mut self, running: usize) {
        self.retire_beyond(running);
        let Some(current) = self.current.clone() else { return };
        for core in 0..running {
            if let Err(error) = self.give(core, &current).await {
                tracing::error!(core, %error, "could not go back to the running plan");
            }
        }
    }
}

impl CoreHandle {
    fn start(i: usize, folder: &Path) -> io::Result<Self> {
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let folder = folder.to_owned();
        let core = spawn_core(&format!("core{i}"), move || core::run(folder, inbox))?;
        Ok(Self { commands, core })
    }

    async fn stop(self) {
        // A core that has ended already needs no telling.
        let _ = self.commands.send(Command::Stop).await;
        let joined = tokio::task::spawn_blocking(move || self.core.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("a core ended badly");
        }
    }
}
