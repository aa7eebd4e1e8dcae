//! What waits in the sockets of one core, entered in its ledger.
//!
//! The kernel keeps what a slow peer does not take and what we do not read yet: up to megabytes a
//! socket, since it tunes that to the link. Nobody is asked about that on the path of a request. A
//! socket is looked at when it can't be written to, at most once a round, and all that have ever
//! had to wait are looked at in turn. Where memory is tight they get less room each.

use std::cell::{Cell, RefCell};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use slab::Slab;
use socket2::SockRef;

use crate::ledger::{Grant, Ledger, Level, Use};
use crate::meminfo::{SocketMemory, socket_memory};
use crate::option;

/// Room for what waits in a socket, each way, where memory is tight: still 1.3 MB/s over a link of
/// 25 ms. The kernel takes twice as much, for what it adds.
const TIGHT_BYTES: usize = 16 * 1024;

/// What the kernel takes for a connected socket in which nothing waits, its places in epoll
/// included: measured on Linux 6.18, where 2,368 are TCP's and 832 the inode's.
const SOCKET_BYTES: u64 = 3_900;

/// What rustls holds for a connection that is at rest.
const TLS_BYTES: u64 = 16 * 1024;

/// What a new socket lets wait unread (the default of net.ipv4.tcp_rmem).
const RECEIVE_LIMIT: u64 = 128 * 1024;

/// A connection to a backend may not fill more of the ceiling than one part in so many, though the
/// kernel would let it: a backend goes on sending where a client takes nothing more. From 4 GiB on
/// that is 256 KiB, and the kernel is left to it.
const LINKS: u64 = 16 * 1024;
const LINK_BYTES: std::ops::Range<usize> = TIGHT_BYTES..256 * 1024;

/// Room for what is to be sent where the kernel does not take tuning up again.
const EASY_BYTES: usize = 1024 * 1024;

/// SO_BUF_LOCK (Linux 5.14), which libc does not have: which sizes the kernel may not tune.
const BUF_LOCK: std::ffi::c_int = 72;

/// Places that are looked at in one go: 0.35 µs for each socket.
const A_LOOK: usize = 1024;

/// The sockets of one core that have had to wait.
pub struct Queues {
    ledger: Rc<Ledger>,
    rows: RefCell<Slab<Row>>,
    /// Where the next look begins.
    next: Cell<usize>,
    round: Cell<u32>,
}

struct Row {
    socket: Rc<OwnedFd>,
    /// As entered in the ledger.
    bytes: u64,
    receive_limit: u64,
    /// In which it was looked at last.
    round: u32,
    is_tight: bool,
    /// What may wait unread where memory is not tight; none: as the kernel sees fit.
    usual_bytes: Option<usize>,
}

/// A socket whose memory is entered until this is dropped.
pub(crate) struct Counted {
    queues: Rc<Queues>,
    usual_bytes: Option<usize>,
}

/// A socket's place among those that have had to wait; left when this is dropped.
pub(crate) struct Queue {
    queues: Rc<Queues>,
    key: usize,
}

impl Queues {
    /// Those of a core.
    #[must_use]
    pub fn new(ledger: Rc<Ledger>) -> Rc<Self> {
        Rc::new(Self { ledger, rows: RefCell::default(), next: Cell::new(0), round: Cell::new(1) })
    }

    /// Looks at some, those that have not been looked at for longest.
    pub fn look(&self) {
        let mut rows = self.rows.borrow_mut();
        let level = self.ledger.level();
        let from = self.next.get();
        let to = (from + A_LOOK).min(rows.capacity());
        for key in from..to {
            if let Some(row) = rows.get_mut(key) {
                self.look_at(row, level);
            }
        }
        self.next.set(if to < rows.capacity() { to } else { 0 });
        self.round.set(self.round.get().wrapping_add(1));
    }

    /// What may wait unread in a connection to a backend. None: as the kernel sees fit.
    pub(crate) fn link_bytes(&self) -> Option<usize> {
        let share = usize::try_from(self.ledger.budget().ceiling() / LINKS).unwrap_or(usize::MAX);
        let bytes = share.max(LINK_BYTES.start);
        LINK_BYTES.contains(&bytes).then_some(bytes)
    }

