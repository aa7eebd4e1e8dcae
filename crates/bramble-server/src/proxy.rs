//! The reverse proxy: a request goes to a backend, its answer to the client.
//!
//! ```text
//!  build head ─> pick ─> connect/reuse ─> send ─> answer's head (≤ 64 KiB: whole) ─> pass on
//!                 ↑          │              │        │
//!                 └──────────┴── failed: may it be tried again? ──no──> 502, 503, 504
//! ```
//! An attempt can be repeated as long as no byte has gone to the client; `retry` has the rule. So
//! can one that brings a 502, 503 or 504, and one that brings nothing is hedged: see `tries`.
//! Knows connections and pools, not what a backend is made of.

mod answer;
mod attempt;
mod bulk;
mod failure;
mod hops;
mod host;
mod interim;
mod key;
mod room;
mod session;
mod tries;
mod tunnel;
mod upload;

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bramble_config::plan;
use bramble_http::{Back, Body, Forward, Mapping, forward_request};
use bramble_net::{Spare, Stream, Timer};

use crate::balance::{Asked, Heard, InFlight};
use crate::connection::{Connection, End, Next};
use crate::pool::Pool;
use crate::reason::Reason;
use crate::sticky::Session;
use crate::wait::{self, WaitError};
use attempt::Attempt;
use failure::AttemptError;
pub(crate) use failure::is_own_fault;
use upload::{Consent, Side, Source, Upload, UploadError};

/// How long a backend is waited for before anybody asks whether the client is still there. Most
/// answers have begun by then, and to ask takes a registration with epoll.
const UNWATCHED: Duration = Duration::from_millis(100);

/// What the attempts of one request have in common.
pub(crate) struct Exchange {
    pool: Rc<Pool>,
    /// Where backends know the path by another name.
    mapped: Option<Box<Mapped>>,
    /// Bytes of the request's body that lie whole in the input buffer, framing included.
    whole: Option<usize>,
    /// What its backend is picked by, where the pool goes by a key.
    key: u64,
    /// Whose it is, where the pool has sessions.
    session: Session,
    idempotent: bool,
    /// Part of the body is gone to a backend, or an interim answer to the client: it can't be
    /// repeated. A 100 is none: whoever else is asked would say the same.
    spent: bool,
    /// The rest of the body, while it is on its way.
    upload: Option<Upload>,
    /// How long the client was waited for with a body that is not on its way any more.
    waited: Duration,
    /// The backend is asked whether it wants the body, if the client waits for such a word.
    expects: bool,
    /// The backend has all of the body.
    arrived: bool,
    /// How the client broke off.
    broken: Option<End>,
    /// For how long the next attempt may bring nothing, where another can be made beside it.
    patience: Option<Duration>,
    /// An attempt that has brought nothing so far, beside the one that is being made.
    rival: Option<Box<Attempt>>,
    /// Somebody else could be asked, had it brought nothing for a while.
    hedgeable: bool,
    /// The backend is waited for so long that the client may have gone meanwhile.
    is_long: bool,
    /// With whoever has been picked, until it is sent there.
    seat: Option<InFlight>,
    /// There was no room in time.
    is_shed: bool,
}

/// What the answer needs for mapping paths back.
struct Mapped {
    mapping: Rc<Mapping>,
    /// The authority that the client asked.
    host: Vec<u8>,
    /// That of the backend which answers.
    backend: String,
    /// The head that goes on names a backend's own host.
    is_named: bool,
}

impl Exchange {
    /// Whether all of it can be sent once more, and twice is as good as once.
    fn is_repeatable(&self) -> bool {
        self.idempotent && self.whole.is_some() && !self.spent
    }

    fn asked(&self) -> Asked {
        Asked { home: self.session.home, key: self.key, repeatable: self.is_repeatable() }
    }

    /// Passes on what it can of a body that is on its way; true when that has just begun though
    /// a word was due, or ended.
    fn poll_upload(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Source<'_>,
        to: &mut Stream,
    ) -> bool {
        let Some(mut upload) = self.upload.take() else { return false };
        let was_held = upload.awaits_consent();
        let polled = upload.poll(cx, from, to);
        self.spent |= upload.has_begun();
        match polled {
            Poll::Pending => {
                let has_begun = was_held && !upload.awaits_consent();
                self.upload = Some(upload);
                return has_begun;
            }
            Poll::Ready(Ok(())) => self.arrived = true,
            Poll::Ready(Err(UploadError::Client(end))) => self.broken = Some(end),
            // It may have answered and closed: then its answer says why.
            Poll::Ready(Err(UploadError::Backend)) => {}
        }
        self.waited = upload.waited();
        upload.give_up(from.input);
        true
    }

