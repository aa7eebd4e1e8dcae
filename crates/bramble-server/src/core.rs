//! One core: the plan it runs, its listeners, and what its connections share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bramble_metrics::CoreFacts;
use bramble_metrics::facts::ServerFacts;
use bramble_net::{Budget, Buffer, Buffers, Ledger, Level, Parking, Queues, Stream, Timers};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;

use crate::accept::{self, Accepting};
use crate::access_log::Logs;
use crate::balance::Report;
use crate::busy::Busy;
use crate::clients::Clients;
use crate::counters::Counters;
use crate::files::FileCache;
use crate::handover::{Given, Giving};
use crate::health::Health;
use crate::meters::Meters;
use crate::pool::Backend;
use crate::prepared::{PlanError, Prepared};
use crate::rate::Rate;
use crate::reason::Event;
use crate::scratch::Scratch;
use crate::sockets::{Share, SocketKey};
use crate::table::Table;
use crate::visitor::Visitor;
use crate::work::Work;
use crate::{housekeeping, ledger};

/// Room for a head and a small body.
const HEAD_BUFFER_BYTES: usize = 16 * 1024;
/// Room for bodies under way: with 64 KiB a read, 1 MiB bodies cost a third less than with 16.
const BODY_BUFFER_BYTES: usize = 64 * 1024;

/// What the control thread tells a core.
pub(crate) enum Command {
    /// What it has counted, in all detail.
    Count(oneshot::Sender<CoreFacts>),
    Facts(oneshot::Sender<ServerFacts>),
    /// When a request was last answered by the backend that this is the health of.
    Heard(Arc<Health>, oneshot::Sender<Option<Instant>>),
    /// Get ready for a plan that other cores may still refuse.
    Prepare(Arc<Prepared>, Share, oneshot::Sender<Result<(), PlanError>>),
    /// A check was told by the backend that this is the health of what it has to do.
    Reported(Arc<Health>, Report),
    /// What was prepared is in force, or was given up.
    Settle(oneshot::Sender<()>),
    /// Accept nothing more; give away whoever is between two requests.
    HandOver(Giving),
    /// Take over clients of an older process.
    Adopt(Vec<Given>),
    /// Take no more connections; end when the requests in flight are answered.
    Stop,
    /// Whether it would be good to hear what the backend has to do that this is the health of.
    WantsReport(Arc<Health>, oneshot::Sender<bool>),
}

/// How the cores of a process reach each other; there are as many as a plan ever asked for.
pub(crate) type Roster = Arc<Mutex<Vec<mpsc::WeakSender<Command>>>>;

/// What the connections of one core share.
pub(crate) struct Core {
    /// What all of the following hold.
    pub(crate) ledger: Rc<Ledger>,
    pub(crate) queues: Rc<Queues>,
    pub(crate) busy: Busy,
    pub(crate) timers: Timers,
    /// For requests.
    pub(crate) requests: Buffers,
    /// For the heads of answers.
    pub(crate) heads: Buffers,
    bodies: Buffers,
    pub(crate) counters: Counters,
    pub(crate) work: Work,
    pub(crate) meters: Meters,
    pub(crate) logs: Logs,
    /// Who takes over whoever is between two requests.
    giving: RefCell<Option<Giving>>,
    /// Clients that are silent.
    pub(crate) parking: Parking<Visitor>,
    pub(crate) clients: Clients,
    pub(crate) files: FileCache,
    pub(crate) scratch: Scratch,
    pub(crate) stopping: Cell<bool>,
    /// Another process has taken over, and takes nobody any more: connections end with their next
    /// answer.
    outlived: Cell<bool>,
    /// Among the cores of its process; those beyond the plan's `threads` accept nothing.
    index: usize,
    folder: PathBuf,
    roster: Roster,
    table: RefCell<Option<Rc<Table>>>,
    next: RefCell<Option<Rc<Table>>>,
    listeners: RefCell<BTreeMap<SocketKey, Accepting>>,
    /// What it will accept from with the next table.
    share: RefCell<Option<Share>>,
    date: RefCell<(u64, Rc<str>)>,
}

