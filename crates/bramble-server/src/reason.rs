//! The documented words: why we answered with an error, and what else we count.
//!
//! Each 4xx and 5xx that we make has one of them, in its page and in the field
//! `Bramble-Reason`; counters and logs have the same. Those for messages that were refused are
//! the reader's (`bramble_http::Reject`). [`reference`] is the list for people.

use std::fmt::Write;

use bramble_http::Reject;

/// The field that tells a program why.
pub(crate) const FIELD: &str = "Bramble-Reason";

/// A word of the list; there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) &'static str);

/// Writes an enum and its tables from one list, so that nothing can lack a part.
macro_rules! reasons {
    ($($name:ident $status:literal $word:literal $text:literal)*) => {
        /// Why an answer is an error of our own making.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Reason {
            $(#[doc = $text] $name,)*
        }

        impl Reason {
            const ALL: &[Self] = &[$(Self::$name,)*];

            pub(crate) fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// For visitors, who know of no backends.
            pub(crate) fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

macro_rules! events {
    ($($name:ident $word:literal $text:literal)*) => {
        /// What is counted beside the answers: connections that were refused or ended, limits
        /// that were met without an error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Event {
            $(#[doc = $text] $name,)*
        }

        impl Event {
            const ALL: &[Self] = &[$(Self::$name,)*];

            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    MalformedPath 400 "malformed_path" "The address is not well-formed."
    NothingPublished 404 "nothing_published" "Nothing is published here."
    NoSuchPage 404 "no_such_page" "There is no page at this address."
    ReadOnly 405 "read_only" "This address can be read, and nothing else."
    LastHop 405 "last_hop" "This request may go no further, and is not answered here."
    PreconditionFailed 412 "precondition_failed" "What is here is not what you expected; look at it again."
    RangeNotSatisfiable 416 "range_not_satisfiable" "None of the bytes that you ask for is there."
    HttpsOverPlain 421 "https_over_plain" "An https address can't be asked for over a connection without TLS."
    TooManyRequests 429 "too_many_requests" "There are too many requests from your address. Please try again in a moment."
    HeadTimeout 408 "head_timeout" "The request did not arrive in time."
    BodyTimeout 408 "body_timeout" "The rest of the request did not arrive in time."
    BodyRate 408 "body_rate" "The request arrived too slowly."
    FileUnreadable 500 "file_unreadable" "The page can't be read right now."
    BackendAnswer 502 "backend_answer" "The site gave no valid answer."
    BackendInterim 502 "backend_interim" "The site gave no valid answer, but too many interim ones."
    BackendClosed 502 "backend_closed" "The site gave no whole answer."
    BackendSend 502 "backend_send" "The site did not take all of the request."
    BackendConnect 503 "backend_connect" "The site can't be reached right now. Please try again in a moment."
    BackendConnectTimeout 503 "backend_connect_timeout" "The site can't be reached in time. Please try again in a moment."
    NoBackend 503 "no_backend" "No backend of this site can be reached."
    NoSessionBackend 503 "no_session_backend" "What you have begun can't go on right now. Please try again in a moment."
    Busy 503 "busy" "There are too many visitors right now. Please try again in a moment."
    LocalResources 503 "local_resources" "There are too many visitors right now. Please try again in a moment."
    Overloaded 503 "overloaded" "There are too many visitors right now. Please try again in a moment."
    NoSuchRelease 503 "no_such_release" "This release of the site is not here yet."
    RequestTimeout 504 "request_timeout" "The request took too long, all in all."
    BackendTimeout 504 "backend_timeout" "The site took too long to answer."
    Circle 508 "circle" "This address leads in a circle."
}

events! {
    Accept "accept" "accepting a connection failed"
    Descriptors "descriptors" "a connection had to wait: no descriptors were left"
    Connections "connections" "a connection got a 503 at once: `connections` were open, and none of them could make room"
    ConnectionsPerClient "connections_per_client" "a connection got a 503 at once: its client had `connections_per_client`"
    Memory "memory" "a connection got a 503 at once: all of `memory_bytes` was held, and nobody could make room"
    Evicted "evicted" "a connection that waited for a request or for its slow client, or whose body its backend did not take, was closed for others: `connections` were open, or all of `memory_bytes` was held; a body whose answer had not begun got a 503 (`busy`) where it could be told"
    RequestsPerConnection "requests_per_connection" "a connection was closed after `requests_per_connection`"
    IdleTimeout "idle_timeout" "a connection was closed after `idle_ms` without a request"
    ListenerGone "listener_gone" "a client of an older process was closed: the listener that it came by is not there any more, or has TLS now"
    NotParked "not_parked" "a silent connection was closed: the kernel has no memory left to watch it, or its client does not even read what TLS has to say"
    TlsHandshake "tls_handshake" "a connection ended within its TLS handshake"
    ClientGone "client_gone" "a client closed or reset its connection in the middle of a request"
    ClientTimeout "client_timeout" "an answer was broken off: its client neither read nor sent for `body_ms`"
    ClientRate "client_rate" "an answer was broken off: its client read more slowly than `body_bytes_per_s`"
    AnswerCut "answer_cut" "an answer broke off: its connection was closed, so that the client knows"
    DrainBytes "drain_bytes" "a body that was not wanted was longer than `drain_bytes`"
    DrainTimeout "drain_timeout" "a body that was not wanted did not end within `drain_ms`"
    IdleBackendConnections "idle_backend_connections" "a connection to a backend was closed: `idle_backend_connections` were idle"
    TunnelIdle "tunnel_idle" "nothing moved in a tunnel for `tunnel_ms`"
    Ranges "ranges" "more ranges were asked for than are sent: the whole file was"
    AccessLog "access_log" "a line of the access log was dropped: its disk is slow or full, and `buffer_bytes` wait for it"
    ErrorPage "error_page" "a site's own page for a status is not there: ours was sent"
}

impl From<Reject> for Word {
    fn from(reject: Reject) -> Self {
        Self(reject.reason())
    }
}

impl From<Reason> for Word {
    fn from(reason: Reason) -> Self {
        Self(reason.word())
    }
}

impl From<Event> for Word {
    fn from(event: Event) -> Self {
        Self(event.word())
    }
}

/// The page in Markdown, as it lies in `docs/reasons.md`.
#[must_use]
pub fn reference() -> String {
    let mut page = String::from(HEAD);
    let refused = Reject::ALL.iter().map(|r| (r.status(), r.reason(), r.to_string()));
    page.push_str(REFUSED);
    refused.for_each(|(status, word, text)| line(&mut page, status, word, &text));
    page.push_str(ANSWERS);
    Reason::ALL.iter().for_each(|r| line(&mut page, r.status(), r.word(), r.text()));
    page.push_str(EVENTS);
    for event in Event::ALL {
        // Writing to a String can't fail.
        let _ = writeln!(page, "| `{}` | {} |", event.word(), event.text());
    }
    page
}

fn line(page: &mut String, status: u16, word: &str, text: &str) {
    let _ = writeln!(page, "| `{word}` | {status} | {text} |");
}

const HEAD: &str = "\
# Reasons

Generated from `crates/bramble-server/src/reason.rs` and `crates/bramble-http/src/reject.rs` by
`cargo run --package bramble-server --example reasons > docs/reasons.md`; edit it there.

Every error that bramble answers with by itself has one word from this page: in the field
`Bramble-Reason`, at the foot of its page (unless the site has a page of its own) and as a counter
under `refused` in `bramble status --json`; `bramble run` logs its counts when it stops. An error
without that field comes from a backend.
";

const REFUSED: &str = "
## Messages that are refused

After one of these the connection is closed, since nothing on it can be trusted. Where the message
was a backend's answer the client gets a 502 instead.

| word | status | meaning |
|---|---|---|
";

const ANSWERS: &str = "
## Other errors

| word | status | what the visitor is told |
|---|---|---|
";

const EVENTS: &str = "
## What is counted beside them

| word | meaning |
|---|---|
";

#[cfg(test)]
mod tests;
