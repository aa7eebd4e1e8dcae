//! What is known of a client between two requests, besides its stream.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bramble_net::tls::KeyId;

use crate::core::Core;
use crate::handover::Words;
use crate::meters::Counted;
use crate::place::Place;
use crate::reason::Event;
use crate::table::{Listener, Table};

/// A client that has a connection.
pub(crate) struct Visitor {
    pub(crate) place: Place,
    pub(crate) peer: SocketAddr,
    /// By which it came.
    pub(crate) listener: Rc<Listener>,
    /// What it showed under TLS.
    pub(crate) key: Option<KeyId>,
    /// Requests so far.
    pub(crate) requests: u32,
    _counted: Counted,
}

impl Visitor {
    /// One that has just come.
    pub(crate) fn new(
        place: Place,
        peer: SocketAddr,
        listener: Rc<Listener>,
        key: Option<KeyId>,
    ) -> Self {
        let counted = listener.meter.connected();
        Self { place, peer, listener, key, requests: 0, _counted: counted }
    }

    /// One of an older process, and until when its next request is waited for.
    ///
    /// # Errors
    /// It came by a listener that is another now, or all places are taken.
    pub(crate) fn adopted(
        core: &Rc<Core>,
        table: &Table,
        words: &Words,
    ) -> Result<(Self, Instant), Event> {
        let listener = table.plain_listener(&words.listener).ok_or(Event::ListenerGone)?;
        let place = Place::adopted(core, table, words.peer.ip())?;
        let due = Instant::now() + Duration::from_millis(words.idle_ms).min(table.times.idle);
        let visitor = Self::new(place, words.peer, listener, None);
        Ok((Self { requests: words.requests, ..visitor }, due))
    }

    /// For a newer process.
    pub(crate) fn words(&self, due: Instant) -> Words {
        let idle = due.saturating_duration_since(Instant::now());
        Words {
            peer: self.peer,
            listener: self.listener.name.to_string(),
            requests: self.requests,
            idle_ms: u64::try_from(idle.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
