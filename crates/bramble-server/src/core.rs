//! One core: the plan it runs, its listeners, and what its connections share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bramble_metrics::facts::ServerFacts;
use bramble_net::{Buffers, Listener, Timers};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_local};

use crate::connection;
use crate::counters::{Counters, add};
use crate::files::FileCache;
use crate::prepared::{PlanError, Prepared};
use crate::table::Table;

/// Room for a head and a small body.
const HEAD_BUFFER_BYTES: usize = 16 * 1024;
/// Room for bodies under way: with 64 KiB a read, 1 MiB bodies cost a third less than with 16.
const BODY_BUFFER_BYTES: usize = 64 * 1024;
/// Pause when descriptors or memory have run out, so that nothing spins.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the control thread tells a core.
pub(crate) enum Command {
    Facts(oneshot::Sender<ServerFacts>),
    Plan(Arc<Prepared>, oneshot::Sender<Result<(), PlanError>>),
    /// Take no more connections; end when the requests in flight are answered.
    Stop,
}

/// What the connections of one core share.
pub(crate) struct Core {
    pub(crate) timers: Timers,
    pub(crate) heads: Buffers,
    pub(crate) bodies: Buffers,
    pub(crate) counters: Counters,
    pub(crate) files: FileCache,
    pub(crate) stopping: Cell<bool>,
    folder: PathBuf,
    table: RefCell<Option<Rc<Table>>>,
    listeners: RefCell<BTreeMap<SocketAddr, Accepting>>,
    date: RefCell<(u64, String)>,
}

struct Accepting(JoinHandle<()>);

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a core until it is told to stop and has nothing left to do.
pub(crate) async fn run(folder: PathBuf, mut commands: mpsc::Receiver<Command>) {
    let core = Rc::new(Core {
        timers: Timers::start(),
        heads: Buffers::new(HEAD_BUFFER_BYTES),
        bodies: Buffers::new(BODY_BUFFER_BYTES),
        counters: Counters::default(),
        files: FileCache::default(),
        stopping: Cell::new(false),
        folder,
        table: RefCell::new(None),
        listeners: RefCell::default(),
        date: RefCell::default(),
    });
    spawn_local(prune(Rc::downgrade(&core)));
    while let Some(command) = commands.recv().await {
        match command {
            // Whoever asked may have given up: then nobody needs the answer.
            Command::Facts(reply) => drop(reply.send(core.facts())),
            Command::Plan(plan, reply) => drop(reply.send(core.take(&plan))),
            Command::Stop => break,
        }
    }
    core.stop().await;
}

impl Core {
    /// The plan in force now.
    pub(crate) fn table(&self) -> Option<Rc<Table>> {
        self.table.borrow().clone()
    }

    /// The time as an HTTP date, made anew once a second.
    pub(crate) fn date(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let mut date = self.date.borrow_mut();
        if date.0 != now || date.1.is_empty() {
            let mut text = Vec::new();
            bramble_http::write_date(&mut text, now);
            *date = (now, String::from_utf8(text).unwrap_or_default());
        }
        date.1.clone()
    }

    fn take(self: &Rc<Self>, plan: &Arc<Prepared>) -> Result<(), PlanError> {
        let old = self.table();
        let table = Table::new(plan, &self.folder, old.as_deref())?;
        let mut added = Vec::new();
        for listener in &table.plan().listeners {
            if !self.listeners.borrow().contains_key(&listener.address) {
                let bound = Listener::bind(listener.address)
                    .map_err(|source| PlanError::Address { address: listener.address, source })?;
                added.push(bound);
            }
        }
        // From here on nothing can fail: the new plan is taken as a whole.
        let wanted: Vec<_> = table.plan().listeners.iter().map(|l| l.address).collect();
        *self.table.borrow_mut() = Some(Rc::new(table));
        self.listeners.borrow_mut().retain(|address, _| wanted.contains(address));
        for listener in added {
            let address = listener.address();
            let task = spawn_local(accept(self.clone(), listener));
            self.listeners.borrow_mut().insert(address, Accepting(task));
        }
        Ok(())
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

async fn accept(core: Rc<Core>, listener: Listener) {
    let address = listener.address();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(place) = place(&core) else {
                    core.counters.refused("connections");
                    continue;
                };
                spawn_local(connection::serve(place, stream, peer, address));
            }
            Err(error) => {
                core.counters.refused(accept_fault(&error));
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A connection's right to exist; given back when it is dropped.
pub(crate) struct Place {
    pub(crate) core: Rc<Core>,
}

fn place(core: &Rc<Core>) -> Option<Place> {
    let table = core.table()?;
    let plan = table.plan();
    // Every core has an equal share: the kernel spreads connections evenly, and none is asked
    // what the others hold.
    let share = (plan.limits.connections / u32::from(plan.threads.max(1))).max(1);
    if core.counters.connections.get() >= u64::from(share) {
        return None;
    }
    add(&core.counters.connections, 1);
    Some(Place { core: core.clone() })
}

impl Drop for Place {
    fn drop(&mut self) {
        let open = &self.core.counters.connections;
        open.set(open.get().saturating_sub(1));
    }
}

fn accept_fault(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(23 | 24) => "descriptors",
        _ => "accept",
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