/// Runs a core until it is told to stop and has nothing left to do.
pub(crate) async fn run(
    index: usize,
    folder: PathBuf,
    roster: Roster,
    budget: Arc<Budget>,
    mut commands: mpsc::Receiver<Command>,
) {
    let ledger = Ledger::new(budget);
    let parking = match Parking::new(|visitor: &Visitor| visitor.place.client, &ledger) {
        Ok(parking) => parking,
        Err(error) => return tracing::error!(%error, "a core can't start"),
    };
    let core = Rc::new(Core {
        timers: Timers::start(),
        requests: Buffers::frugal(HEAD_BUFFER_BYTES, &ledger),
        heads: Buffers::new(HEAD_BUFFER_BYTES, &ledger),
        bodies: Buffers::new(BODY_BUFFER_BYTES, &ledger),
        queues: Queues::new(ledger.clone()),
        busy: Busy::default(),
        counters: Counters::default(),
        work: Work::default(),
        meters: Meters::default(),
        logs: Logs::default(),
        giving: RefCell::default(),
        parking,
        clients: Clients::default(),
        files: FileCache::new(&ledger),
        scratch: Scratch::default(),
        stopping: Cell::new(false),
        outlived: Cell::new(false),
        index,
        folder,
        roster,
        table: RefCell::new(None),
        next: RefCell::new(None),
        listeners: RefCell::default(),
        share: RefCell::default(),
        date: RefCell::default(),
        ledger,
    });
    spawn_local(ledger::keep(Rc::downgrade(&core)));
    spawn_local(housekeeping::keep(Rc::downgrade(&core)));
    let waking = spawn_local(accept::keep_waking(core.clone()));
    while let Some(command) = commands.recv().await {
        match command {
            // Whoever asked may have given up: then nobody needs the answer.
            Command::Count(reply) => drop(reply.send(core.count())),
            Command::Facts(reply) => drop(reply.send(core.facts())),
            Command::Heard(health, reply) => drop(reply.send(core.heard(&health))),
            Command::Prepare(plan, share, reply) => drop(reply.send(core.prepare(&plan, share))),
            Command::Settle(reply) => {
                core.settle();
                let _ = reply.send(());
            }
            Command::Reported(health, report) => core.reported(&health, report),
            Command::WantsReport(health, reply) => drop(reply.send(core.wants_report(&health))),
            Command::HandOver(giving) => core.hand_over(giving),
            Command::Adopt(clients) => core.adopt(clients),
            Command::Stop => break,
        }
    }
    // Nobody who asks for something now is to wait for that.
    drop(commands);
    core.stop().await;
    waking.abort();
    core.parking.clear();
}

impl Core {
    /// The plan in force now. It comes into force on all cores at the same instant, so each
    /// looks whether that has come.
    pub(crate) fn table(&self) -> Option<Rc<Table>> {
        if self.next.borrow().as_ref().is_some_and(|next| next.shared.is_in_force()) {
            *self.table.borrow_mut() = self.next.take();
            self.join_others();
        }
        self.table.borrow().clone()
    }

    /// Shares its counts with the other cores that run the same plan.
    #[cold]
    fn join_others(&self) {
        let table = self.table.borrow();
        let Some(Table { shared, .. }) = table.as_deref() else { return };
        let threads = if shared.plan.sites.is_empty() { 0 } else { shared.plan.threads.max(1) };
        table.iter().for_each(|table| table.join(self.index));
        self.work.join(threads, &shared.work, self.index, self.counters.in_flight.get());
    }

    /// Whether this core goes on once its connections have ended.
    pub(crate) fn is_leaving(&self, table: &Table) -> bool {
        self.stopping.get()
            || self.outlived.get()
            || self.index >= usize::from(table.plan().threads.max(1))
    }

    /// A buffer for a body: a small one where memory is tight.
    pub(crate) fn body_buffer(&self) -> Buffer {
        let is_tight = self.ledger.level() >= Level::Tight;
        if is_tight { self.heads.buffer() } else { self.bodies.buffer() }
    }

    /// Gives the memory of all buffers back that nobody uses.
    pub(crate) fn give_back_buffers(&self) {
        [&self.requests, &self.heads, &self.bodies].into_iter().for_each(Buffers::give_back_free);
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
        let old = self.table();
        let mut table = Table::new(plan, &self.folder, &self.logs, &self.meters, old.as_deref())?;
        table.rate = Rate::new(&plan.plan, plan.rates.as_ref(), &self.ledger);
        *self.next.borrow_mut() = Some(Rc::new(table));
        *self.share.borrow_mut() = Some(share);
        Ok(())
    }

    /// Accepts from what the table in force gives to this core, and from nothing else.
    fn settle(self: &Rc<Self>) {
        self.table();
        let was_given_up = self.next.take().is_some();
        let Some(share) = self.share.take().filter(|_| !was_given_up) else { return };
        *self.giving.borrow_mut() = None;
        self.outlived.set(false);
        self.listeners.borrow_mut().retain(|key, _| share.contains_key(key));
        for (key, socket) in share {
            if self.listeners.borrow().contains_key(&key) {
                continue;
            }
            let accepting = Accepting::start(self.clone(), socket);
            self.listeners.borrow_mut().insert(key, accepting);
        }
    }

    /// Whether another process takes over.
    pub(crate) fn is_giving(&self) -> bool {
        self.giving.borrow().is_some()
    }

