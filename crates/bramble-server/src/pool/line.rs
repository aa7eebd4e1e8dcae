//! Those who wait for room at the backends of a pool, with what wakes them. It outlives a change of
//! plan. Knows no sockets; whoever waits says when it is due.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::queue::{Queue, Turn};

#[derive(Default)]
pub(crate) struct Line(RefCell<Queue<Waker>>);

/// A place in it, given up when it is dropped.
pub(crate) struct Place {
    line: Rc<Line>,
    client: u64,
    ticket: Option<u64>,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// There may be room for one, and for some there will be none in time: they are woken. `usual`
    /// is what answers take.
    pub(crate) fn call(&self, usual: Duration, now: Instant) {
        let mut queue = self.0.borrow_mut();
        queue.expired(usual, now).for_each(Waker::wake_by_ref);
        queue.call(usual, now).into_iter().for_each(Waker::wake_by_ref);
    }

    /// At its end, for one of this client; entered with the first look at how it stands.
    pub(crate) fn place(self: &Rc<Self>, client: u64) -> Place {
        Place { line: self.clone(), client, ticket: None }
    }
}

impl Place {
    /// Ready when it has been called, or its time is over.
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>, usual: Duration) -> Poll<Turn> {
        match self.turn(cx, usual, Instant::now()) {
            Turn::Wait(_) => Poll::Pending,
            turn => Poll::Ready(turn),
        }
    }

    fn turn(&mut self, cx: &Context<'_>, usual: Duration, now: Instant) -> Turn {
        let mut queue = self.line.0.borrow_mut();
        let join = || queue.join(self.client, cx.waker().clone(), now);
        let ticket = *self.ticket.get_or_insert_with(join);
        let turn = queue.turn(ticket, usual, now);
        if turn == Turn::Come {
            queue.uncall(ticket);
        }
        turn
    }

    /// It has found room.
    pub(crate) fn served(mut self, usual: Duration, now: Instant) {
        let Some(ticket) = self.ticket.take() else { return };
        self.line.0.borrow_mut().served(ticket, usual, now);
        // Where there was room for one there may be more.
        self.line.call(usual, now);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.line.0.borrow_mut().forget(ticket);
        }
    }
}
