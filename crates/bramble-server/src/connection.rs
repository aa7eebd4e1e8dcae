//! A client's connection: one request after the other, each read strictly, routed, answered.
//!
//! ```text
//!   idle ──head──> request ──answered, body read to its end──> idle
//!     │              │
//!     └─end, limit───┴──refused, cut, or body left over──> closed
//! ```
//! A connection knows nothing of what answers; handlers get it with the parsed head and say
//! whether it may go on.

mod body;
mod limited;
mod load;
mod metered;
mod noted;
mod redirect;
mod reply;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_config::plan::Serves;
use bramble_http::{
    Body, BodyReader, ClientAddress, Form, Parsed, Reject, RequestHead, ResponseHead, parse_request,
};
use bramble_net::{Buffer, Level, Spare, Stream, Timer};

use crate::access_log::Record;
use crate::core::Core;
use crate::counters::add;
use crate::floor::Floor;
use crate::place::Place;
use crate::reason::{Event, Reason, Word};
use crate::table::{Handler, Table};
use crate::visitor::Visitor;
use crate::wait::{self, WaitError};
use crate::{clients, files, ledger, metrics, proxy, route};
use metered::Metering;
pub(crate) use reply::problem_page;

/// Memory for heads that a connection keeps between requests.
const KEPT_HEAD_BYTES: usize = 2048;

/// A client that has been silent for so long is likely to stay so: then it has no task any more.
const PARK_AFTER: Duration = Duration::from_secs(1);

/// Of error pages: a cache in front might keep those with a 404, 405, 414 or 501 for others
/// (RFC 9110 section 15.1).
pub(crate) const NO_STORE: (&str, &str) = ("Cache-Control", "no-store");

/// One client and what it is in the middle of.
pub(crate) struct Connection {
    pub(crate) core: Rc<Core>,
    pub(crate) table: Rc<Table>,
    pub(crate) stream: Stream,
    pub(crate) timer: Timer,
    /// What came in and is not used up: the head in parsing, then the body, then what follows.
    pub(crate) input: Buffer,
    pub(crate) head: RequestHead,
    pub(crate) body: BodyReader,
    /// The answer's head in the making; its memory is reused.
    pub(crate) out: Vec<u8>,
    /// The head that goes on to a backend, kept for another attempt.
    pub(crate) forwarded: Vec<u8>,
    /// The head of a backend's answer.
    pub(crate) answer: ResponseHead,
    /// How slowly the client may read the answer.
    pub(crate) reading: Floor,
    /// The client may wait for a word before it sends its body, or never send it.
    expects: bool,
    pub(crate) visitor: Visitor,
    /// The visitor's, as backends are told.
    pub(crate) client_address: ClientAddress,
    /// The lines of its requests for the access log, where one is kept.
    pub(crate) record: Option<Box<Record>>,
    /// When the connection came, until its first request has been noted.
    accepted: Option<Instant>,
    /// When the first byte of a head came, where the rest did not come with it.
    heard: Option<Instant>,
    pub(crate) metering: Metering,
}

/// Whether the connection can take another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Close,
    Request,
}

/// What came of waiting for a request.
enum Waited {
    Head,
    /// The client ended the connection, or may not have one any more.
    End,
    /// Nothing for a while; it may be waited for until then.
    Silence(Instant),
}

