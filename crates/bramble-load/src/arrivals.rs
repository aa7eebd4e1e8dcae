//! The open model: requests are due at their times whatever became of earlier ones. A request's
//! latency counts from when it was due, so an answer that is slow because the ones before it were
//! is slow in the result too ("coordinated omission" is avoided).

use crate::model::Gaps;
use crate::recorder::Failure;
use crate::rng::Rng;
use crate::session::Session;
use bramble_net::PreciseSleep;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Requests that can wait for a connection; one more fails at once.
const BACKLOG_MAX: usize = 1_000_000;

/// Requests that are due and wait for one of the connections.
#[derive(Default)]
struct Backlog {
    due_us: RefCell<VecDeque<u64>>,
    /// Connections that wait for a request and were not called yet.
    idle: Cell<u32>,
    call: Notify,
}

/// Makes requests due until `end_us`, and as many connections as they need.
pub(crate) async fn arrivals(
    session: Rc<Session>,
    mut gaps: Gaps,
    max_connections: u32,
    end_us: u64,
) -> io::Result<()> {
    let timer = PreciseSleep::new()?;
    let mut rng = Rng::new(session.options.seed);
    let backlog = Rc::new(Backlog::default());
    let mut connections = JoinSet::new();
    loop {
        let due_us = gaps.next_due_us(&mut rng);
        if due_us >= end_us {
            break;
        }
        sleep_until(&session, &timer, due_us).await?;
        if session.is_closed() {
            break;
        }
        session.lateness.borrow_mut().add(session.now_us().saturating_sub(due_us));
        session.start(due_us);
        let opened = connections.len() as u32;
        if !backlog.push(due_us) {
            session.finish(due_us, session.now_us(), Err(Failure::Backlog));
        } else if !backlog.call_idle() && opened < max_connections {
            connections.spawn_local(connection(session.clone(), backlog.clone(), opened));
        }
    }
    // Connections go on with what is due; the end of the run aborts them with this task.
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn sleep_until(session: &Session, timer: &PreciseSleep, due_us: u64) -> io::Result<()> {
    match due_us.checked_sub(session.now_us()) {
        None | Some(0) => Ok(()),
        Some(rest_us) => timer.sleep(Duration::from_micros(rest_us)).await,
    }
}

async fn connection(session: Rc<Session>, backlog: Rc<Backlog>, number: u32) {
    let mut client = session.client();
    let mut rng = Rng::of_user(session.options.seed, number.into());
    for turn in u64::from(number).. {
        let due_us = backlog.pop().await;
        let end = client.exchange(session.requests.pick(turn, &mut rng)).await;
        session.finish(due_us, session.now_us(), end);
    }
}

impl Backlog {
    fn push(&self, due_us: u64) -> bool {
        let mut waiting = self.due_us.borrow_mut();
        let fits = waiting.len() < BACKLOG_MAX;
        if fits {
            waiting.push_back(due_us);
        }
        fits
    }

    /// Calls the connection that became idle last, so that no more are kept warm than needed.
    fn call_idle(&self) -> bool {
        let idle = self.idle.get();
        if idle > 0 {
            self.idle.set(idle - 1);
            self.call.notify_last();
        }
        idle > 0
    }

    async fn pop(&self) -> u64 {
        loop {
            if let Some(due_us) = self.due_us.borrow_mut().pop_front() {
                return due_us;
            }
            self.idle.set(self.idle.get() + 1);
            self.call.notified().await;
        }
    }
}
