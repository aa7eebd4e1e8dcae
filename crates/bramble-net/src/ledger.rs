//! The byte ledger: what a process may hold in memory, and what it does.
//!
//! All cores of a process have one budget. A core enters what it takes and gives back in cells of
//! its own, and passes sums on in blocks, so that the path of a request shares nothing. Whoever is
//! about to take more asks how near the ceiling is. Knows neither how a ceiling is chosen nor what
//! is done near it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::sync::Notify;

/// What a core enters in its own cells alone before all cores learn of it.
const BLOCK_BYTES: i64 = 64 * 1024;

/// What memory is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Bytes under way.
    Buffers,
    /// What a connection is made of, here and in the kernel.
    Connections,
    /// Nothing yet: what requests under way may bring at once.
    Expected,
    /// Files that are kept ready.
    Files,
    /// What waits in sockets to be sent or read.
    Sockets,
    /// Keys, records and buffers of TLS.
    Tls,
}

/// How near the ceiling is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Far away.
    Easy,
    /// From three quarters on.
    Tight,
    /// At the ceiling.
    Full,
    /// A quarter beyond it.
    Over,
    /// Half of it beyond.
    Beyond,
}

/// What all cores of a process may hold together, and do.
#[derive(Debug)]
pub struct Budget {
    ceiling: AtomicU64,
    base: AtomicU64,
    held: AtomicI64,
}

/// What one core holds.
pub struct Ledger {
    budget: Arc<Budget>,
    held: [Cell<u64>; Use::ALL.len()],
    /// Not passed on yet.
    own: Cell<i64>,
    /// It has taken more, and the ceiling is reached.
    filled: Notify,
}

/// Memory that is held until this is dropped.
pub struct Grant {
    ledger: Rc<Ledger>,
    what: Use,
    bytes: u64,
}

impl Use {
    /// In the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Buffers, Self::Connections, Self::Expected, Self::Files, Self::Sockets, Self::Tls];

    /// For metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Buffers => "buffers",
            Self::Connections => "connections",
            Self::Expected => "expected",
            Self::Files => "files",
            Self::Sockets => "sockets",
            Self::Tls => "tls",
        }
    }
}

impl Budget {
    /// Of a process that may hold so many bytes.
    #[must_use]
    pub fn new(ceiling: u64) -> Self {
        Self { ceiling: AtomicU64::new(ceiling), base: AtomicU64::new(0), held: AtomicI64::new(0) }
    }

    /// Enters what the process holds whatever it does; to be called once.
    pub fn set_base(&self, bytes: u64) {
        self.base.store(bytes, Ordering::Relaxed);
        self.held.fetch_add(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// What the process holds whatever it does, in bytes.
    pub fn base(&self) -> u64 {
        self.base.load(Ordering::Relaxed)
    }

    /// Sets another ceiling, from now on.
    pub fn set_ceiling(&self, bytes: u64) {
        self.ceiling.store(bytes, Ordering::Relaxed);
    }

    /// What is held, in bytes, but for the last blocks of cores.
    pub fn held(&self) -> u64 {
        u64::try_from(self.held.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// What may be held, in bytes.
    pub fn ceiling(&self) -> u64 {
        self.ceiling.load(Ordering::Relaxed)
    }
}

impl Ledger {
    /// Of a core that holds nothing yet.
    #[must_use]
    pub fn new(budget: Arc<Budget>) -> Rc<Self> {
        let filled = Notify::new();
        Rc::new(Self { budget, held: Default::default(), own: Cell::new(0), filled })
    }

    /// One that is never near its ceiling.
    #[must_use]
    pub fn unlimited() -> Rc<Self> {
        Self::new(Arc::new(Budget::new(u64::MAX)))
    }

    /// Enters memory that is taken.
    #[inline]
    pub fn take(&self, what: Use, bytes: u64) {
        self.enter(what, |held| held.wrapping_add(bytes), bytes as i64);
    }

    /// Enters memory that is given back.
    #[inline]
    pub fn give_back(&self, what: Use, bytes: u64) {
        self.enter(what, |held| held.wrapping_sub(bytes), -(bytes as i64));
    }

    /// Enters that what took `from` bytes takes `to` now: as one change, so that all cores don't see
    /// less for an instant, nor whoever waits for the ceiling something new.
    pub(crate) fn change(&self, what: Use, from: u64, to: u64) {
        let held = |held: u64| held.wrapping_sub(from).wrapping_add(to);
        self.enter(what, held, (to as i64).wrapping_sub(from as i64));
    }

    /// Enters memory that is taken until the result is dropped.
    #[must_use]
    pub fn grant(self: &Rc<Self>, what: Use, bytes: u64) -> Grant {
        self.take(what, bytes);
        Grant { ledger: self.clone(), what, bytes }
    }

    /// How near the ceiling of the process is.
    #[must_use]
    pub fn level(&self) -> Level {
        let held = self.all();
        let quarter = self.budget.ceiling() / 4;
        match held {
            _ if held < quarter * 3 => Level::Easy,
            _ if held < quarter * 4 => Level::Tight,
            _ if held < quarter * 5 => Level::Full,
            _ if held < quarter * 6 => Level::Over,
            _ => Level::Beyond,
        }
    }

    /// How many bytes the process holds beyond its ceiling.
    #[must_use]
    pub fn excess(&self) -> u64 {
        self.all().saturating_sub(self.budget.ceiling())
    }

    /// Waits until this core takes more though the ceiling is reached.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    /// What the process holds, but for the last blocks of other cores.
    fn all(&self) -> u64 {
        let held = self.budget.held.load(Ordering::Relaxed).saturating_add(self.own.get());
        u64::try_from(held).unwrap_or(0)
    }

    /// What this core holds, by use, in bytes.
    pub fn held(&self) -> impl Iterator<Item = (Use, u64)> {
        Use::ALL.into_iter().zip(&self.held).map(|(what, cell)| (what, cell.get()))
    }

    /// The budget that it has a part in.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    #[inline]
    fn enter(&self, what: Use, change: impl FnOnce(u64) -> u64, delta: i64) {
        if let Some(held) = self.held.get(what as usize) {
            held.set(change(held.get()));
        }
        let own = self.own.get().wrapping_add(delta);
        self.own.set(own);
        if own.unsigned_abs() >= BLOCK_BYTES as u64 {
            self.pass_on();
        }
    }

    #[cold]
    fn pass_on(&self) {
        let own = self.own.take();
        self.budget.held.fetch_add(own, Ordering::Relaxed);
        if own > 0 && self.level() >= Level::Full {
            self.filled.notify_one();
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // What is held yet is gone with the core.
        let held: u64 = self.held.iter().map(Cell::get).fold(0, u64::wrapping_add);
        let left = self.own.get().wrapping_sub(held as i64);
        self.budget.held.fetch_add(left, Ordering::Relaxed);
    }
}

impl Grant {
    /// Changes how much it is.
    pub fn resize(&mut self, bytes: u64) {
        self.ledger.change(self.what, self.bytes, bytes);
        self.bytes = bytes;
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.ledger.give_back(self.what, self.bytes);
    }
}

#[cfg(test)]
mod tests;