    /// Keeps a client that is silent until `due`, or lets the process do that which takes over. One
    /// that can't be kept ends: the kernel has no memory left, or it does not even read what TLS
    /// has to say beside the answers.
    pub(crate) fn rest(&self, stream: Stream, due: Instant, visitor: Visitor) {
        let giving = self.giving.borrow().clone();
        let left = match giving.filter(|_| stream.is_plain()) {
            Some(giving) => self.give(&giving, stream, due, visitor).inspect(|_| self.keep_all()),
            None => Some((stream, visitor)),
        };
        if let Some((stream, visitor)) = left
            && self.parking.park(stream, due, visitor).is_err()
        {
            self.counters.refused(Event::NotParked);
        }
    }

    /// Gives a client away; back it comes if nobody takes it.
    fn give(
        &self,
        giving: &Giving,
        stream: Stream,
        due: Instant,
        visitor: Visitor,
    ) -> Option<(Stream, Visitor)> {
        let words = visitor.words(due);
        match stream.into_socket() {
            Err(stream) => Some((stream, visitor)),
            Ok(socket) => {
                let refused = giving.give(Given { socket, words }).err()?;
                Some((self.stream(refused.socket), visitor))
            }
        }
    }

    /// Nobody takes clients any more. To offer them again each time would keep the core busy for
    /// ever with whoever has something to say.
    fn keep_all(&self) {
        *self.giving.borrow_mut() = None;
        self.outlived.set(true);
    }

    fn stream(&self, socket: OwnedFd) -> Stream {
        let mut stream = Stream::from_socket(socket);
        stream.count_in(&self.queues);
        stream
    }

    fn hand_over(&self, giving: Giving) {
        self.listeners.borrow_mut().clear();
        *self.giving.borrow_mut() = Some(giving);
        for (stream, due, visitor) in self.parking.take_all() {
            self.rest(stream, due, visitor);
        }
    }

    fn adopt(self: &Rc<Self>, clients: Vec<Given>) {
        let Some(table) = self.table() else { return };
        for Given { socket, words } in clients {
            match Visitor::adopted(self, &table, &words) {
                Ok((visitor, due)) => self.rest(self.stream(socket), due, visitor),
                Err(event) => self.counters.refused(event),
            }
        }
    }

    /// How to reach all cores of this process, this one among them. None: one has ended.
    pub(crate) fn cores(&self) -> Option<Vec<mpsc::Sender<Command>>> {
        self.roster.lock().ok()?.iter().map(mpsc::WeakSender::upgrade).collect()
    }

    fn heard(&self, health: &Arc<Health>) -> Option<Instant> {
        let table = self.table()?;
        let mut backends = table.pools().iter().flat_map(|pool| pool.backends());
        backends.find(|backend| Arc::ptr_eq(&backend.health, health))?.heard()
    }

    fn reported(&self, health: &Arc<Health>, report: Report) {
        let now = Instant::now();
        if let Some(table) = self.table() {
            table.pools().iter().for_each(|pool| pool.reported(health, report, now));
        }
    }

    fn wants_report(&self, health: &Arc<Health>) -> bool {
        let now = Instant::now();
        let pools = self.table();
        let mut pools = pools.iter().flat_map(|table| table.pools());
        pools.any(|pool| pool.wants_report(health, now))
    }

    fn count(&self) -> CoreFacts {
        let table = self.table();
        let pools = table.iter().flat_map(|table| table.pools());
        let backends = pools.flat_map(|pool| {
            let name = |backend: &Backend| (pool.name.clone(), backend.plan.name.clone());
            pool.backends().iter().map(move |backend| (name(backend), backend.first_bytes()))
        });
        CoreFacts {
            first_bytes: backends.collect(),
            traffic: self.meters.traffic(),
            connections: self.meters.connections(),
            server: self.facts(),
        }
    }

    fn facts(&self) -> ServerFacts {
        self.logs.tend(&self.counters);
        let mut facts = self.counters.facts();
        facts.memory = ledger::facts(&self.ledger);
        let Some(table) = self.table() else { return facts };
        facts.revision = table.plan().revision;
        let now = Instant::now();
        for pool in table.pools() {
            let backends = pool.backends().iter().map(|b| b.facts(&pool.name, now));
            facts.backends.extend(backends);
        }
        facts
    }

    async fn stop(&self) {
        self.stopping.set(true);
        // WebSockets, which wait for nothing else, say goodbye.
        self.timers.wake_all();
        self.listeners.borrow_mut().clear();
        let limit = self.table().map_or(Duration::ZERO, |table| table.times.stop);
        let end = Instant::now() + limit;
        while self.counters.in_flight.get() > 0 && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
