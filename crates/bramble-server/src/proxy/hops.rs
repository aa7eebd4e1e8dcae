//! Requests that go no further: we are the last hop that they may take, or they go in circles.

use bramble_http::Method;

use crate::connection::{Connection, End, Next, problem_page};
use crate::reason::{self, Reason};

/// What is passed on to others. TRACE is, too, but not answered here: whoever says a request
/// again tells secrets that were put into it on the way.
const ALLOW: (&str, &str) = ("Allow", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");

/// So often a request may have come by a bramble. A name that all have can't tell a circle from
/// a chain, but nobody chains so many; without this a circle ends only when the head is full,
/// after a hundred rounds, each with two connections.
const ROUNDS_MAX: usize = 8;

/// Answers a request that goes no further; none: it does.
pub(super) async fn answer(c: &mut Connection) -> Result<Option<Next>, End> {
    let buf = c.input.unread();
    if c.head.max_forwards(buf) == Some(0) {
        return last(c).await.map(Some);
    }
    if c.head.rounds(buf) >= ROUNDS_MAX {
        c.take_head();
        return c.problem(Reason::Circle).await.map(Some);
    }
    Ok(None)
}

/// As whom the request was for (RFC 9110 section 7.6.2).
async fn last(c: &mut Connection) -> Result<Next, End> {
    c.take_head();
    if c.head.method == Method::Options {
        return c.respond(204, &[ALLOW], b"").await;
    }
    let why = Reason::LastHop;
    c.refused(why);
    let page = problem_page(why.status(), why.word(), why.text());
    let html = ("Content-Type", "text/html; charset=utf-8");
    c.respond(why.status(), &[html, (reason::FIELD, why.word()), ALLOW], page.as_bytes()).await
}
