//! The reverse proxy: a request goes to a backend, its answer to the client.
//!
//! ```text
//!  build head ─> pick ─> connect/reuse ─> send ─> answer's head (≤ 64 KiB: whole) ─> pass on
//!                 ↑          │              │        │
//!                 └──────────┴── failed: may it be tried again? ──no──> 502, 503, 504
//! ```
//! An attempt can be repeated as long as no byte has gone to the client; `retry` has the rule.
//! Knows connections and pools, not what a backend is made of.

mod answer;
mod attempt;
mod failure;
mod tunnel;
mod upload;

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use bramble_http::{Body, Forward, forward_request};
use bramble_net::Stream;

use crate::connection::{Connection, End, Next};
use crate::pool::{Backend, Pool};
use crate::retry::{self, Reached};
use attempt::Answer;
use failure::{AttemptError, Failure};
use upload::{Side, Source, Upload, UploadError};

/// What the attempts of one request have in common.
pub(crate) struct Exchange {
    /// Bytes of the request's body that lie whole in the input buffer, framing included.
    whole: Option<usize>,
    idempotent: bool,
    /// Part of the body is gone to a backend, or an interim answer to the client: it can't be
    /// repeated.
    spent: bool,
    /// The rest of the body, while it is on its way.
    upload: Option<Upload>,
    /// The backend has all of the body.
    arrived: bool,
    /// How the client broke its body off.
    broken: Option<End>,
}

impl Exchange {
    /// Passes on what it can of a body that is on its way; true when that has just ended.
    fn poll_upload(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Source<'_>,
        to: &mut Stream,
    ) -> bool {
        let Some(mut upload) = self.upload.take() else { return false };
        let polled = upload.poll(cx, from, to);
        self.spent |= upload.has_begun();
        match polled {
            Poll::Pending => {
                self.upload = Some(upload);
                return false;
            }
            Poll::Ready(Ok(())) => self.arrived = true,
            Poll::Ready(Err(UploadError::Client(end))) => self.broken = Some(end),
            // It may have answered and closed: then its answer says why.
            Poll::Ready(Err(UploadError::Backend)) => {}
        }
        upload.give_up(from.input);
        true
    }

    /// Whether it is the client who should move next.
    fn waits_for_client(&self) -> bool {
        self.upload.as_ref().is_some_and(|upload| upload.waits_for() == Side::Client)
    }

    fn has_moved(&mut self) -> bool {
        self.upload.as_mut().is_some_and(Upload::has_moved)
    }
}

/// Answers a request through a backend of `pool`.
pub(crate) async fn answer(c: &mut Connection, pool: &Rc<Pool>) -> Result<Next, End> {
    let mut exchange = begin(c, pool);
    pool.budget.borrow_mut().earn(Instant::now());
    let answered = attempts(c, pool, &mut exchange).await;
    if !matches!(answered, Ok(Some(_)))
        && let Some(upload) = exchange.upload.take()
    {
        // What is left of it in the input would be taken for a request (CVE-2025-4366).
        upload.give_up(&mut c.input);
    }
    match answered {
        Ok(Some((backend, answer))) if c.answer.status == 101 => {
            backend.answered();
            tunnel::run(c, answer).await
        }
        Ok(Some((backend, answer))) => answer::pass_on(c, pool, &backend, answer, exchange).await,
        Ok(None) => c.problem(503, "No backend of this site can be reached.").await,
        Err(AttemptError::Client(end)) => Err(end),
        Err(AttemptError::Backend(failure)) => {
            c.core.counters.refused(failure.reason());
            c.problem(failure.status(), failure.words()).await
        }
    }
}

/// Builds the head that goes on and takes the client's out of the buffer.
fn begin(c: &mut Connection, pool: &Pool) -> Exchange {
    let buf = c.input.unread();
    let how = Forward {
        client_ip: c.peer.ip().to_canonical(),
        proto: "http",
        trusted: c.table.plan().trusted_proxies.contains(&c.peer.ip().to_canonical()),
        release: pool.release.as_deref(),
        // Empty where an HTTP/1.0 client named none (RFC 9110 section 7.2).
        host: c.head.host.map(|h| h.of(buf)).unwrap_or_default(),
    };
    c.forwarded.clear();
    forward_request(&mut c.forwarded, buf, &c.head, &how);
    c.take_head();
    let unread = c.input.unread().len();
    let whole = match c.head.body {
        Body::Length(n) => usize::try_from(n).ok().filter(|n| *n <= unread),
        Body::None => Some(0),
        Body::Chunked | Body::UntilClose => None,
    };
    Exchange {
        whole,
        idempotent: c.head.method.is_idempotent(),
        spent: false,
        upload: None,
        arrived: whole.is_some(),
        broken: None,
    }
}

/// Tries backends until one answers; none if there is nobody to try.
async fn attempts(
    c: &mut Connection,
    pool: &Pool,
    exchange: &mut Exchange,
) -> Result<Option<(Rc<Backend>, Answer)>, AttemptError> {
    let mut tried = Vec::new();
    let mut last = None;
    while tried.len() <= usize::from(pool.retries) {
        // A try that reached nobody was no load, so another is none beyond the request itself.
        let is_load = |failure: &Failure| failure.reached == Reached::Maybe;
        if last.as_ref().is_some_and(is_load) && !pool.budget.borrow_mut().spend() {
            break;
        }
        let Some((i, backend)) = pool.pick(&tried, Instant::now()) else { break };
        tried.push(i);
        match try_backend(c, &backend, exchange).await {
            Ok(answer) => return Ok(Some((backend, answer))),
            Err(AttemptError::Client(end)) => return Err(AttemptError::Client(end)),
            Err(AttemptError::Backend(failure)) => {
                pool.failed(&backend, failure.weight(), &failure.to_string(), Instant::now());
                let again = retry::is_allowed(failure.reached, exchange.idempotent);
                if exchange.spent || !again {
                    return Err(failure.into());
                }
                last = Some(failure);
            }
        }
    }
    last.map_or(Ok(None), |failure| Err(failure.into()))
}

/// One backend: over an idle connection if there is one, and over a fresh one if that turns
/// out to be closed, which is nobody's failure. Whatever can't be repeated gets a fresh one at
/// once: of a reused one that breaks nobody can tell whether the request had arrived.
async fn try_backend(
    c: &mut Connection,
    backend: &Backend,
    exchange: &mut Exchange,
) -> Result<Answer, AttemptError> {
    let repeatable = exchange.idempotent && exchange.whole.is_some();
    if repeatable && let Some(link) = backend.checkout() {
        match attempt::exchange(c, link, backend.begin(), exchange).await {
            Err(AttemptError::Backend(Failure { reached: Reached::Never, .. }))
                if !exchange.spent => {}
            other => return other,
        }
    }
    let link = attempt::connect(c, backend).await?;
    attempt::exchange(c, link, backend.begin(), exchange).await
}
