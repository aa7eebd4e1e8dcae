//! The attempts of one request: whom to ask next, and which answer to take.
//!
//! Another backend is asked when an attempt failed and may be repeated, when it brought a 502,
//! 503 or 504, and when it has brought nothing for a while: then both are waited for.

use std::rc::Rc;
use std::time::Instant;

use super::Exchange;
use super::attempt::{self, Attempt, Outcome};
use super::failure::{AttemptError, Failure, FailureKind};
use super::room;
use crate::balance::Weight;
use crate::connection::Connection;
use crate::pool::Backend;
use crate::retry::{self, Reached};

/// Backends that one request is tried at, most of them in vain since nothing listens there.
const TRIED_MAX: usize = 8;

/// What the attempts so far have come to.
#[derive(Default)]
struct Tries {
    /// Places in the pool, of which so many are said.
    places: [usize; TRIED_MAX],
    count: usize,
    /// Of them, those at which nobody was reached.
    unreached: usize,
    last: Option<Failure>,
    /// An answer that says that there is none: better than nothing.
    poor: Option<Box<Attempt>>,
    /// Nobody else is to be asked.
    over: bool,
    /// A backend may have worked on the request, so that another try is a load of its own.
    is_load: bool,
    /// Whoever was asked last may not be well again.
    is_trial: bool,
    /// The request's session is with whoever was asked last, so that nobody else has an answer.
    is_home: bool,
}

/// Tries backends until one answers; none if there is nobody to try.
pub(super) async fn run(
    c: &mut Connection,
    exchange: &mut Exchange,
) -> Result<Option<Box<Attempt>>, AttemptError> {
    let mut tries = Tries::default();
    while let Some(backend) = tries.next(c, exchange).await? {
        // PUT and DELETE can be repeated, but not done at two places at once: the slower one
        // could undo what came after it.
        let may_hedge = tries.are_left(exchange)
            && exchange.is_repeatable()
            && c.head.method.is_safe()
            && !c.head.upgrade
            && exchange.pool.has_equals(exchange.asked(), tries.tried());
        exchange.hedgeable |= may_hedge;
        exchange.patience =
            (may_hedge && exchange.rival.is_none()).then(|| exchange.pool.patience());
        c.record.iter_mut().for_each(|record| record.tries(&backend));
        let mut outcome = try_backend(c, &backend, exchange).await;
        if tries.is_home {
            outcome = stay(c, exchange, outcome).await;
        }
        if let Some(answer) = tries.judge(c, exchange, &backend, outcome)? {
            return Ok(Some(answer));
        }
    }
    tries.end(c, exchange).await
}

impl Tries {
    /// A try that reached nobody is none of the retries, however many backends are down at once:
    /// whoever is up can be asked. But where there are to be none, there are none.
    fn are_left(&self, exchange: &Exchange) -> bool {
        let retries = usize::from(exchange.pool.retries);
        let unreached = if retries > 0 { self.unreached } else { 0 };
        self.count < TRIED_MAX && self.count - unreached <= retries
    }

    fn tried(&self) -> &[usize] {
        self.places.get(..self.count).unwrap_or_default()
    }

    /// The backend to ask now.
    async fn next(
        &mut self,
        c: &mut Connection,
        exchange: &mut Exchange,
    ) -> Result<Option<Rc<Backend>>, AttemptError> {
        exchange.seat = None;
        if self.over
            || !self.are_left(exchange)
            || self.is_load && !exchange.pool.budget.borrow_mut().spend()
        {
            return Ok(None);
        }
        // The first is picked as soon as the request is there.
        let now = if self.count == 0 { c.read_at() } else { Instant::now() };
        let found = room::find(c, exchange, self.tried(), now).await?;
        let Some((picked, backend)) = found else { return Ok(None) };
        let Some(place) = self.places.get_mut(self.count) else { return Ok(None) };
        *place = picked.place;
        (self.is_trial, self.is_home) = (picked.is_trial, picked.is_home);
        self.count += 1;
        exchange.seat = Some(backend.begin(exchange.whole.is_some()));
        Ok(Some(backend))
    }

