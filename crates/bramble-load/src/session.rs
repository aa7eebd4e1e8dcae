//! What all users of a run share: its clock, its records, and the word that it is over.

use crate::client::{Answer, Client};
use crate::generator::{Heartbeat, Lateness};
use crate::options::{Connections, Options};
use crate::progress::Progress;
use crate::recorder::{Failure, Recorder, Tally};
use crate::requests::Requests;
use bramble_net::Timers;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The state of one run; one thread, never borrowed over an await.
pub(crate) struct Session {
    pub(crate) options: Options,
    pub(crate) requests: Requests,
    address: SocketAddr,
    timers: Timers,
    begin: Instant,
    recorder: RefCell<Recorder>,
    pub(crate) lateness: RefCell<Lateness>,
    pub(crate) heartbeat: RefCell<Heartbeat>,
    progress: Rc<Progress>,
    closed: Cell<bool>,
    drained: Notify,
}

impl Session {
    /// Begins now; called inside a `LocalSet`.
    pub(crate) fn new(options: Options, address: SocketAddr, progress: Rc<Progress>) -> Self {
        Self {
            requests: Requests::new(&options),
            address,
            timers: Timers::start(),
            begin: Instant::now(),
            recorder: RefCell::new(Recorder::new(progress.clone(), options.warm_up)),
            lateness: RefCell::default(),
            heartbeat: RefCell::new(Heartbeat::new(0)),
            progress,
            closed: Cell::new(false),
            drained: Notify::new(),
            options,
        }
    }

    pub(crate) fn client(&self) -> Client {
        let reuse = self.options.connections == Connections::KeepAlive;
        Client::new(self.address, self.timers.timer(), self.options.timeout, reuse)
    }

    /// Time since the beginning.
    pub(crate) fn now_us(&self) -> u64 {
        self.begin.elapsed().as_micros() as u64
    }

    pub(crate) async fn sleep_until(&self, due_us: u64) {
        tokio::time::sleep_until((self.begin + Duration::from_micros(due_us)).into()).await;
    }

    /// Whether no request may start any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// A request starts, or becomes due, at `at_us`.
    pub(crate) fn start(&self, at_us: u64) {
        self.recorder.borrow_mut().start(at_us);
    }

    /// A request that started at `started_us` ends now.
    pub(crate) fn finish(&self, started_us: u64, now_us: u64, end: Result<Answer, Failure>) {
        self.recorder.borrow_mut().finish(started_us, now_us, end);
        if self.closed.get() && self.progress.open() == 0 {
            self.drained.notify_one();
        }
    }

    /// Ends the run: no request starts from now on. Returns how long it was.
    pub(crate) fn close(&self) -> u64 {
        let now_us = self.now_us();
        self.closed.set(true);
        self.recorder.borrow_mut().close(now_us);
        self.heartbeat.borrow_mut().beat(now_us);
        now_us
    }

    /// Waits until every request that had started has ended.
    pub(crate) async fn drained(&self) {
        if self.progress.open() > 0 {
            self.drained.notified().await;
        }
    }

    /// The records, once nobody adds to them any more, and the measured time.
    pub(crate) fn settle(&self) -> (Tally, u64) {
        let mut recorder = self.recorder.borrow_mut();
        (recorder.settle(self.now_us()), recorder.measured_us())
    }
}
