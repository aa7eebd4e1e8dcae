//! One attempt with one connection: send the request, read the head of its answer.
//!
//! Where an answer does not begin, the attempt is kept while another backend is asked as well;
//! whichever begins first is the answer, the other is dropped.

use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bramble_http::{Asked, Body, Parsed, Reject, parse_response};
use bramble_net::{Buffer, Grant, Spare, Stream, Use};

use super::failure::{AttemptError, Failure, FailureKind};
use super::upload::{Consent, Source, Upload};
use super::{Exchange, host, interim};
use crate::balance::{InFlight, Standing, Weight};
use crate::connection::{Connection, End};
use crate::floor::Floor;
use crate::pool::{Backend, Link};
use crate::retry::Reached;
use crate::wait::{self, WaitError};

/// Answers up to this size are passed on only when they are there whole, so that a backend
/// that dies in the middle of one can still be replaced.
const WHOLE_ANSWER_BYTES: usize = 64 * 1024;

/// For a TLS handshake: it needs turns of the peer's processor where a SYN needs its kernel
/// alone. A busy board that had only a connect's 250 ms would begin one after the other and
/// finish none (seen on 2 cores at a load of 8).
const HANDSHAKE: Duration = Duration::from_secs(1);

/// A request that went out over a connection, and what has come back.
pub(super) struct Attempt {
    pub(super) backend: Rc<Backend>,
    pub(super) link: Link,
    /// Once the answer has begun its head, which is in [`Connection::answer`], and what follows.
    pub(super) buffer: Buffer,
    /// How long that took, where nothing but the backend was waited for.
    pub(super) began_after: Option<Duration>,
    sent_at: Instant,
    pub(super) in_flight: InFlight,
    /// What may come before any of it is read.
    expected: Option<Grant>,
}

/// What an attempt has come to. Boxed, since it goes through many hands.
pub(super) enum Outcome {
    Answered(Box<Attempt>),
    /// Nothing yet: it is time to ask somebody else as well.
    Slow(Box<Attempt>),
}

/// Opens a connection within the limits.
pub(super) async fn connect(c: &Connection, backend: &Backend) -> Result<Link, AttemptError> {
    let limit = backend.plan.connect_ms.map_or(c.table.times.connect, Duration::from_millis);
    let connecting = Stream::connect_counted(backend.plan.address, &c.core.queues);
    let mut stream = within(limit, pin!(connecting)).await?;
    if let Some(connector) = &backend.connector {
        within(limit.max(HANDSHAKE), pin!(stream.connect_tls(connector))).await?;
    }
    Ok(Link { stream, reused: false })
}

async fn within<T>(
    limit: Duration,
    connecting: Pin<&mut impl Future<Output = io::Result<T>>>,
) -> Result<T, Failure> {
    let kind = match tokio::time::timeout(limit, connecting).await {
        Ok(Ok(connected)) => return Ok(connected),
        Ok(Err(error)) => FailureKind::connecting(error),
        Err(_) => FailureKind::ConnectTimeout,
    };
    Err(Failure::new(Reached::Never, kind))
}

/// Sends the request over `link` and waits for the head of the answer.
pub(super) async fn exchange(
    c: &mut Connection,
    backend: &Rc<Backend>,
    mut link: Link,
    exchange: &mut Exchange,
) -> Result<Outcome, AttemptError> {
    host::name(c, backend, exchange);
    let seat = exchange.seat.take();
    let in_flight = seat.unwrap_or_else(|| backend.begin(exchange.whole.is_some()));
    in_flight.is_sent();
    let expected = c.core.ledger.grant(Use::Expected, c.core.queues.answer_bytes());
    if let Err(error) = send(c, &mut link, exchange, in_flight.standing()).await {
        link.stream.reset_when_closed();
        return Err(error);
    }
    let sent_at = Instant::now();
    c.mark(|marks| marks.asked(sent_at));
    let attempt = Box::new(Attempt {
        backend: backend.clone(),
        link,
        buffer: c.core.heads.buffer(),
        began_after: None,
        sent_at,
        in_flight,
        expected: Some(expected),
    });
    receive(c, attempt, exchange).await
}

