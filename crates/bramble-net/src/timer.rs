//! Time limits of one core, coarse and cheap.
//!
//! A connection changes its deadline several times a request and almost never meets it, so
//! arming is one store into a slot and no timer wheel is touched. A task of the core looks
//! over all slots every [`TICK`] and wakes those that are due: at 10,000 connections that is
//! some 20 µs a tick. Limits are therefore met up to one tick late, never early.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use slab::Slab;
use tokio::sync::Notify;

/// How late a limit may be noticed.
pub const TICK: Duration = Duration::from_millis(20);

/// The timers of one core; clone it freely.
#[derive(Clone)]
pub struct Timers {
    shared: Rc<Shared>,
}

struct Shared {
    slots: RefCell<Slab<Slot>>,
    armed: Cell<usize>,
    work: Notify,
}

#[derive(Default)]
struct Slot {
    due: Option<Instant>,
    waker: Option<Waker>,
}

/// One deadline; dropped with its connection.
pub struct Timer {
    shared: Rc<Shared>,
    key: usize,
}

impl Timers {
    /// Makes the timers of this core and starts the task that watches them.
    ///
    /// Must be called inside the core's `LocalSet`.
    #[must_use]
    pub fn start() -> Self {
        let shared = Rc::new(Shared {
            slots: RefCell::new(Slab::new()),
            armed: Cell::new(0),
            work: Notify::new(),
        });
        tokio::task::spawn_local(watch(Rc::downgrade(&shared)));
        Self { shared }
    }

    /// A new timer, not armed.
    #[must_use]
    pub fn timer(&self) -> Timer {
        let key = self.shared.slots.borrow_mut().insert(Slot::default());
        Timer { shared: self.shared.clone(), key }
    }
}

impl Timer {
    /// Due `after` from now, whatever it was before.
    pub fn arm(&self, after: Duration) {
        let due = Instant::now().checked_add(after);
        self.set(due);
    }

    /// Never due.
    pub fn disarm(&self) {
        self.set(None);
    }

    /// Ready once the deadline has passed; otherwise the task is woken then.
    pub fn poll_due(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut slots = self.shared.slots.borrow_mut();
        let Some(slot) = slots.get_mut(self.key) else { return Poll::Ready(()) };
        match slot.due {
            Some(due) if due <= Instant::now() => Poll::Ready(()),
            _ => {
                if !slot.waker.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
                    slot.waker = Some(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }

    fn set(&self, due: Option<Instant>) {
        let mut slots = self.shared.slots.borrow_mut();
        let Some(slot) = slots.get_mut(self.key) else { return };
        let was = slot.due.is_some();
        slot.due = due;
        let armed = self.shared.armed.get() + usize::from(due.is_some()) - usize::from(was);
        self.shared.armed.set(armed);
        if armed == 1 && !was {
            self.shared.work.notify_one();
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
        self.shared.slots.borrow_mut().try_remove(self.key);
    }
}

async fn watch(shared: std::rc::Weak<Shared>) {
    loop {
        let Some(timers) = shared.upgrade() else { return };
        if timers.armed.get() == 0 {
            timers.work.notified().await;
        }
        wake_due(&timers, Instant::now());
        drop(timers);
        tokio::time::sleep(TICK).await;
    }
}

fn wake_due(timers: &Shared, now: Instant) {
    for (_, slot) in timers.slots.borrow_mut().iter_mut() {
        if slot.due.is_some_and(|due| due <= now)
            && let Some(waker) = slot.waker.take()
        {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests;