    /// How long the client was waited for with its body.
    fn waited(&self) -> Duration {
        self.upload.as_ref().map_or(self.waited, Upload::waited)
    }

    /// Lets the wait end for others while a body is on its way: whichever side it is that does not
    /// move, what waits takes memory.
    fn spare(&self, timer: &Timer) {
        let is_under_way = self.upload.as_ref().is_some_and(|upload| !upload.is_held());
        timer.spare(if is_under_way { Spare::Slow } else { Spare::No });
    }

    /// Whether it is the client who should move next.
    fn waits_for_client(&self) -> bool {
        let waits = |upload: &Upload| upload.waits_for() == Side::Client && !upload.is_held();
        self.upload.as_ref().is_some_and(waits)
    }

    /// Whether the client has broken off, of whom nobody reads while the backend is waited for. One
    /// that has sent all and then ended its side still gets its answer (RFC 9112 section 9.6).
    fn is_broken(&mut self, cx: &mut Context<'_>, from: &mut Source<'_>) -> bool {
        let missing = match &self.upload {
            Some(upload) if upload.waits_for() == Side::Backend => Some(upload.missing(from)),
            None => return self.is_left(cx, from.stream),
            Some(_) => None,
        };
        if missing.is_some_and(|missing| from.stream.poll_gone(cx, missing).is_ready()) {
            self.broken = Some(WaitError::Closed.into());
        }
        self.broken.is_some()
    }

    /// The same of one that has no more to say.
    fn is_left(&mut self, cx: &mut Context<'_>, client: &mut Stream) -> bool {
        if self.is_long && client.poll_gone(cx, 0).is_ready() {
            self.broken = Some(WaitError::Closed.into());
        }
        self.broken.is_some()
    }

    /// Waits for the backend, of which the first part goes without a look at the client.
    #[inline]
    async fn watching<T>(
        &mut self,
        timer: &Timer,
        limit: Duration,
        mut operation: impl FnMut(&mut Context<'_>, &mut Self) -> Poll<io::Result<T>>,
    ) -> Result<T, WaitError> {
        let mut left = limit;
        loop {
            let is_watched = self.is_long || self.upload.is_some() || left <= UNWATCHED;
            let step = if is_watched { left } else { UNWATCHED };
            match wait::within(timer, step, |cx| operation(cx, self)).await {
                Err(WaitError::Timeout(waited)) if !is_watched => {
                    self.is_long = true;
                    left = left.saturating_sub(waited);
                }
                result => return result,
            }
        }
    }

    /// Whether the client waits to be told to go on with its body.
    fn awaits_consent(&self) -> bool {
        self.upload.as_ref().is_some_and(Upload::awaits_consent)
    }

    fn decide(&mut self, consent: Consent) {
        if let Some(upload) = &mut self.upload {
            upload.decide(consent);
        }
    }

    /// Where the body has moved: how long its next move may take.
    fn moved(&mut self) -> Option<Duration> {
        self.upload.as_mut().and_then(Upload::moved)
    }

    /// Why no more of the body is waited for.
    fn why_late(&self) -> Reason {
        let is_slow = self.upload.as_ref().is_some_and(Upload::is_slow);
        if is_slow { Reason::BodyRate } else { Reason::BodyTimeout }
    }
}

impl Mapped {
    #[cold]
    fn new(mapping: Rc<Mapping>, host: &[u8]) -> Box<Self> {
        let (host, backend) = (host.to_vec(), String::new());
        Box::new(Self { mapping, host, backend, is_named: false })
    }