/// Waits for the answer of an attempt, or of its rival.
pub(super) async fn receive(
    c: &mut Connection,
    mut attempt: Box<Attempt>,
    exchange: &mut Exchange,
) -> Result<Outcome, AttemptError> {
    match receive_answer(c, &mut attempt, exchange).await {
        Ok(true) => Ok(Outcome::Answered(attempt)),
        Ok(false) => Ok(Outcome::Slow(attempt)),
        // Whoever is listened to may not be whoever was asked last.
        Err(error) => {
            // Whoever has said something has taken what was sent.
            if !exchange.arrived || attempt.buffer.is_empty() {
                attempt.abandon();
            }
            Err(error.of(&attempt.backend))
        }
    }
}

/// The same, of one that has brought nothing so far.
pub(super) async fn wait_on(
    c: &mut Connection,
    attempt: Box<Attempt>,
    exchange: &mut Exchange,
) -> Result<Outcome, AttemptError> {
    if attempt.sent_at.elapsed() < c.table.times.first_byte {
        return receive(c, attempt, exchange).await;
    }
    attempt.abandon();
    Err(early(&attempt.link, FailureKind::Timeout).of(&attempt.backend))
}

/// False: nothing has begun.
async fn receive_answer(
    c: &mut Connection,
    attempt: &mut Attempt,
    exchange: &mut Exchange,
) -> Result<bool, AttemptError> {
    if !receive_head(c, attempt, exchange).await? {
        return Ok(false);
    }
    // With a whole head the race is over: what the rival brings now belongs to no head that we
    // have. It may still be the answer if this one breaks off.
    let rival = exchange.rival.take();
    let rest = receive_rest(c, attempt, exchange).await;
    exchange.rival = rival;
    rest.map(|()| true)
}

/// Makes the answer that an attempt has brought the connection's again, after others came
/// between.
pub(super) fn reread(c: &mut Connection, attempt: &Attempt) {
    let asked = asked(c);
    // It was read before, so nothing can be wrong with it.
    let _ = parse_response(attempt.buffer.unread(), &c.table.answer_limits, asked, &mut c.answer);
}

fn asked(c: &Connection) -> Asked {
    Asked { head: c.is_head(), upgrade: c.head.upgrade }
}

/// Sends the head, with the body if that is there whole. Otherwise it follows beside the
/// answer.
async fn send(
    c: &mut Connection,
    link: &mut Link,
    exchange: &mut Exchange,
    standing: &Rc<Standing>,
) -> Result<(), AttemptError> {
    let body = c.input.unread().get(..exchange.whole.unwrap_or(0)).unwrap_or_default();
    let parts = [&c.forwarded[..], body, &[]];
    standing.sent(c.forwarded.len() + body.len());
    let mut step = Floor::step(c.table.times.body);
    let sent = wait::send(&mut link.stream, parts, &c.timer, &mut step).await;
    sent.map_err(|error| early(link, FailureKind::sending(error)))?;
    if exchange.whole.is_none() {
        let chunked = c.head.body == Body::Chunked;
        let consent = if c.head.expect_continue { Consent::Due } else { Consent::Given };
        exchange.upload = Some(Upload::new(chunked, consent, c.table.floor(), standing.clone()));
        if !exchange.expects {
            interim::ask_for_body(c, exchange).await.map_err(End::from)?;
        }
    }
    Ok(())
}

/// False: nothing has begun, and somebody else can be asked.
async fn receive_head(
    c: &mut Connection,
    attempt: &mut Attempt,
    exchange: &mut Exchange,
) -> Result<bool, AttemptError> {
    if !receive_first(c, attempt, exchange).await? {
        return Ok(false);
    }
    let most = c.table.plan().limits.informational;
    let mut interim = 0;
    loop {
        match parse_head(c, &attempt.buffer) {
            Ok(Parsed::Complete) if c.answer.is_final() => {
                if let Some(load) = c.answer.load {
                    attempt.backend.says(load.of(attempt.buffer.unread()), Instant::now());
                }
                exchange.decide(Consent::Refused);
                return Ok(true);
            }
            Ok(Parsed::Complete) => {
                interim += 1;
                if interim > most {
                    return Err(late(FailureKind::TooManyInterim(most)));
                }
                interim::pass_on(c, &attempt.buffer, exchange).await.map_err(End::from)?;
                attempt.buffer.consume(c.answer.len);
            }
            Ok(Parsed::Partial) => {
                let limit = c.table.times.body;
                fill(c, attempt, limit, exchange).await.map_err(FillError::late)?;
            }
            Err(reject) => return Err(late(FailureKind::BadAnswer(reject))),
        }
    }
}

