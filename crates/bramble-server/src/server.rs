//! A data-plane process: cores that all run one plan, and the thread that gives it to them.

use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bramble_config::plan::Plan;
use bramble_metrics::facts::ServerFacts;
use bramble_metrics::resident_memory_bytes;
use bramble_net::{Budget, ListenSocket, Passage, raise_descriptor_limit, spawn_core};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::check::Checks;
use crate::core::{self, Command, Roster};
use crate::handover::{Given, Giving, HandoverError, Heir, Inheritance};
use crate::health::Verdict;
use crate::ledger;
use crate::prepared::{PlanError, Prepared};
use crate::sockets::Sockets;

/// Commands that may wait for a core between two turns of its loop.
const COMMANDS: usize = 16;

/// How often it is looked whether the last connection has gone.
const DRAIN_LOOK: Duration = Duration::from_millis(20);

/// Descriptors for logs, checks and the control socket.
const OWN_DESCRIPTORS: u64 = 64;
/// Of a core: open files and folders, epoll.
const CORE_DESCRIPTORS: u64 = 256;

/// How long an heir waits for backends that are down.
const FIRST_CHECKS: Duration = Duration::from_secs(1);

/// How long a stopping process waits for a disk to take the end of its access log.
const LAST_LINES: Duration = Duration::from_secs(5);

