//! One core: the plan it runs, its listeners, and what its connections share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bramble_metrics::facts::ServerFacts;
use bramble_net::{Buffers, Timers};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;

use crate::accept::Accepting;
use crate::clients::Clients;
use crate::counters::Counters;
use crate::files::FileCache;
use crate::prepared::{PlanError, Prepared};
use crate::sockets::{Share, SocketKey};
use crate::table::Table;

/// Room for a head and a small body.
const HEAD_BUFFER_BYTES: usize = 16 * 1024;
/// Room for bodies under way: with 64 KiB a read, 1 MiB bodies cost a third less than with 16.
const BODY_BUFFER_BYTES: usize = 64 * 1024;

/// What the control thread tells a core.
pub(crate) enum Command {
    Facts(oneshot::Sender<ServerFacts>),
    /// Get ready for a plan that other cores may still refuse.
    Prepare(Arc<Prepared>, Share, oneshot::Sender<Result<(), PlanError>>),
    /// What was prepared is in force, or was given up.
    Settle(oneshot::Sender<()>),
    /// Take no more connections; end when the requests in flight are answered.
    Stop,
}

/// What the connections of one core share.
pub(crate) struct Core {
    pub(crate) timers: Timers,
    /// For requests.
    pub(crate) requests: Buffers,
    /// For the heads of answers.
    pub(crate) heads: Buffers,
    pub(crate) bodies: Buffers,
    pub(crate) counters: Counters,
    pub(crate) clients: Clients,
    pub(crate) files: FileCache,
    pub(crate) stopping: Cell<bool>,
    /// Among the cores of its process; those beyond the plan's `threads` accept nothing.
    index: usize,
    folder: PathBuf,
    table: RefCell<Option<Rc<Table>>>,
    next: RefCell<Option<Rc<Table>>>,
    listeners: RefCell<BTreeMap<SocketKey, Accepting>>,
    /// What it will accept from with the next table.
    share: RefCell<Option<Share>>,
    date: RefCell<(u64, Rc<str>)>,
}

/// Runs a core until it is told to stop and has nothing left to do.
pub(crate) async fn run(index: usize, folder: PathBuf, mut commands: mpsc::Receiver<Command>) {
    let core = Rc::new(Core {
        timers: Timers::start(),
        requests: Buffers::frugal(HEAD_BUFFER_BYTES),
        heads: Buffers::new(HEAD_BUFFER_BYTES),
        bodies: Buffers::new(BODY_BUFFER_BYTES),
        counters: Counters::default(),
        clients: Clients::default(),
        files: FileCache::default(),
        stopping: Cell::new(false),
        index,
        folder,
        table: RefCell::new(None),
        next: RefCell::new(None),
        listeners: RefCell::default(),
        share: RefCell::default(),
        date: RefCell::default(),
    });
    spawn_local(prune(Rc::downgrade(&core)));
    while let Some(command) = commands.recv().await {
        match command {
            // Whoever asked may have given up: then nobody needs the answer.
            Command::Facts(reply) => drop(reply.send(core.facts())),
            Command::Prepare(plan, share, reply) => drop(reply.send(core.prepare(&plan, share))),
            Command::Settle(reply) => {
                core.settle();
                let _ = reply.send(());
            }
            Command::Stop => break,
        }
    }
    core.stop().await;
}

impl Core {
    /// The plan in force now. It comes into force on all cores at the same instant, so each
    /// looks whether that has come.
    pub(crate) fn table(&self) -> Option<Rc<Table>> {
        if self.next.borrow().as_ref().is_some_and(|next| next.shared.is_in_force()) {
            *self.table.borrow_mut() = self.next.take();
        }
        self.table.borrow().clone()
    }

    /// Whether this core goes on once its connections have ended.
    pub(crate) fn is_leaving(&self, table: &Table) -> bool {
        self.stopping.get() || self.index >= usize::from(table.plan().threads.max(1))
    }

    /// The time as an HTTP date, made anew once a second.
    pub(crate) fn date(&self) -> Rc<str> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let mut date = self.date.borrow_mut();
        if date.0 != now || date.1.is_empty() {
            let mut text = Vec::new();
            bramble_http::write_date(&mut text, now);
            *date = (now, String::from_utf8(text).unwrap_or_default().into());
        }
        date.1.clone()
    }

    fn prepare(&self, plan: &Arc<Prepared>, share: Share) -> Result<(), PlanError> {
        let table = Table::new(plan, &self.folder, self.table().as_deref())?;
        *self.next.borrow_mut() = Some(Rc::new(table));
        *self.share.borrow_mut() = Some(share);
        Ok(())
    }

    /// Accepts from what the table in force gives to this core, and from nothing else.
    fn settle(self: &Rc<Self>) {
        self.table();
        let was_given_up = self.next.take().is_some();
        let Some(share) = self.share.take().filter(|_| !was_given_up) else { return };
        self.listeners.borrow_mut().retain(|key, _| share.contains_key(key));
        for (key, socket) in share {
            if self.listeners.borrow().contains_key(&key) {
                continue;
            }
            let accepting = Accepting::start(self.clone(), socket);
            self.listeners.borrow_mut().insert(key, accepting);
        }
    }

    fn facts(&self) -> ServerFacts {
        let mut facts = self.counters.facts();
        let Some(table) = self.table() else { return facts };
        let now = Instant::now();
        for pool in table.pools() {
            let backends = pool.backends().iter().map(|b| b.facts(&pool.name, now));
            facts.backends.extend(backends);
        }
        facts
    }

    async fn stop(&self) {
        self.stopping.set(true);
        self.listeners.borrow_mut().clear();
        let limit = self.table().map_or(Duration::ZERO, |table| table.times.stop);
        let end = Instant::now() + limit;
        while self.counters.in_flight.get() > 0 && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Closes pooled connections that nobody used for a while, once a second.
async fn prune(core: std::rc::Weak<Core>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Some(core) = core.upgrade() else { return };
        let Some(table) = core.table() else { continue };
        let now = Instant::now();
        for backend in table.pools().iter().flat_map(|pool| pool.backends()) {
            backend.prune(now, table.times.backend_idle);
        }
    }
}
