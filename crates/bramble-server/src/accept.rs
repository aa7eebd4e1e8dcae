//! Accepting connections on one core, each of which is then served by a task of its own.
//!
//! Knows who may have a place, not what is done with one.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bramble_net::{Grant, ListenSocket, Listener, Stream, Use};
use tokio::task::{JoinHandle, spawn_local};

use crate::connection;
use crate::contained::contained;
use crate::core::Core;
use crate::ledger;
use crate::place::Place;
use crate::reason::Event;
use crate::visitor::Visitor;

/// Pause when descriptors or memory have run out, so that nothing spins.
const PAUSE: Duration = Duration::from_millis(50);

/// Of a connection's task, beside what it is made of: its places in the loop, in epoll and among
/// the timers, and what it keeps of heads.
const TASK_BYTES: u64 = 1024;

/// What is read of a request that is refused at the door.
const REFUSED_HEAD_BYTES: usize = 4096;

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
            Ok((mut stream, peer)) => {
                stream.count_in(&core.queues);
                if ledger::is_full(core) {
                    admit_late(core, stream, peer, listener.address()).await;
                } else {
                    admit(core, stream, peer, listener.address());
                }
            }
            Err(error) => pause(core, &error).await,
        }
    }
}

/// Serves a newcomer if there is a place.
fn admit(core: &Rc<Core>, stream: Stream, peer: SocketAddr, at: SocketAddr) {
    match Place::take(core, peer.ip()) {
        Ok(place) => spawn(core, |grant| serve(grant, place, stream, peer, at)),
        // Of those that have just come none waits yet: they have their turn before this one.
        Err(Event::Connections) => {
            spawn(core, |grant| serve_late(grant, core.clone(), stream, peer, at));
        }
        Err(event) => refuse(core, stream, at, event),
    }
}

/// Serves a newcomer once others have made room, if they can; nobody else is accepted meanwhile. In a
/// task of its own: a listener may go, and whoever has come by it stays.
#[cold]
async fn admit_late(core: &Rc<Core>, stream: Stream, peer: SocketAddr, at: SocketAddr) {
    let core = core.clone();
    let admitted = spawn_local(async move {
        ledger::room_for_newcomer(&core, peer.ip()).await;
        admit(&core, stream, peer, at);
    });
    // What there is to say of a panic has been said.
    let _ = admitted.await;
}

/// Starts a connection's task, whose memory is entered in the ledger for as long as it lives.
fn spawn<W: Future<Output = ()> + 'static>(core: &Core, work: impl FnOnce(Grant) -> W) {
    spawn_local(work(grant::<W>(core, TASK_BYTES)));
}

fn boxed<W: Future>(core: &Core, work: impl FnOnce(Grant) -> W) -> Pin<Box<W>> {
    Box::pin(work(grant::<W>(core, 0)))
}

/// For a piece of work, with what else it takes.
fn grant<W>(core: &Core, more: u64) -> Grant {
    core.ledger.grant(Use::Connections, more + size_of::<W>() as u64)
}

/// Tells whoever has no place so, as far as that takes no memory and no time.
fn refuse(core: &Core, mut stream: Stream, at: SocketAddr, why: Event) {
    core.counters.refused(why);
    let is_plain = core.table().is_some_and(|table| table.is_plain_at(at));
    // What it has said would make the end a reset, which overtakes the answer.
    let mut said = [0; REFUSED_HEAD_BYTES];
    if is_plain && let Ok(n) = stream.try_read(&mut said) {
        let is_head = said.get(..n).is_some_and(|said| said.starts_with(b"HEAD "));
        // Whether it gets that makes no difference here.
        let _ = stream.try_write(&[IoSlice::new(core.busy.answer(is_head))]);
    }
}

/// There are no more of these at a time than connections are accepted in one turn.
async fn serve_late(
    _grant: Grant,
    core: Rc<Core>,
    stream: Stream,
    peer: SocketAddr,
    at: SocketAddr,
) {
    let take = pin!(async { Place::take(&core, peer.ip()) });
    match contained(&core.counters, "accepting", take).await {
        Ok(Ok(place)) => {
            // Boxed: those who are refused need not be as large.
            boxed(&core, |grant| serve(grant, place, stream, peer, at)).await;
        }
        Ok(Err(event)) => refuse(&core, stream, at, event),
        Err(_) => {}
    }
}

/// Serves whoever speaks again after a silence.
pub(crate) async fn keep_waking(core: Rc<Core>) {
    loop {
        match core.parking.woken().await {
            Ok(woken) => woken.into_iter().for_each(|(stream, visitor)| {
                spawn(&core, |grant| resume(grant, visitor, stream));
            }),
            Err(error) => pause(&core, &error).await,
        }
        // Those that have gone are done before the next are woken.
        tokio::task::yield_now().await;
    }
}

async fn resume(_grant: Grant, visitor: Visitor, stream: Stream) {
    let core = visitor.place.core.clone();
    let work = pin!(connection::resume(visitor, stream, None));
    let _ = contained(&core.counters, "a connection's work", work).await;
}

async fn serve(_grant: Grant, place: Place, stream: Stream, peer: SocketAddr, at: SocketAddr) {
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