/// Why a connection ends before its time; the word is the metric's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    /// The client is gone, or waits too long.
    #[error(transparent)]
    Client(#[from] WaitError),
    /// The answer could not be sent whole.
    #[error("an answer broke off")]
    Cut,
    /// Before the answer, for others: it is told as far as that takes no time.
    #[error("ended to make room")]
    Evicted,
    /// Before the answer: it can be told.
    #[error("{}", .0.text())]
    Late(Reason),
    #[error(transparent)]
    Refused(#[from] Reject),
}

/// Serves a new connection.
pub(crate) async fn serve(place: Place, mut stream: Stream, peer: SocketAddr, at: SocketAddr) {
    let core = place.core.clone();
    let Some(table) = core.table() else { return };
    let Some(listener) = table.listener(at) else { return };
    let accepted = table.log.as_ref().map(|_| Instant::now());
    let mut key = None;
    if let Some(Some(acceptor)) = table.shared.acceptors.get(&*listener.name) {
        let shake = stream.accept_tls(acceptor);
        match tokio::time::timeout(table.times.head, shake).await {
            Ok(Ok(peer)) => key = peer,
            _ => return core.counters.refused(Event::TlsHandshake),
        }
    }
    resume(Visitor::new(place, peer, listener, key), stream, accepted).await;
}

/// Serves a connection until it ends or has been silent for a while.
pub(crate) async fn resume(visitor: Visitor, stream: Stream, accepted: Option<Instant>) {
    let core = visitor.place.core.clone();
    let Some(table) = core.table() else { return };
    let mut connection = Connection {
        timer: core.timers.timer_of(clients::client(visitor.peer.ip())),
        input: core.requests.buffer(),
        head: RequestHead::default(),
        body: BodyReader::new(Body::None, &table.limits),
        out: Vec::new(),
        forwarded: Vec::new(),
        answer: ResponseHead::default(),
        reading: table.floor(),
        expects: false,
        record: None,
        client_address: ClientAddress::new(visitor.peer.ip()),
        accepted,
        heard: None,
        metering: Metering::default(),
        core,
        table,
        stream,
        visitor,
    };
    if let Some(due) = connection.run().await {
        let Connection { core, stream, visitor, .. } = connection;
        core.rest(stream, due, visitor);
    }
}

impl Connection {
    /// Answers requests. None: the connection has ended; else the next is waited for until then.
    async fn run(&mut self) -> Option<Instant> {
        loop {
            let next = match self.wait().await {
                Ok(Waited::Head) => self.request().await,
                Ok(Waited::End) => Ok(Next::Close),
                Ok(Waited::Silence(until)) => return Some(until),
                Err(end) => Err(end),
            };
            match next {
                Ok(Next::Request) => {}
                Ok(Next::Close) => {
                    self.closed();
                    return None;
                }
                Err(end) => {
                    self.ended(end).await;
                    return None;
                }
            }
        }
    }

    /// Waits for the head of a request.
    async fn wait(&mut self) -> Result<Waited, End> {
        if self.core.is_giving() && self.input.is_empty() && self.stream.is_plain() {
            return Ok(self.silent(Duration::ZERO));
        }
        self.timer.begin(None);
        self.timer.spare(Spare::Idle);
        let waited = self.read_head().await;
        self.timer.spare(Spare::No);
        match waited {
            Ok(Waited::Head) if !self.renew() => Ok(Waited::End),
            other => other,
        }
    }

    /// Answers the request whose head is there.
    async fn request(&mut self) -> Result<Next, End> {
        // Try-first never blocks for a client that is quick enough: the others get their turn.
        tokio::task::coop::consume_budget().await;
        let core = self.core.clone();
        let _held = core.work.begin(&core.counters.in_flight);
        add(&core.counters.requests, 1);
        self.visitor.requests += 1;
        self.expects = self.head.expect_continue;
        self.timer.begin(Some(self.table.times.request));
        self.reading = self.table.floor();
        self.body = BodyReader::new(self.head.body, &self.table.limits);
        self.metering.began = Some(Instant::now());
        self.begin_record();
        let next = match self.core.ledger.level() {
            Level::Easy | Level::Tight => self.dispatch().await?,
            _ => self.dispatch_if_room().await?,
        };
        let took_us = self.meter();
        self.end_record(took_us);
        let next = if self.drain().await? { next } else { self.leave().await };
        self.forget();
        Ok(next)
    }

    /// Reads until a head is there.
    async fn read_head(&mut self) -> Result<Waited, End> {
        let mut deadline = None;
        self.heard = None;
        loop {
            if !self.input.is_empty() {
                let parsed = parse_request(self.input.unread(), &self.table.limits, &mut self.head);
                if parsed? == Parsed::Complete {
                    return Ok(Waited::Head);
                }
                // The whole head has one deadline, however slowly its bytes drip.
                let heard = *self.heard.get_or_insert_with(Instant::now);
                deadline = Some(heard + self.table.times.head);
            }
            let limit = match deadline {
                Some(end) => end.saturating_duration_since(Instant::now()),
                None => self.table.times.idle.min(PARK_AFTER),
            };
            let most = self.table.limits.head_bytes + 1;
            let (stream, input) = (&mut self.stream, &mut self.input);
            match wait::fill(stream, input, most, &self.timer, limit).await {
                Ok(_) => {}
                Err(WaitError::Evicted) => {
                    self.core.counters.refused(Event::Evicted);
                    return Ok(Waited::End);
                }
                Err(WaitError::Timeout(_)) if deadline.is_some() => {
                    return Err(End::Late(Reason::HeadTimeout));
                }
                Err(WaitError::Timeout(waited)) => return Ok(self.silent(waited)),
                Err(_) if self.input.is_empty() => return Ok(Waited::End),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Nothing has come for so long.
    fn silent(&self, waited: Duration) -> Waited {
        let left = self.table.times.idle.saturating_sub(waited);
        if left.is_zero() {
            self.core.counters.refused(Event::IdleTimeout);
            return Waited::End;
        }
        Waited::Silence(Instant::now() + left)
    }

    /// Takes the newest plan for this request. False: the peer is no longer trusted.
    fn renew(&mut self) -> bool {
        let Some(table) = self.core.table() else { return false };
        if Rc::ptr_eq(&table, &self.table) {
            return true;
        }
        self.table = table;
        // Its log may be one that nobody keeps any more.
        self.record = None;
        let Visitor { key, listener, .. } = &self.visitor;
        key.is_none_or(|key| self.table.still_trusts(&listener.name, key))
    }

    /// Answers where there is memory for that.
    #[cold]
    async fn dispatch_if_room(&mut self) -> Result<Next, End> {
        if ledger::make_room_for(&self.core, self.visitor.place.client).await {
            return self.dispatch().await;
        }
        self.take_head();
        self.refused(Reason::Busy);
        self.answered(Reason::Busy.status());
        let (core, is_head) = (self.core.clone(), self.is_head());
        let parts = [core.busy.answer(is_head), &[], &[]];
        let sent = wait::send(&mut self.stream, parts, &self.timer, &mut self.reading).await?;
        self.sent(sent);
        Ok(Next::Close)
    }

    async fn dispatch(&mut self) -> Result<Next, End> {
        // A fault of ours, to be had on demand.
        #[cfg(test)]
        assert_ne!(self.head.target.path.of(self.input.unread()), b"/panic");
        if self.is_misdirected() {
            self.take_head();
            return self.problem(Reason::HttpsOverPlain).await;
        }
        if self.visitor.listener.serves == Serves::Metrics {
            return metrics::answer(self).await;
        }
        if let Err(wait) = self.count_for_client() {
            return self.too_many_requests(wait).await;
        }
        match self.find() {
            None => {
                self.take_head();
                self.problem(Reason::MalformedPath).await
            }
            Some(Handler::Pool(pool, mapping)) => proxy::answer(self, &pool, mapping).await,
            Some(Handler::Site(site)) => files::answer(self, &site).await,
            Some(_) if self.head.target.form == Form::Asterisk => {
                self.take_head();
                self.respond(204, &[files::ALLOW], b"").await
            }
            Some(Handler::Respond { status, body }) => {
                self.take_head();
                let kind = ("Content-Type", "text/plain; charset=utf-8");
                self.respond(status, &[kind], body.as_bytes()).await
            }
            Some(Handler::Redirect { status, location, below: None }) => {
                self.take_head();
                self.respond(status, &[("Location", &location)], b"").await
            }
            Some(Handler::Redirect { status, location, below: Some(below) }) => {
                let buf = self.input.unread();
                let place = redirect::place(&location, &below, buf, &self.head.target);
                self.take_head();
                self.respond(status, &[("Location", &place)], b"").await
            }
            Some(Handler::Nothing) => {
                self.take_head();
                self.problem(Reason::NothingPublished).await
            }
        }
    }

    /// Whether it asks for what only TLS may bring, without it (RFC 9110 section 7.4). A proxy
    /// that is trusted may have taken the TLS off.
    fn is_misdirected(&self) -> bool {
        self.head.target.is_https(self.input.unread())
            && self.stream.is_plain()
            && !self.trusts_peer()
    }

    /// What answers the request; none if its path means nothing.
    fn find(&mut self) -> Option<Handler> {
        let buf = self.input.unread();
        let host = self.head.host.map(|h| h.of(buf)).unwrap_or_default();
        self.metering.route = if self.head.target.form == Form::Asterisk {
            // The server as a whole: whoever has its root speaks for it.
            self.table.find(host, b"/")
        } else {
            let path = route::meaning(self.head.target.path.of(buf))?;
            self.table.find(host, &path)
        };
        Some(self.table.handler(self.metering.route))
    }

    /// The head's bytes are not needed any more; what follows in the buffer is the body. Where
    /// nothing does, the memory is not kept through an answer that may be read slowly.
    pub(crate) fn take_head(&mut self) {
        self.input.consume(self.head.len);
        if self.input.is_empty() {
            self.input.release();
        }
    }

    /// Whether the peer may say who its own client is and how that came.
    #[inline]
    pub(crate) fn trusts_peer(&self) -> bool {
        let trusted = &self.table.plan().trusted_proxies;
        !trusted.is_empty() && trusted.contains(&self.visitor.peer.ip().to_canonical())
    }

    /// Whether this answer may be followed by another on the connection.
    pub(crate) fn next(&self) -> Next {
        let open = self.head.keep_alive
            && !self.had_its_requests()
            && !self.core.is_leaving(&self.table)
            && (self.stream.is_plain() || !self.core.is_giving())
            && self.body_will_end();
        if open { Next::Request } else { Next::Close }
    }

    fn had_its_requests(&self) -> bool {
        self.visitor.requests >= self.table.plan().limits.requests_per_connection
    }

    pub(crate) fn is_head(&self) -> bool {
        self.head.method == bramble_http::Method::Head
    }

    /// Gives back what the heads of request and answer took, for a connection that has no more.
    pub(crate) fn forget_heads(&mut self) {
        (self.out, self.forwarded) = (Vec::new(), Vec::new());
        (self.head.fields, self.answer.fields) = (Vec::new(), Vec::new());
    }

    /// Gives memory back before the wait for the next request.
    fn forget(&mut self) {
        for memory in [&mut self.out, &mut self.forwarded] {
            if memory.capacity() > KEPT_HEAD_BYTES {
                *memory = Vec::new();
            }
        }
    }

    /// Ends in order.
    fn closed(&mut self) {
        if self.had_its_requests() {
            self.core.counters.refused(Event::RequestsPerConnection);
        }
        self.stream.say_end();
    }

    async fn ended(&mut self, end: End) {
        self.note_unread(&end);
        self.meter_unread(&end);
        let told = match end {
            End::Refused(reject) => self.refuse(reject).await.is_ok(),
            End::Late(reason) => {
                self.head.keep_alive = false;
                self.problem(reason).await.is_ok()
            }
            End::Client(error) => {
                // What it has not read by now would keep the kernel's memory for minutes.
                self.stream.reset_when_closed();
                self.refused(why(&error));
                false
            }
            End::Cut => {
                self.refused(Event::AnswerCut);
                false
            }
            End::Evicted => {
                self.turn_away();
                false
            }
        };
        self.end_record(None);
        self.meter();
        if told {
            self.leave().await;
        }
    }

    /// Closes behind an answer while the client may still be sending.
    pub(crate) async fn leave(&mut self) -> Next {
        self.stream.shutdown_write();
        self.linger().await;
        Next::Close
    }
}

/// How a connection ended for want of its client.
fn why(error: &WaitError) -> Word {
    match error {
        WaitError::Closed | WaitError::Io(_) => Event::ClientGone.into(),
        WaitError::Timeout(_) => Event::ClientTimeout.into(),
        WaitError::TooSlow => Event::ClientRate.into(),
        WaitError::RequestTimeout => Reason::RequestTimeout.into(),
        WaitError::Evicted => Event::Evicted.into(),
    }
}