    /// The answer, if the outcome is one to be content with.
    fn judge(
        &mut self,
        c: &Connection,
        exchange: &mut Exchange,
        backend: &Rc<Backend>,
        outcome: Result<Outcome, AttemptError>,
    ) -> Result<Option<Box<Attempt>>, AttemptError> {
        // To find out about a backend is our wish, and seldom: if that fails, another is no retry.
        self.is_load = !self.is_trial;
        match outcome {
            Ok(Outcome::Answered(attempt)) if is_poor(c.answer.status) => {
                doubt(exchange, &attempt.backend, c.answer.status);
                if self.is_home || !exchange.is_repeatable() {
                    exchange.drop_rival();
                    return Ok(Some(attempt));
                }
                self.poor = Some(attempt);
            }
            Ok(Outcome::Answered(attempt)) => {
                if exchange.pool.ejects_for(c.answer.status) {
                    doubt(exchange, &attempt.backend, c.answer.status);
                }
                exchange.drop_rival();
                return Ok(Some(attempt));
            }
            Ok(Outcome::Slow(attempt)) => exchange.rival = Some(attempt),
            Err(AttemptError::Client(end)) => return Err(end.into()),
            Err(AttemptError::Backend(failure)) => self.failed(exchange, backend, failure)?,
        }
        Ok(None)
    }

    fn failed(
        &mut self,
        exchange: &Exchange,
        backend: &Backend,
        failure: Failure,
    ) -> Result<(), AttemptError> {
        let weight = match failure.kind {
            FailureKind::Unbegun if exchange.pool.fail_on_timeout => Weight::Down,
            _ => failure.weight(),
        };
        let why = failure.to_string();
        let backend = failure.backend.as_deref().unwrap_or(backend);
        let now = Instant::now();
        exchange.pool.failed(backend, weight, &why, now);
        exchange.pool.may_have_room(now);
        if failure.is_last() || !retry::is_allowed(failure.reached, exchange.idempotent) {
            return Err(failure.into());
        }
        if exchange.spent {
            if exchange.rival.is_none() {
                return Err(failure.into());
            }
            // An interim answer has gone to the client. Who was asked before may still answer.
            self.over = true;
        }
        // A try that reached nobody was no load, so another is none beyond the request itself.
        self.is_load &= failure.reached == Reached::Maybe;
        self.unreached += usize::from(failure.reached == Reached::Never);
        self.last = Some(failure);
        Ok(())
    }

    /// Nobody else can be asked: what is still to come, or what came, has to do.
    async fn end(
        mut self,
        c: &mut Connection,
        exchange: &mut Exchange,
    ) -> Result<Option<Box<Attempt>>, AttemptError> {
        if let Some(rival) = exchange.rival.take() {
            let backend = rival.backend.clone();
            let outcome = attempt::receive(c, rival, exchange).await;
            if let Some(answer) = self.judge(c, exchange, &backend, outcome)? {
                return Ok(Some(answer));
            }
        }
        if let Some(poor) = self.poor {
            attempt::reread(c, &poor);
            return Ok(Some(poor));
        }
        self.last.map_or(Ok(None), |failure| Err(failure.into()))
    }
}

/// Waits on for the backend that has the session. A silent one is left only when its checks have
/// found out meanwhile that it is down.
#[cold]
async fn stay(
    c: &mut Connection,
    exchange: &mut Exchange,
    mut outcome: Result<Outcome, AttemptError>,
) -> Result<Outcome, AttemptError> {
    loop {
        match outcome {
            Ok(Outcome::Slow(attempt))
                if exchange.pool.is_home(&attempt.backend, Instant::now()) =>
            {
                exchange.patience = Some(exchange.pool.patience());
                outcome = attempt::wait_on(c, attempt, exchange).await;
            }
            outcome => return outcome,
        }
    }
}

/// What a gateway or an overloaded app says when it has no answer (RFC 9110 sections 15.6.3 to
/// 15.6.5): another backend may have one. A 500 is an answer, and mostly the page's own fault.
pub(super) fn is_poor(status: u16) -> bool {
    matches!(status, 502..=504)
}

fn doubt(exchange: &Exchange, backend: &Backend, status: u16) {
    let why = format!("answered with {status}");
    let is_out = exchange.pool.ejects_for(status);
    let weight = if is_out { Weight::Ejected } else { Weight::Doubt };
    exchange.pool.failed(backend, weight, &why, Instant::now());
}

/// One backend: over an idle connection if there is one, and over a fresh one if that turns
/// out to be closed, which is nobody's failure. Whatever can't be repeated gets a fresh one at
/// once: of a reused one that breaks nobody can tell whether the request had arrived.
async fn try_backend(
    c: &mut Connection,
    backend: &Rc<Backend>,
    exchange: &mut Exchange,
) -> Result<Outcome, AttemptError> {
    let repeatable = exchange.idempotent && exchange.whole.is_some();
    if repeatable && let Some(link) = backend.checkout() {
        let patience = exchange.patience;
        match attempt::exchange(c, backend, link, exchange).await {
            Err(AttemptError::Backend(Failure { reached: Reached::Never, .. }))
                if !exchange.spent =>
            {
                exchange.patience = patience;
            }
            other => return other,
        }
    }
    let link = {
        let _busy = backend.connecting();
        attempt::connect(c, backend).await?
    };
    attempt::exchange(c, backend, link, exchange).await
}
