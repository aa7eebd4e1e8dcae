//! One core: the plan it runs, its listeners, and what its connections share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bramble_metrics::facts::ServerFacts;
use bramble_net::{Buffers, ListenSocket, Listener, Spare, Stream, Timers};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_local};

use crate::clients::{Clients, client};
use crate::connection;
use crate::contained::contained;
use crate::counters::{Counters, add};
use crate::files::FileCache;
use crate::prepared::{PlanError, Prepared};
use crate::reason::Event;
use crate::sockets::{Share, SocketKey};
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
    clients: Clients,
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

struct Accepting(JoinHandle<()>);

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
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
            let task = spawn_local(keep_accepting(self.clone(), socket));
            self.listeners.borrow_mut().insert(key, Accepting(task));
        }
    }

    /// Ends a connection so that one of `newcomer` has a place: the oldest that waits for a request,
    /// first of whoever has more than the newcomer and of all most. Where none waits, that client
    /// gives one that is sent or read slowly: so no few can keep out all others.
    fn make_room(&self, newcomer: Option<IpAddr>) -> bool {
        let own = newcomer.map_or(0, |client| self.clients.open(client));
        let heaviest = self.clients.heaviest().filter(|(_, open)| *open > own);
        let of_heaviest =
            |owner: Option<IpAddr>| owner.is_some() && owner == heaviest.map(|(client, _)| client);
        let idle = |spare| spare == Spare::Idle;
        self.timers.end_one(|owner, spare| idle(spare) && of_heaviest(owner))
            || self.timers.end_one(|_, spare| idle(spare))
            || self.timers.end_one(|owner, _| of_heaviest(owner))
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

async fn keep_accepting(core: Rc<Core>, socket: Arc<ListenSocket>) {
    let listener = loop {
        match Listener::share(&socket) {
            Ok(listener) => break listener,
            Err(error) => pause(&core, &error).await,
        }
    };
    // The descriptor that this core has of it is enough.
    drop(socket);
    while contained(&core.counters, "accepting", pin!(accept(&core, &listener))).await.is_err() {}
}

async fn accept(core: &Rc<Core>, listener: &Listener) {
    loop {
        // A flood of connections is no reason to let those that are here wait.
        tokio::task::coop::consume_budget().await;
        match listener.accept().await {
            Ok((stream, peer)) => match place(core, peer.ip()).await {
                Ok(place) => drop(spawn_local(serve(place, stream, peer, listener.address()))),
                Err(event) => core.counters.refused(event),
            },
            Err(error) => pause(core, &error).await,
        }
    }
}

async fn serve(place: Place, stream: Stream, peer: SocketAddr, at: SocketAddr) {
    let core = place.core.clone();
    let work = pin!(connection::serve(place, stream, peer, at));
    // What there is to say of a panic has been said.
    let _ = contained(&core.counters, "a connection's work", work).await;
}

async fn pause(core: &Core, error: &io::Error) {
    core.counters.refused(accept_fault(error));
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn place(core: &Rc<Core>, ip: IpAddr) -> Result<Place, Event> {
    match Place::take(core, ip) {
        Err(Event::Connections) => {
            // Of those that have just come none waits yet: they have not had a turn.
            tokio::task::yield_now().await;
            Place::take(core, ip)
        }
        taken => taken,
    }
}

/// A connection's right to exist; given back when it is dropped.
pub(crate) struct Place {
    pub(crate) core: Rc<Core>,
    /// None of a trusted proxy, behind whom are many.
    client: Option<IpAddr>,
}

impl Place {
    /// For a connection from `ip`. Where all are taken, another makes room if it can.
    fn take(core: &Rc<Core>, ip: IpAddr) -> Result<Self, Event> {
        let table = core.table().ok_or(Event::Connections)?;
        let plan = table.plan();
        // Every core has an equal share: the kernel spreads connections evenly, and none is asked
        // what the others hold.
        let share = |limit: u32| (limit / u32::from(plan.threads.max(1))).max(1);
        let is_trusted = plan.trusted_proxies.contains(&ip.to_canonical());
        let client = (!is_trusted).then(|| client(ip));
        let most = share(plan.limits.connections_per_client);
        if client.is_some_and(|client| !core.clients.enter(client, most)) {
            return Err(Event::ConnectionsPerClient);
        }
        add(&core.counters.connections, 1);
        // From here on it is given back by being dropped.
        let place = Self { core: core.clone(), client };
        let is_full = core.counters.connections.get() > u64::from(share(plan.limits.connections));
        if is_full && !core.make_room(client) {
            return Err(Event::Connections);
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.client.into_iter().for_each(|client| self.core.clients.leave(client));
        let open = &self.core.counters.connections;
        open.set(open.get().saturating_sub(1));
    }
}

fn accept_fault(error: &io::Error) -> Event {
    match error.raw_os_error() {
        Some(23 | 24) => Event::Descriptors,
        _ => Event::Accept,
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
