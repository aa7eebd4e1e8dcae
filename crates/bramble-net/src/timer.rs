//! Time limits of one core, coarse and cheap.
//!
//! A connection changes its deadline several times a request and almost never meets it, so
//! arming is a few stores into a slot and no timer wheel is touched. A task of the core looks
//! over all slots every [`TICK`] and wakes those that are due: at 10,000 connections that is
//! some 20 µs a tick. Limits are therefore met up to one tick late, never early.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use slab::Slab;
use tokio::sync::Notify;

use crate::ranking::{Ranking, Whose, lookups};

/// How late a limit may be noticed.
pub const TICK: Duration = Duration::from_millis(20);

/// The timers of one core; clone it freely.
#[derive(Clone)]
pub struct Timers {
    shared: Rc<Shared>,
}

struct Shared {
    slots: RefCell<Slab<Slot>>,
    /// Waits that can be ended.
    spare: Ranking<Wait>,
    armed: Cell<usize>,
    work: Notify,
}

/// Which wait is to be ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpareWait {
    /// Of somebody who wants nothing yet.
    Idle(Whose),
    /// Of somebody who is slow in the middle of something, or waits for somebody who is.
    Slow(Whose),
}

/// A wait as it stands in line: until when, and its key.
type Wait = (SpareWait, Option<Instant>, usize);

#[derive(Default)]
struct Slot {
    due: Option<Instant>,
    /// It was due when it was armed, or a tick has found it so: whoever waits need not look at the
    /// clock.
    is_over: bool,
    waker: Option<Waker>,
    /// Whom it is for.
    owner: Option<IpAddr>,
    spare: Spare,
    /// What it was when it was ended.
    ended: Option<Spare>,
}

/// Whether a wait can be ended before its time, for the good of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spare {
    /// It can't.
    #[default]
    No,
    /// It is for somebody who wants nothing yet.
    Idle,
    /// It is for somebody who is slow in the middle of something, or waits for somebody who is.
    Slow,
}

/// One deadline; dropped with its connection.
pub struct Timer {
    shared: Rc<Shared>,
    key: usize,
    /// What the slot says, too: it is asked several times a request.
    is_armed: Cell<bool>,
    spare: Cell<Spare>,
    since: Cell<Option<Instant>>,
    budget: Cell<Budget>,
}

/// What all waits together may take.
#[derive(Clone, Copy)]
enum Budget {
    Endless,
    /// Counted from the first wait: whoever never waits needs no clock.
    Whole(Duration),
    Until(Instant),
}

impl Slot {
    /// Not while it is needed: what came just before an idle wait was ended is still answered.
    fn is_ended(&self) -> bool {
        let kind = self.ended.filter(|_| self.spare != Spare::No);
        kind.is_some_and(|kind| self.spare == kind || self.spare == Spare::Idle)
    }

    /// Where it stands in line; nowhere unless it waits and can be ended.
    fn waits(&self, key: usize) -> impl Iterator<Item = Wait> {
        let can_end = self.ended.is_none() && self.due.is_some();
        let (spare, owner, due) = (self.spare, self.owner, self.due);
        let wait = move |whose| match spare {
            Spare::No => None,
            Spare::Idle => Some(SpareWait::Idle(whose)),
            Spare::Slow => Some(SpareWait::Slow(whose)),
        };
        let waits = lookups(owner).filter(move |_| can_end).filter_map(wait);
        waits.map(move |wait| (wait, due, key))
    }
}

impl Shared {
    fn change(&self, key: usize, change: impl FnOnce(&mut Slot)) {
        let mut slots = self.slots.borrow_mut();
        let Some(slot) = slots.get_mut(key) else { return };
        if !self.spare.is_kept() {
            return change(slot);
        }
        self.spare.leave(slot.waits(key));
        change(slot);
        self.spare.enter(slot.waits(key));
    }

    /// Of these waits the one that is nearest to its end.
    fn first(&self, wait: SpareWait) -> Option<usize> {
        let slots = self.slots.borrow();
        let all = || slots.iter().flat_map(|(key, slot)| slot.waits(key));
        let (found, _, key) = self.spare.first((wait, None, 0), all)?;
        (found == wait).then_some(key)
    }
}

impl Timers {
    /// Makes the timers of this core and starts the task that watches them.
    ///
    /// Must be called where a core's tasks can be spawned.
    #[must_use]
    pub fn start() -> Self {
        let shared = Rc::new(Shared {
            slots: RefCell::new(Slab::new()),
            spare: Ranking::default(),
            armed: Cell::new(0),
            work: Notify::new(),
        });
        tokio::task::spawn_local(watch(Rc::downgrade(&shared)));
        Self { shared }
    }

