//! Accepting connections on one core, each of which is then served by a task of its own.
//!
//! Knows who may have a place, not what is done with one.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bramble_net::{ListenSocket, Listener, Stream};
use tokio::task::{JoinHandle, spawn_local};

use crate::connection;
use crate::contained::contained;
use crate::core::Core;
use crate::place::Place;
use crate::reason::Event;
use crate::visitor::Visitor;

/// Pause when descriptors or memory have run out, so that nothing spins.
const PAUSE: Duration = Duration::from_millis(50);

/// A core accepts from one socket until this is dropped.
pub(crate) struct Accepting(JoinHandle<()>);

impl Accepting {
    pub(crate) fn start(core: Rc<Core>, socket: Arc<ListenSocket>) -> Self {
        Self(spawn_local(keep_accepting(core, socket)))
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn keep_accepting(core: Rc<Core>, socket: Arc<ListenSocket>) {
    let listener = loop {
        match Listener::share(&socket) {
            Ok(listener) => break listener,
            Err(error) => pause(&core, &error).await,
        }
    };
    // The descriptor that this core has of it is enough.
    drop(socket);
    while contained(&core.counters, "accepting", pin!(accept(&core, &listener))).await.is_err() {}
}

async fn accept(core: &Rc<Core>, listener: &Listener) {
    loop {
        // A flood of connections is no reason to let those that are here wait.
        tokio::task::coop::consume_budget().await;
        match listener.accept().await {
            Ok((stream, peer)) => admit(core, stream, peer, listener.address()),
            Err(error) => pause(core, &error).await,
        }
    }
}

/// Serves a newcomer if there is a place.
fn admit(core: &Rc<Core>, stream: Stream, peer: SocketAddr, at: SocketAddr) {
    match Place::take(core, peer.ip()) {
        Ok(place) => drop(spawn_local(serve(place, stream, peer, at))),
        // Of those that have just come none waits yet: they have their turn before this one.
        Err(Event::Connections) => drop(spawn_local(serve_late(core.clone(), stream, peer, at))),
        Err(event) => core.counters.refused(event),
    }
}

/// There are no more of these at a time than connections are accepted in one turn.
async fn serve_late(core: Rc<Core>, stream: Stream, peer: SocketAddr, at: SocketAddr) {
    let take = pin!(async { Place::take(&core, peer.ip()) });
    match contained(&core.counters, "accepting", take).await {
        Ok(Ok(place)) => serve(place, stream, peer, at).await,
        Ok(Err(event)) => core.counters.refused(event),
        Err(_) => {}
    }
}

/// Serves whoever speaks again after a silence.
pub(crate) async fn keep_waking(core: Rc<Core>) {
    loop {
        match core.parking.woken().await {
            Ok(woken) => woken.into_iter().for_each(|(stream, visitor)| {
                drop(spawn_local(resume(visitor, stream)));
            }),
            Err(error) => pause(&core, &error).await,
        }
        // Those that have gone are done before the next are woken.
        tokio::task::yield_now().await;
    }
}

async fn resume(visitor: Visitor, stream: Stream) {
    let core = visitor.place.core.clone();
    let work = pin!(connection::resume(visitor, stream, None));
    let _ = contained(&core.counters, "a connection's work", work).await;
}

async fn serve(place: Place, stream: Stream, peer: SocketAddr, at: SocketAddr) {
    let core = place.core.clone();
    let work = pin!(connection::serve(place, stream, peer, at));
    // What there is to say of a panic has been said.
    let _ = contained(&core.counters, "a connection's work", work).await;
}

async fn pause(core: &Core, error: &io::Error) {
    core.counters.refused(fault(error));
    tokio::time::sleep(PAUSE).await;
}

fn fault(error: &io::Error) -> Event {
    match error.raw_os_error() {
        Some(23 | 24) => Event::Descriptors,
        _ => Event::Accept,
    }
}