    /// What an answer may bring before anybody reads of it, in bytes.
    pub fn answer_bytes(&self) -> u64 {
        self.link_bytes().map_or(RECEIVE_LIMIT, |bytes| (2 * bytes as u64).min(RECEIVE_LIMIT))
    }

    /// Whether none has had to wait.
    pub fn is_empty(&self) -> bool {
        self.rows.borrow().is_empty()
    }

    /// Gives memory back that a flood took.
    pub fn give_back_free(&self) {
        self.rows.borrow_mut().shrink_to_fit();
    }

    fn enter(self: &Rc<Self>, socket: &Rc<OwnedFd>, usual_bytes: Option<usize>) -> Queue {
        let mut row = Row {
            socket: socket.clone(),
            bytes: 0,
            receive_limit: RECEIVE_LIMIT,
            round: 0,
            is_tight: false,
            usual_bytes,
        };
        row.fit(self.ledger.level());
        Queue { queues: self.clone(), key: self.rows.borrow_mut().insert(row) }
    }

    fn look_at(&self, row: &mut Row, level: Level) {
        let Ok(memory) = socket_memory(row.socket.as_fd()) else { return };
        let SocketMemory { bytes, receive_limit } = memory;
        self.enter_bytes(row, bytes);
        row.receive_limit = receive_limit;
        row.round = self.round.get();
        row.fit(level);
    }

    fn enter_bytes(&self, row: &mut Row, bytes: u64) {
        self.ledger.change(Use::Sockets, row.bytes, bytes);
        row.bytes = bytes;
    }
}

impl Counted {
    /// So much may usually wait in it unread.
    pub(crate) fn new(queues: &Rc<Queues>, usual_bytes: Option<usize>) -> Self {
        queues.ledger.take(Use::Connections, SOCKET_BYTES);
        Self { queues: queues.clone(), usual_bytes }
    }

    /// It waits.
    pub(crate) fn enter(&self, socket: &Rc<OwnedFd>) -> Queue {
        self.queues.enter(socket, self.usual_bytes)
    }

    /// It speaks TLS.
    pub(crate) fn tls(&self) -> Grant {
        self.queues.ledger.grant(Use::Tls, TLS_BYTES)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.queues.ledger.give_back(Use::Connections, SOCKET_BYTES);
    }
}

impl Row {
    /// Gives it as much room as there is.
    fn fit(&mut self, level: Level) {
        let is_tight = level >= Level::Tight;
        if is_tight == self.is_tight {
            return;
        }
        self.is_tight = is_tight;
        let socket = SockRef::from(&*self.socket);
        let receive = if is_tight { Some(TIGHT_BYTES) } else { self.usual_bytes };
        // One that is broken needs none.
        let _ = match is_tight {
            true => socket.set_send_buffer_size(TIGHT_BYTES),
            false => option::set(&*self.socket, libc::SOL_SOCKET, BUF_LOCK, 0)
                .or_else(|_| socket.set_send_buffer_size(EASY_BYTES)),
        };
        let _ = receive.map(|bytes| socket.set_recv_buffer_size(bytes));
    }
}

impl Queue {
    /// It can't be written to: looks at it, unless that was done in this round.
    pub(crate) fn is_full(&self) {
        let mut rows = self.queues.rows.borrow_mut();
        let Some(row) = rows.get_mut(self.key) else { return };
        if row.round != self.queues.round.get() {
            self.queues.look_at(row, self.queues.ledger.level());
        }
    }

    /// Nobody reads from it for now, though so many bytes will come: takes them for there, as far
    /// as there is room, until it is looked at.
    pub(crate) fn will_fill(&self, bytes: u64) {
        let mut rows = self.queues.rows.borrow_mut();
        let Some(row) = rows.get_mut(self.key) else { return };
        if row.round != self.queues.round.get() {
            row.round = self.queues.round.get();
            let bytes = row.bytes.max(bytes.min(row.receive_limit));
            self.queues.enter_bytes(row, bytes);
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let row = self.queues.rows.borrow_mut().try_remove(self.key);
        self.queues.ledger.give_back(Use::Sockets, row.map_or(0, |row| row.bytes));
    }
}

#[cfg(test)]
mod tests;