    /// What is mapped back in the answer of that backend.
    #[cold]
    fn back<'a>(&'a mut self, backend: &'a plan::Backend) -> Back<'a> {
        let address = backend.address;
        self.backend = match address.port() {
            80 if address.is_ipv4() => address.ip().to_string(),
            80 => format!("[{}]", address.ip()),
            _ => address.to_string(),
        };
        let own = backend.host.as_deref().unwrap_or_default();
        let hidden = [self.backend.as_bytes(), own.as_bytes()];
        Back { mapping: &self.mapping, hidden, seen: &self.host }
    }
}

/// Answers a request through a backend of `pool`.
pub(crate) async fn answer(
    c: &mut Connection,
    pool: &Rc<Pool>,
    mapping: Option<Rc<Mapping>>,
) -> Result<Next, End> {
    if let Some(next) = hops::answer(c).await? {
        return Ok(next);
    }
    let mut exchange = begin(c, pool, mapping.as_ref());
    pool.budget.borrow_mut().earn(c.read_at());
    let answered = tries::run(c, &mut exchange).await;
    let waited = exchange.waited();
    c.mark(|marks| marks.sending = waited);
    if let (Ok(Some(attempt)), Some(record)) = (&answered, &mut c.record) {
        record.answered_by(&attempt.backend);
    }
    if !matches!(answered, Ok(Some(_)))
        && let Some(upload) = exchange.upload.take()
    {
        // What is left of it in the input would be taken for a request (CVE-2025-4366).
        upload.give_up(&mut c.input);
    }
    if matches!(answered, Ok(Some(_))) && exchange.whole.is_some() {
        // From here on nothing is repeated, and the body is used up.
        c.take_body();
    }
    match answered {
        Ok(Some(attempt)) if c.answer.status == 101 => {
            let now = Instant::now();
            let heard = Heard { began_after: None, alone: true, sound: true };
            pool.answered(&attempt.backend, heard, now);
            c.metered_until(now);
            let cookie = pool.cookie(exchange.session, &attempt.backend);
            tunnel::run(c, *attempt, cookie).await
        }
        Ok(Some(attempt)) => answer::pass_on(c, attempt, exchange).await,
        Ok(None) if exchange.is_shed => c.problem(Reason::Overloaded).await,
        Ok(None) => {
            c.record.iter_mut().for_each(|record| record.found_none(pool));
            let has_lost = exchange.session.home.is_some() && !pool.fails_over();
            let why = if has_lost { Reason::NoSessionBackend } else { Reason::NoBackend };
            c.problem(why).await
        }
        Err(AttemptError::Client(end)) => Err(end),
        Err(AttemptError::Backend(failure)) => c.problem(failure.reason()).await,
    }
}

/// Builds the head that goes on and takes the client's out of the buffer.
fn begin(c: &mut Connection, pool: &Rc<Pool>, mapping: Option<&Rc<Mapping>>) -> Exchange {
    let buf = c.input.unread();
    let here = buf.len().saturating_sub(c.head.len);
    let whole = match c.head.body {
        Body::Length(n) => usize::try_from(n).ok().filter(|n| *n <= here),
        Body::None => Some(0),
        Body::Chunked | Body::UntilClose => None,
    };
    // Whoever has begun to send waits for nobody.
    let expects = whole.is_none() && here == 0;
    let key = pool.hash_by.as_ref().map_or(0, |by| key::of(by, c));
    let session = pool.sticky.as_ref().map(|sticky| session::of(sticky, c)).unwrap_or_default();
    let how = Forward {
        client: &c.client_address,
        proto: if c.head.target.is_https(buf) { "https" } else { "http" },
        trusted: c.trusts_peer(),
        release: pool.release.as_deref(),
        // Empty where an HTTP/1.0 client named none (RFC 9110 section 7.2).
        host: c.head.host.map(|h| h.of(buf)).unwrap_or_default(),
        expects,
        mapping: mapping.map(Rc::as_ref).filter(|mapping| !mapping.is_same()),
    };
    c.forwarded.clear();
    forward_request(&mut c.forwarded, buf, &c.head, &how);
    let mapped = mapping.map(|mapping| Mapped::new(mapping.clone(), how.host));
    c.take_head();
    Exchange {
        pool: pool.clone(),
        mapped,
        whole,
        key,
        session,
        idempotent: c.head.method.is_idempotent(),
        spent: false,
        upload: None,
        waited: Duration::ZERO,
        expects,
        arrived: whole.is_some(),
        broken: None,
        patience: None,
        rival: None,
        hedgeable: false,
        is_long: false,
        seat: None,
        is_shed: false,
    }
}