fn parse_head(c: &mut Connection, buffer: &Buffer) -> Result<Parsed, Reject> {
    if buffer.is_empty() {
        return Ok(Parsed::Partial);
    }
    let asked = asked(c);
    parse_response(buffer.unread(), &c.table.answer_limits, asked, &mut c.answer)
}

/// Waits for the first bytes of the answer. False: it is time to ask somebody else as well.
async fn receive_first(
    c: &mut Connection,
    attempt: &mut Attempt,
    exchange: &mut Exchange,
) -> Result<bool, AttemptError> {
    let own = attempt.backend.plan.first_byte_ms;
    let limit = own.map_or(c.table.times.first_byte, Duration::from_millis);
    let patience = exchange.patience.take().filter(|patience| *patience < limit);
    match fill(c, attempt, patience.unwrap_or(limit), exchange).await {
        Ok(()) => {}
        Err(FillError::Backend(FailureKind::Timeout)) if patience.is_some() => return Ok(false),
        Err(FillError::Backend(FailureKind::Timeout)) if exchange.arrived => {
            return Err(early(&attempt.link, FailureKind::Unbegun));
        }
        Err(FillError::Backend(kind)) => return Err(early(&attempt.link, kind)),
        Err(FillError::Client(end)) => return Err(end.into()),
    }
    attempt.has_begun(c, exchange);
    Ok(true)
}

/// Waits for the rest of a small answer.
async fn receive_rest(
    c: &mut Connection,
    attempt: &mut Attempt,
    exchange: &mut Exchange,
) -> Result<(), AttemptError> {
    let Body::Length(length) = c.answer.body else { return Ok(()) };
    let Ok(length) = usize::try_from(length) else { return Ok(()) };
    while length <= WHOLE_ANSWER_BYTES && attempt.buffer.unread().len() < c.answer.len + length {
        let limit = c.table.times.body;
        fill(c, attempt, limit, exchange).await.map_err(FillError::late)?;
    }
    Ok(())
}

/// Why no more of an answer came.
enum FillError {
    Backend(FailureKind),
    Client(End),
}

impl FillError {
    /// After the answer has begun.
    fn late(self) -> AttemptError {
        match self {
            Self::Backend(kind) => late(kind),
            Self::Client(end) => end.into(),
        }
    }
}

/// What happened first while an answer was waited for.
enum Event {
    Filled(usize),
    /// The attempt that was sent before has brought so much.
    Rival(usize),
    /// The body has begun unasked, or come to its end, or the client has broken off.
    Turned,
}

/// Reads more of the answer, and passes the body on meanwhile. `limit` counts from the end of
/// the body; until then each side may take the time limit of bodies from one move to the next. A
/// client that waits for a word has it after a while.
async fn fill(
    c: &mut Connection,
    attempt: &mut Attempt,
    limit: Duration,
    exchange: &mut Exchange,
) -> Result<(), FillError> {
    loop {
        let limit = match &exchange.upload {
            None => limit,
            Some(upload) if upload.awaits_consent() => interim::CONTINUE_AFTER,
            Some(upload) => upload.limit(),
        };
        let event = next_event(c, attempt, limit, exchange).await;
        if let Some(end) = exchange.broken.take() {
            return Err(FillError::Client(end));
        }
        match event {
            Ok(Event::Filled(0)) => return Err(FillError::Backend(FailureKind::Closed)),
            Ok(Event::Filled(_)) => return Ok(()),
            Ok(Event::Rival(n)) => {
                if exchange.take_rival(attempt, n) {
                    return Ok(());
                }
            }
            // Whoever has begun to send waits for nothing: the rest will come, too.
            Ok(Event::Turned) => {
                c.head.expect_continue = false;
                attempt.sent_at = Instant::now();
                if exchange.arrived {
                    attempt.in_flight.is_whole(attempt.sent_at);
                }
            }
            Err(WaitError::Timeout(_)) if exchange.awaits_consent() => {
                let asked = interim::ask_for_body(c, exchange).await;
                asked.map_err(|error| FillError::Client(error.into()))?;
            }
            Err(WaitError::Evicted) => return Err(FillError::Client(End::Evicted)),
            Err(WaitError::Timeout(_)) if exchange.waits_for_client() => {
                return Err(FillError::Client(End::Late(exchange.why_late())));
            }
            Err(error) => return Err(FillError::Backend(FailureKind::receiving(&error))),
        }
    }
}

