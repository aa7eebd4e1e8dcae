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

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use bramble_http::{
    Body, BodyReader, Parsed, Reject, RequestHead, ResponseHead, parse_request, simple_response,
};
use bramble_net::tls::KeyId;
use bramble_net::{Buffer, Stream, Timer};

use crate::core::{Core, Place};
use crate::counters::{Held, add};
use crate::table::{Handler, Table};
use crate::wait::{self, WaitError};
use crate::{files, proxy, route};

/// Memory for heads that a connection keeps between requests.
const KEPT_HEAD_BYTES: usize = 2048;

/// One client and what it is in the middle of.
pub(crate) struct Connection {
    pub(crate) core: Rc<Core>,
    pub(crate) table: Rc<Table>,
    pub(crate) stream: Stream,
    pub(crate) timer: Timer,
    pub(crate) peer: SocketAddr,
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
    _place: Place,
}

/// Whether the connection can take another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Close,
    Request,
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
    #[error(transparent)]
    Refused(#[from] Reject),
}

/// Serves a connection to its end.
pub(crate) async fn serve(place: Place, mut stream: Stream, peer: SocketAddr, at: SocketAddr) {
    let core = place.core.clone();
    let Some(table) = core.table() else { return };
    let Some(listener) = table.plan().listeners.iter().find(|l| l.address == at) else { return };
    let name = listener.name.clone();
    let mut key = None;
    if let Some(Some(acceptor)) = table.shared.acceptors.get(&name) {
        let shake = stream.accept_tls(acceptor);
        match tokio::time::timeout(table.times.head, shake).await {
            Ok(Ok(peer)) => key = peer,
            _ => return core.counters.refused("tls_handshake"),
        }
    }
    let mut connection = Connection {
        timer: core.timers.timer(),
        input: core.heads.buffer(),
        head: RequestHead::default(),
        body: BodyReader::new(Body::None, &table.limits),
        out: Vec::new(),
        forwarded: Vec::new(),
        answer: ResponseHead::default(),
        core,
        table,
        stream,
        peer,
        _place: place,
    };
    connection.run(&name, key).await;
}

impl Connection {
    async fn run(&mut self, listener: &str, key: Option<KeyId>) {
        loop {
            match self.request(listener, key).await {
                Ok(Next::Request) => {}
                Ok(Next::Close) => return self.stream.shutdown_write(),
                Err(end) => return self.ended(end).await,
            }
        }
    }

    /// Waits for one request and answers it.
    async fn request(&mut self, listener: &str, key: Option<KeyId>) -> Result<Next, End> {
        if !self.read_head().await? {
            return Ok(Next::Close);
        }
        if !self.renew(listener, key) {
            return Ok(Next::Close);
        }
        // Try-first never blocks for a client that is quick enough: the others get their turn.
        tokio::task::coop::consume_budget().await;
        let core = self.core.clone();
        let _held = Held::new(&core.counters.in_flight);
        add(&core.counters.requests, 1);
        self.body = BodyReader::new(self.head.body, &self.table.limits);
        let next = self.dispatch().await?;
        let next = if self.drain().await? { next } else { Next::Close };
        self.forget();
        Ok(next)
    }

