//! What is known of a client between two requests, besides its stream.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_net::tls::KeyId;

use crate::core::Core;
use crate::handover::Words;
use crate::place::Place;
use crate::table::Table;

/// A client that has a connection.
pub(crate) struct Visitor {
    pub(crate) place: Place,
    pub(crate) peer: SocketAddr,
    /// Name of the listener that it came by.
    pub(crate) listener: Rc<str>,
    /// What it showed under TLS.
    pub(crate) key: Option<KeyId>,
    /// Requests so far.
    pub(crate) requests: u32,
}

impl Visitor {
    /// One of an older process, and until when its next request is waited for. None: it came by a
    /// listener that is another now.
    pub(crate) fn adopted(
        core: &Rc<Core>,
        table: &Table,
        words: &Words,
    ) -> Option<(Self, Instant)> {
        let listener = table.plain_listener(&words.listener)?;
        let place = Place::adopted(core, table, words.peer.ip());
        let due = Instant::now() + Duration::from_millis(words.idle_ms).min(table.times.idle);
        let Words { peer, requests, .. } = *words;
        Some((Self { place, peer, listener, key: None, requests }, due))
    }

    /// For a newer process.
    pub(crate) fn words(&self, due: Instant) -> Words {
        let idle = due.saturating_duration_since(Instant::now());
        Words {
            peer: self.peer,
            listener: self.listener.to_string(),
            requests: self.requests,
            idle_ms: u64::try_from(idle.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