async fn next_event(
    c: &mut Connection,
    attempt: &mut Attempt,
    limit: Duration,
    exchange: &mut Exchange,
) -> Result<Event, WaitError> {
    let most = c.table.limits.head_bytes + WHOLE_ANSWER_BYTES;
    let timer = &c.timer;
    let mut source = Source {
        stream: &mut c.stream,
        input: &mut c.input,
        body: &mut c.body,
        most: c.table.limits.head_bytes + 1,
    };
    let Attempt { link, buffer, .. } = attempt;
    let event = exchange.watching(timer, limit, |cx, exchange| {
        if exchange.poll_upload(cx, &mut source, &mut link.stream) {
            return Poll::Ready(Ok(Event::Turned));
        }
        if let Some(limit) = exchange.moved() {
            timer.arm(limit);
        }
        exchange.spare(timer);
        if exchange.is_broken(cx, &mut source) {
            return Poll::Ready(Ok(Event::Turned));
        }
        if let Poll::Ready(filled) = buffer.poll_fill(cx, &mut link.stream, most) {
            return Poll::Ready(filled.map(Event::Filled));
        }
        exchange.poll_rival(cx, most).map(|n| Ok(Event::Rival(n)))
    });
    let event = event.await;
    timer.spare(Spare::No);
    event
}

impl Attempt {
    /// Nothing more is wanted of its connection. What the backend has not taken of a request would
    /// keep the kernel's memory for minutes, and an end in order would be no sign that the rest of
    /// a body is missing.
    pub(super) fn abandon(&self) {
        self.link.stream.reset_when_closed();
    }

    fn has_begun(&mut self, c: &mut Connection, exchange: &Exchange) {
        self.expected = None;
        let now = Instant::now();
        let after = now - self.sent_at;
        self.began_after = exchange.arrived.then_some(after);
        self.in_flight.begun(self.began_after, now);
        exchange.pool.may_have_room(now);
        if !exchange.arrived && c.record.is_none() {
            return;
        }
        self.began_after.into_iter().for_each(|time| self.backend.began_after(time));
        // It may be the one before the one that was asked last.
        let known = exchange.whole.map(|_| (self.sent_at, after));
        c.mark(|marks| marks.answered(now, known, exchange.waited()));
    }
}

impl Exchange {
    /// What the attempt before this one has brought; 0 is its end, however that came.
    fn poll_rival(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<usize> {
        let Some(rival) = &mut self.rival else { return Poll::Pending };
        let Attempt { link, buffer, .. } = &mut **rival;
        buffer.poll_fill(cx, &mut link.stream, most).map(|filled| filled.unwrap_or(0))
    }

    /// The rival has brought `n` bytes: true, if it is the answer and has taken the place of
    /// `attempt`, which is dropped.
    fn take_rival(&mut self, attempt: &mut Attempt, n: usize) -> bool {
        let Some(rival) = self.rival.take() else { return false };
        if n == 0 {
            // An idle connection that its backend has closed is nobody's failure.
            let weight = if rival.link.reused { Weight::None } else { Weight::Down };
            let why = FailureKind::Closed.to_string();
            self.pool.failed(&rival.backend, weight, &why, Instant::now());
            return false;
        }
        *attempt = *rival;
        true
    }

    /// An answer is there. A rival that has brought nothing by now was sent long before.
    pub(super) fn drop_rival(&mut self) {
        if let Some(rival) = self.rival.take() {
            let why = "no answer while another backend gave one";
            self.pool.failed(&rival.backend, Weight::Doubt, why, Instant::now());
        }
    }
}

/// A failure before the first byte of an answer: over a reused connection that was closed,
/// the request surely never arrived.
fn early(link: &Link, kind: FailureKind) -> AttemptError {
    let closed = matches!(kind, FailureKind::Closed | FailureKind::Send(_));
    let reached = if link.reused && closed { Reached::Never } else { Reached::Maybe };
    Failure::new(reached, kind).into()
}

fn late(kind: FailureKind) -> AttemptError {
    Failure::new(Reached::Maybe, kind).into()
}