    /// Reads until a head is there. False: the client ended the connection, or it was idle
    /// for as long as it may be.
    async fn read_head(&mut self) -> Result<bool, End> {
        let mut deadline = None;
        loop {
            if !self.input.is_empty() {
                let parsed = parse_request(self.input.unread(), &self.table.limits, &mut self.head);
                if parsed? == Parsed::Complete {
                    return Ok(true);
                }
                // The whole head has one deadline, however slowly its bytes drip.
                deadline.get_or_insert_with(|| Instant::now() + self.table.times.head);
            }
            let limit = match deadline {
                Some(end) => end.saturating_duration_since(Instant::now()),
                None => self.table.times.idle,
            };
            let most = self.table.limits.head_bytes + 1;
            let (stream, input) = (&mut self.stream, &mut self.input);
            match wait::fill(stream, input, most, &self.timer, limit).await {
                Ok(_) => {}
                Err(_) if deadline.is_none() && self.input.is_empty() => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes the newest plan for this request. False: the peer is no longer trusted.
    fn renew(&mut self, listener: &str, key: Option<KeyId>) -> bool {
        let Some(table) = self.core.table() else { return false };
        if Rc::ptr_eq(&table, &self.table) {
            return true;
        }
        self.table = table;
        key.is_none_or(|key| self.table.still_trusts(listener, key))
    }

    async fn dispatch(&mut self) -> Result<Next, End> {
        match self.find() {
            None => {
                self.take_head();
                self.problem(400, "The address is not well-formed.").await
            }
            Some(Handler::Pool(pool)) => proxy::answer(self, &pool).await,
            Some(Handler::Site(site)) => files::answer(self, &site).await,
            Some(Handler::Respond { status, body }) => {
                self.take_head();
                let kind = ("Content-Type", "text/plain; charset=utf-8");
                self.respond(status, &[kind], body.as_bytes()).await
            }
            Some(Handler::Redirect { status, location }) => {
                self.take_head();
                self.respond(status, &[("Location", &location)], b"").await
            }
            Some(Handler::Nothing) => {
                self.take_head();
                self.problem(404, "Nothing is published here.").await
            }
        }
    }

    /// What answers the request; none if its path means nothing.
    fn find(&self) -> Option<Handler> {
        let buf = self.input.unread();
        let host = self.head.host.map(|h| h.of(buf)).unwrap_or_default();
        let path = route::meaning(self.head.target.path.of(buf))?;
        Some(self.table.find(host, &path))
    }

    /// The head's bytes are not needed any more; what follows in the buffer is the body.
    pub(crate) fn take_head(&mut self) {
        self.input.consume(self.head.len);
    }

    /// Whether this answer may be followed by another on the connection.
    pub(crate) fn next(&self) -> Next {
        let open = self.head.keep_alive && !self.core.is_leaving(&self.table);
        if open { Next::Request } else { Next::Close }
    }

    pub(crate) fn is_head(&self) -> bool {
        self.head.method == bramble_http::Method::Head
    }

    /// Sends a whole answer of our own.
    pub(crate) async fn respond(
        &mut self,
        status: u16,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Next, End> {
        let next = if self.body.is_done() { self.next() } else { Next::Close };
        let date = self.core.date();
        let mut all = vec![("Date", date.as_str())];
        all.extend_from_slice(fields);
        let (keep_alive, is_head) = (next == Next::Request, self.is_head());
        self.out.clear();
        simple_response(&mut self.out, status, &all, body, keep_alive, is_head);
        self.core.counters.answered(status);
        self.send_out(&[]).await?;
        Ok(next)
    }

    /// Sends an error page in words.
    pub(crate) async fn problem(&mut self, status: u16, why: &str) -> Result<Next, End> {
        let page = problem_page(status, why);
        let html = ("Content-Type", "text/html; charset=utf-8");
        let retry = ("Retry-After", "1");
        let fields = if status == 503 { &[html, retry][..] } else { &[html][..] };
        self.respond(status, fields, page.as_bytes()).await
    }

    /// Sends the head in `out` with the first part of a body.
    pub(crate) async fn send_out(&mut self, body: &[u8]) -> Result<(), End> {
        let limit = self.table.times.body;
        let parts = [&self.out[..], body, &[]];
        let sent = wait::send(&mut self.stream, parts, &self.timer, limit).await?;
        add(&self.core.counters.bytes_out, sent as u64);
        Ok(())
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

    async fn ended(&mut self, end: End) {
        match end {
            End::Refused(reject) => {
                self.core.counters.refused(reject.reason());
                self.head.keep_alive = false;
                let page = self.problem(reject.status(), &reject.to_string()).await;
                if page.is_ok() {
                    self.stream.shutdown_write();
                    self.linger().await;
                }
            }
            End::Client(WaitError::Timeout(_)) => self.core.counters.refused("client_timeout"),
            End::Client(_) => self.core.counters.refused("client_gone"),
            End::Cut => self.core.counters.refused("answer_cut"),
        }
    }
}

/// An error page in words.
pub(crate) fn problem_page(status: u16, why: &str) -> String {
    let reason = bramble_http::reason_phrase(status);
    let why = why.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{status} {reason}</title>\
         <h1>{status} {reason}</h1><p>{why}</p></html>\n"
    )
}
