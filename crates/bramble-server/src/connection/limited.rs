//! Whether a client makes too many requests, and what it is told then. Without a limit that is one
//! look at an option.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bramble_http::Kind;

use super::{Connection, End, NO_STORE, Next, problem_page};
use crate::clients::client;
use crate::rate::Rate;
use crate::reason::{self, Reason};

impl Connection {
    /// Counts the request whose head is there; else how long its client has to wait for one more.
    #[inline]
    pub(super) fn count_for_client(&self) -> Result<(), Duration> {
        self.table.rate.as_ref().map_or(Ok(()), |rate| self.count_by(rate))
    }

    fn count_by(&self, rate: &Rate) -> Result<(), Duration> {
        self.limited_client().map_or(Ok(()), |ip| rate.take(client(ip), self.read_at()))
    }

    /// Whose request it is. Of a trusted proxy that names nobody, and of one of our own, none:
    /// behind those are many.
    fn limited_client(&self) -> Option<IpAddr> {
        if self.visitor.key.is_some() {
            return None;
        }
        if !self.trusts_peer() {
            return Some(self.visitor.peer.ip());
        }
        // What stands before the last one may be anybody's invention; but trusted proxies may be
        // in a row.
        let trusted = &self.table.plan().trusted_proxies;
        let is_proxy = |ip: IpAddr| trusted.contains(&ip.to_canonical());
        let all = self.head.values(self.input.unread(), Kind::XForwardedFor);
        let named = all.flat_map(|value| value.split(|byte| *byte == b',')).map(address);
        named.filter(|named| !named.is_some_and(is_proxy)).last()?
    }

    /// Says that there are too many, and when there will not be any more.
    #[cold]
    pub(super) async fn too_many_requests(&mut self, wait: Duration) -> Result<Next, End> {
        self.take_head();
        let why = Reason::TooManyRequests;
        self.refused(why);
        let page = problem_page(why.status(), why.word(), why.text());
        let after_s = wait.as_secs_f64().ceil().max(1.0).to_string();
        let html = ("Content-Type", "text/html; charset=utf-8");
        let word = (reason::FIELD, why.word());
        let fields = [html, NO_STORE, word, ("Retry-After", &after_s)];
        self.respond(why.status(), &fields, page.as_bytes()).await
    }
}

/// With a port, as some proxies write it, or without.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port)
}