    /// A new timer, not armed.
    #[must_use]
    pub fn timer(&self) -> Timer {
        self.make(None)
    }

    /// The same, for a client.
    #[must_use]
    pub fn timer_of(&self, owner: IpAddr) -> Timer {
        self.make(Some(owner))
    }

    fn make(&self, owner: Option<IpAddr>) -> Timer {
        let slot = Slot { owner, ..Slot::default() };
        let key = self.shared.slots.borrow_mut().insert(slot);
        Timer {
            shared: self.shared.clone(),
            key,
            is_armed: Cell::new(false),
            spare: Cell::default(),
            since: Cell::new(None),
            budget: Cell::new(Budget::Endless),
        }
    }

    /// Wakes everything that waits, so that it looks what else has changed.
    pub fn wake_all(&self) {
        let mut slots = self.shared.slots.borrow_mut();
        slots.iter_mut().filter_map(|(_, slot)| slot.waker.take()).for_each(Waker::wake);
    }

    /// Gives memory back that a flood of connections took.
    pub fn give_back_free(&self) {
        self.shared.slots.borrow_mut().shrink_to_fit();
    }

    /// Ends the one of these waits that is nearest to its end; false if there is none.
    #[must_use]
    pub fn end_one(&self, wait: SpareWait) -> bool {
        let first = self.shared.first(wait);
        first.into_iter().for_each(|key| {
            self.shared.change(key, |slot| {
                slot.ended = Some(slot.spare);
                slot.waker.take().into_iter().for_each(Waker::wake);
            });
        });
        first.is_some()
    }

    /// Stops keeping order for [`Self::end_one`], if that has not been called since last time.
    pub fn forget_unasked(&self) {
        self.shared.spare.forget_unasked();
    }
}

impl Timer {
    /// Due `after` from now, whatever it was before, or when all waits together have taken what
    /// they may.
    pub fn arm(&self, after: Duration) {
        let now = Instant::now();
        if let Budget::Whole(budget) = self.budget.get() {
            self.budget.set(now.checked_add(budget).map_or(Budget::Endless, Budget::Until));
        }
        let due = now.checked_add(after);
        self.since.set(Some(now));
        let due = match self.budget.get() {
            Budget::Until(end) => Some(due.map_or(end, |due| due.min(end))),
            Budget::Endless | Budget::Whole(_) => due,
        };
        // Whoever arms again with each move must not outrun the end of all waits.
        self.set(due, due.is_some_and(|due| due <= now));
    }

    /// What the waits from here on may take together; `None` is without end.
    pub fn begin(&self, budget: Option<Duration>) {
        self.budget.set(budget.map_or(Budget::Endless, Budget::Whole));
    }

    /// The waits together have taken what they may.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        matches!(self.budget.get(), Budget::Until(end) if end <= Instant::now())
    }

    /// It will be due.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.is_armed.get()
    }

    /// Time since it was armed last.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.since.get().map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Says whether its waits from here on can be ended by [`Timers::end_one`].
    pub fn spare(&self, spare: Spare) {
        if self.spare.replace(spare) != spare {
            self.shared.change(self.key, |slot| slot.spare = spare);
        }
    }

    /// It was ended so.
    #[must_use]
    pub fn was_ended(&self) -> bool {
        self.shared.slots.borrow().get(self.key).is_some_and(Slot::is_ended)
    }

    /// Never due.
    pub fn disarm(&self) {
        self.set(None, false);
    }

    /// Ready once the deadline has passed; otherwise the task is woken then.
    pub fn poll_due(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut slots = self.shared.slots.borrow_mut();
        let Some(slot) = slots.get_mut(self.key) else { return Poll::Ready(()) };
        match slot.due {
            Some(_) if slot.is_over || slot.is_ended() => Poll::Ready(()),
            _ => {
                if !slot.waker.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
                    slot.waker = Some(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }

    fn set(&self, due: Option<Instant>, is_over: bool) {
        let was = self.is_armed.replace(due.is_some());
        self.shared.change(self.key, |slot| (slot.due, slot.is_over) = (due, is_over));
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
        if slot.due.is_some_and(|due| due <= now) {
            slot.is_over = true;
            slot.waker.take().into_iter().for_each(Waker::wake);
        }
    }
}

#[cfg(test)]
mod tests;