/// Runs plans. Must be used inside a `LocalSet` (health checks run there).
pub struct Server {
    folder: PathBuf,
    /// How many this process may have open.
    descriptors: u64,
    /// How many processes share what memory there is.
    processes: u64,
    budget: Arc<Budget>,
    /// What keeps its ceiling.
    ceiling: JoinSet<()>,
    sockets: Sockets,
    /// Another process accepts as long as this one is not ready.
    is_heir: bool,
    /// As many as a plan ever asked for: those beyond the `threads` of the plan in force have
    /// no socket, and see their connections to their ends.
    cores: Vec<CoreHandle>,
    roster: Roster,
    current: Option<Arc<Prepared>>,
    checks: Checks,
    /// Threads that write access logs, of this plan and of plans before.
    writers: Vec<JoinHandle<()>>,
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
        let roster = Roster::default();
        Self {
            folder,
            descriptors,
            processes: 1,
            budget: Arc::new(Budget::new(u64::MAX)),
            ceiling: JoinSet::new(),
            sockets: Sockets::default(),
            is_heir: false,
            cores: Vec::new(),
            checks: Checks::new(roster.clone()),
            roster,
            current: None,
            writers: Vec::new(),
        }
    }

    /// Lets it have the share of one of so many processes in what memory there is.
    #[must_use]
    pub fn one_of(self, processes: u64) -> Self {
        Self { processes, ..self }
    }

    /// Takes a plan as a whole, or leaves the running one untouched.
    ///
    /// # Errors
    /// What in the plan can't be had.
    pub async fn take(&mut self, mut plan: Plan) -> Result<(), PlanError> {
        self.settle_addresses(&mut plan)?;
        self.cap_connections(&mut plan);
        let prepared = Arc::new(Prepared::new(plan, &self.folder, self.current.as_deref())?);
        let sockets = self.sockets.for_plan(&prepared.plan)?;
        if self.is_heir && self.current.is_none() {
            self.checks.renew(&prepared);
            first_checks(&prepared).await;
        }
        let ready = self.prepare(&prepared, &sockets).await;
        if ready.is_ok() {
            prepared.put_in_force();
        }
        self.settle().await;
        ready?;
        self.sockets = sockets;
        self.writers.retain(|writer| !writer.is_finished());
        self.writers.extend(prepared.writer.as_ref().and_then(|writer| writer.thread()));
        self.checks.renew(&prepared);
        self.settle_budget(&prepared.plan);
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
            threads: self.plan().map_or(0, |plan| plan.threads.max(1)),
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

    /// Listens by the sockets of an older process, where a plan asks for their addresses. To be
    /// called before the first plan.
    pub fn inherit(&mut self, inheritance: &mut Inheritance) {
        self.sockets = Sockets::inherited(std::mem::take(&mut inheritance.sockets));
        self.is_heir = true;
    }

    /// Listens by the sockets of a service manager, where a plan asks for their addresses. To be
    /// called before the first plan.
    pub fn listen_by(&mut self, sockets: Vec<ListenSocket>) {
        self.sockets = Sockets::inherited(sockets);
    }

    /// Tells the older process that this one accepts, and takes its clients over.
    ///
    /// # Errors
    /// The older process is gone.
    pub fn begin(&self, inheritance: &Inheritance) -> Result<(), HandoverError> {
        let addresses = self.sockets.all().map(ListenSocket::address).collect();
        inheritance.begin(addresses, self.dealing())
    }

    /// Starts `program` as the process that takes over from this one.
    ///
    /// # Errors
    /// It does not come to accepting connections; here nothing has changed.
    pub async fn start_heir(&self, program: std::process::Command) -> Result<Heir, HandoverError> {
        Heir::start(program, self.sockets.all(), self.dealing()).await
    }

    /// Gives all to a process that asks for it, as one that was started to take over from this one.
    ///
    /// # Errors
    /// It does not come to accepting connections; here nothing has changed.
    pub async fn meet_heir(&self, mut caller: UnixStream) -> Result<Heir, HandoverError> {
        let id = caller.peer_cred()?.pid().and_then(|id| u32::try_from(id).ok());
        let (passage, end) = Passage::pair()?;
        // By itself, since what is read together with it would be lost.
        let way = Passage::from_end(caller.as_fd().try_clone_to_owned()?);
        way.send(b"{\"ok\":true}\n", &[end.as_fd()])?;
        drop((way, end));
        let plan = format!("{}\n", serde_json::to_string(&self.plan())?);
        caller.write_all(plan.as_bytes()).await?;
        drop(caller);
        Heir::meet(id.unwrap_or_default(), passage, self.sockets.all(), self.dealing()).await
    }

    /// Deals clients to all cores in turn, since each has an equal share of what is allowed.
    fn dealing(&self) -> impl FnMut(Vec<Given>) + Send + use<> {
        let cores: Vec<_> = self.cores.iter().map(|core| core.commands.clone()).collect();
        let mut turns = (0..cores.len()).cycle();
        move |clients| {
            let mut hands: Vec<_> = cores.iter().map(|core| (core, Vec::new())).collect();
            for client in clients {
                if let Some((_, hand)) = turns.next().and_then(|turn| hands.get_mut(turn)) {
                    hand.push(client);
                }
            }
            for (core, hand) in hands.into_iter().filter(|(_, hand)| !hand.is_empty()) {
                // One that has ended takes nobody: then this process ends.
                let _ = core.blocking_send(Command::Adopt(hand));
            }
        }
    }

    /// Accepts nothing more, gives clients to the heir, and waits until the last has gone there or
    /// ended, or the time for that is over. The heir goes on even if this is not waited for.
    ///
    /// # Errors
    /// The heir has ended before: this process accepts again.
    pub async fn hand_over(&mut self, mut heir: Heir) -> Result<(), HandoverError> {
        heir.succeed();
        self.sockets.keep(&heir.listening);
        let giving = heir.giving.clone();
        for core in &self.cores {
            core.tell(Command::HandOver(giving.clone())).await;
        }
        let limit = self.plan().map_or(0, |plan| plan.timeouts.handover_ms);
        let limit = Duration::from_millis(limit);
        tokio::select! {
            _ = tokio::time::timeout(limit, self.drained(&giving)) => return Ok(()),
            () = heir.gone() => {}
        }
        if let Some(plan) = self.plan().cloned()
            && let Err(error) = self.take(plan).await
        {
            tracing::error!(%error, "can't accept again");
        }
        Err(HandoverError::Ended("after it had begun".to_owned()))
    }

    async fn drained(&self, giving: &Giving) {
        loop {
            let before = giving.settled();
            // Cores are asked one after the other: of somebody who is given meanwhile, and comes
            // back, none of them may know.
            if before.is_some() && self.facts().await.connections == 0 && giving.settled() == before
            {
                return;
            }
            tokio::time::sleep(DRAIN_LOOK).await;
        }
    }

    /// Takes no more connections, lets requests in flight finish, and ends.
    pub async fn stop(self) {
        let Self { cores, sockets, current, writers, .. } = self;
        // Whoever comes now is refused, not left waiting for an end.
        drop(sockets);
        let mut stopping = JoinSet::new();
        for core in cores {
            stopping.spawn_local(core.stop());
        }
        stopping.join_all().await;
        // With it goes what the writers wait for.
        drop(current);
        let end = Instant::now() + LAST_LINES;
        while writers.iter().any(|writer| !writer.is_finished()) && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What may be held is known from the first plan on.
    fn settle_budget(&mut self, plan: &Plan) {
        let told = plan.limits.memory_bytes;
        let before = self.plan().map(|plan| plan.limits.memory_bytes);
        if before.is_none() {
            self.budget.set_base(resident_memory_bytes().unwrap_or_default());
        }
        if before != Some(told) {
            let keeping = ledger::keep_ceiling(self.budget.clone(), told, self.processes);
            // With the set goes the task before.
            self.ceiling = JoinSet::new();
            self.ceiling.spawn_local(keeping);
        }
    }

    /// No more visitors are let in than there are descriptors for, however many the plan allows.
    /// Most only wait, so that a fifth is left for connections to backends; a request for which
    /// there is none in the end gets a 503.
    fn cap_connections(&self, plan: &mut Plan) {
        let cores = u64::from(plan.threads.max(1)).max(self.cores.len() as u64);
        // A listening socket is one of the process and one of the core that accepts from it.
        let of_core = CORE_DESCRIPTORS + 2 * plan.listeners.len() as u64;
        let own = (OWN_DESCRIPTORS + cores * of_core).min(self.descriptors / 4);
        let most = (self.descriptors - own) / 5 * 4;
        let most = u32::try_from(most).unwrap_or(u32::MAX).max(1);
        if plan.limits.connections > most {
            let wanted = plan.limits.connections;
            tracing::warn!(wanted, allowed = most, "fewer connections: raise `ulimit -n`");
            plan.limits.connections = most;
        }
    }

    /// Lets all cores get ready for a plan; those that are not there yet are started.
    async fn prepare(&mut self, plan: &Arc<Prepared>, sockets: &Sockets) -> Result<(), PlanError> {
        let threads = usize::from(plan.plan.threads.max(1));
        while self.cores.len() < threads {
            let core =
                CoreHandle::start(self.cores.len(), &self.folder, &self.roster, &self.budget);
            self.cores.push(core.map_err(PlanError::Thread)?);
        }
        let mut answers = Vec::new();
        for (i, core) in self.cores.iter().enumerate() {
            let (reply, answer) = oneshot::channel();
            core.tell(Command::Prepare(plan.clone(), sockets.share(i, threads), reply)).await;
            answers.push(answer);
        }
        let mut all = Ok(());
        for answer in answers {
            all = all.and(answer.await.unwrap_or(Err(PlanError::Gone)));
        }
        all
    }

    /// Until every core runs the plan that is in force.
    async fn settle(&self) {
        let mut answers = Vec::new();
        for core in &self.cores {
            let (reply, answer) = oneshot::channel();
            core.tell(Command::Settle(reply)).await;
            answers.push(answer);
        }
        for answer in answers {
            // One that is gone was reported as such when it should have got ready.
            let _ = answer.await;
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
            let ours = address.port() != 0 && self.sockets.have_port(address.port());
            listener.address = match running.iter().find(same) {
                Some(kept) => kept.address,
                None if ours => address,
                None => ListenSocket::reserve(address)
                    .map_err(|source| PlanError::Address { address, source })?,
            };
        }
        Ok(())
    }
}

/// Waits until all backends have passed their first check. As long as nothing is known of any, all are
/// asked, those too that the process before has put out.
async fn first_checks(prepared: &Prepared) {
    let backends = || prepared.pools.iter().flat_map(|pool| &pool.backends);
    let end = Instant::now() + FIRST_CHECKS;
    while backends().any(|b| b.health.verdict() != Verdict::Up) && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl CoreHandle {
    fn start(i: usize, folder: &Path, roster: &Roster, budget: &Arc<Budget>) -> io::Result<Self> {
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (folder, all, budget) = (folder.to_owned(), roster.clone(), budget.clone());
        let run = move || core::run(i, folder, all, budget, inbox);
        let core = spawn_core(&format!("core{i}"), run)?;
        roster.lock().into_iter().for_each(|mut all| all.push(commands.downgrade()));
        Ok(Self { commands, core })
    }

    /// A core that has ended drops what it is told, and the answer's sender with it.
    async fn tell(&self, command: Command) {
        let _ = self.commands.send(command).await;
    }

    async fn stop(self) {
        self.tell(Command::Stop).await;
        let joined = tokio::task::spawn_blocking(move || self.core.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("a core ended badly");
        }
    }
}
