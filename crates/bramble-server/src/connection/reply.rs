//! Answers of our own: a page, an error in words, a redirect.

use std::io::IoSlice;

use bramble_http::{Reject, simple_response};

use super::{Connection, End, NO_STORE, Next};
use crate::balance::report;
use crate::reason::{self, Event, Reason};
use crate::wait;

/// What is read of a body whose client is turned away.
const UNREAD_BYTES: usize = 4096;

impl Connection {
    /// Sends a whole answer of our own.
    pub(crate) async fn respond(
        &mut self,
        status: u16,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Next, End> {
        let next = self.next();
        let (date, load) = (self.core.date(), self.load());
        let mut all = vec![("Date", &*date)];
        all.extend_from_slice(fields);
        all.extend(load.as_ref().map(|load| (report::FIELD, load.as_str())));
        let (keep_alive, is_head) = (next == Next::Request, self.is_head());
        self.out.clear();
        simple_response(&mut self.out, status, &all, body, keep_alive, is_head);
        self.answered(status);
        self.send_out(&[]).await?;
        Ok(next)
    }

    /// Sends an error page in words.
    pub(crate) async fn problem(&mut self, why: Reason) -> Result<Next, End> {
        self.refused(why);
        let page = problem_page(why.status(), why.word(), why.text());
        let html = ("Content-Type", "text/html; charset=utf-8");
        let word = (reason::FIELD, why.word());
        let fields = [html, NO_STORE, word, ("Retry-After", "1")];
        let fields = if why.status() == 503 { &fields[..] } else { &fields[..3] };
        self.respond(why.status(), fields, page.as_bytes()).await
    }

    /// Tells a client so that is ended for others, as far as that takes no memory and no time.
    pub(super) fn turn_away(&mut self) {
        self.refused(Event::Evicted);
        // What it has said would make the end a reset, which overtakes the answer.
        let _ = self.stream.try_read(&mut [0; UNREAD_BYTES]);
        let (core, is_head) = (self.core.clone(), self.is_head());
        let answer = core.busy.answer(is_head);
        let sent = self.stream.try_write(&[IoSlice::new(answer)]).unwrap_or(0);
        if sent > 0 {
            self.answered(Reason::Busy.status());
            self.sent(sent);
        }
        if sent < answer.len() {
            // What it does not take would keep the kernel's memory for minutes.
            self.stream.reset_when_closed();
        }
    }

    /// Says what is wrong with a message that was refused.
    pub(super) async fn refuse(&mut self, reject: Reject) -> Result<Next, End> {
        self.refused(reject);
        self.head.keep_alive = false;
        let page = problem_page(reject.status(), reject.reason(), &reject.to_string());
        let html = ("Content-Type", "text/html; charset=utf-8");
        let fields = [html, NO_STORE, (reason::FIELD, reject.reason())];
        self.respond(reject.status(), &fields, page.as_bytes()).await
    }

    /// Sends the head in `out` with the first part of a body.
    pub(crate) async fn send_out(&mut self, body: &[u8]) -> Result<(), End> {
        let parts = [&self.out[..], body, &[]];
        let sent = wait::send(&mut self.stream, parts, &self.timer, &mut self.reading).await?;
        self.sent(sent);
        Ok(())
    }
}

/// An error page in words, for people, with the one word for whoever they ask.
pub(crate) fn problem_page(status: u16, word: &str, why: &str) -> String {
    let reason = bramble_http::reason_phrase(status);
    let why = why.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{status} {reason}</title>\
         <h1>{status} {reason}</h1><p>{why}</p><p><small>{word}</small></p></html>\n"
    )
}
