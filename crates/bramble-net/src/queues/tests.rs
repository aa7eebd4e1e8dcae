use std::future::poll_fn;
use std::io::{IoSlice, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::ledger::Budget;
use crate::stream::Stream;

const MIB: u64 = 1024 * 1024;

fn with_ceiling(ceiling: u64) -> (Rc<Ledger>, Rc<Queues>) {
    let ledger = Ledger::new(Arc::new(Budget::new(ceiling)));
    (ledger.clone(), Queues::new(ledger))
}

fn held(ledger: &Ledger, what: Use) -> u64 {
    ledger.held().find(|(found, _)| *found == what).unwrap().1
}

/// Ours, which is counted, and the peer's.
fn pair(queues: &Rc<Queues>) -> (Stream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut ours = Stream::from_socket(socket.into());
    ours.count_in(queues);
    (ours, peer)
}

/// Writes until nothing more fits.
fn fill(stream: &mut Stream) -> usize {
    let mut cx = Context::from_waker(Waker::noop());
    let mut written = 0;
    while let Poll::Ready(n) = stream.poll_write(&mut cx, &[IoSlice::new(&[0; 65536])]) {
        written += n.unwrap();
    }
    written
}

#[tokio::test]
async fn what_a_peer_does_not_take_is_entered_at_once_and_given_back() {
    let (ledger, queues) = with_ceiling(u64::MAX);
    let (mut ours, mut peer) = pair(&queues);
    assert_eq!(held(&ledger, Use::Connections), SOCKET_BYTES);
    assert!(queues.is_empty());
    let written = fill(&mut ours) as u64;
    let entered = held(&ledger, Use::Sockets);
    assert!(entered > written / 2, "{entered} of {written}");
    // The peer takes all, and the next look sees that.
    let mut bytes = vec![0; usize::try_from(written).unwrap()];
    peer.read_exact(&mut bytes).unwrap();
    poll_fn(|cx| ours.poll_write(cx, &[IoSlice::new(b"x")])).await.unwrap();
    queues.look();
    assert!(held(&ledger, Use::Sockets) < entered / 8);
    drop(ours);
    assert!(ledger.held().all(|(_, bytes)| bytes == 0) && queues.is_empty());
}

#[tokio::test]
async fn what_comes_for_nobody_is_expected_until_it_is_looked_at() {
    let (ledger, queues) = with_ceiling(u64::MAX);
    let (mut ours, _peer) = pair(&queues);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(ours.poll_read(&mut cx, &mut [0; 16]).is_pending());
    ours.will_fill(1000);
    assert_eq!(held(&ledger, Use::Sockets), 1000);
    // Not again in the same round; a socket takes no more than it has room for.
    ours.will_fill(5000);
    assert_eq!(held(&ledger, Use::Sockets), 1000);
    queues.look();
    assert_eq!(held(&ledger, Use::Sockets), 0);
    ours.will_fill(u64::MAX);
    assert!((1000..64 * MIB).contains(&held(&ledger, Use::Sockets)));
}

#[tokio::test]
async fn where_memory_is_tight_a_socket_gets_less_room() {
    let (ledger, queues) = with_ceiling(u64::MAX);
    let (mut easy, _peer) = pair(&queues);
    let written = fill(&mut easy);
    ledger.budget().set_ceiling(0);
    let (mut tight, _peer) = pair(&queues);
    // It has had to wait: from then on it has the room that there is.
    let mut cx = Context::from_waker(Waker::noop());
    assert!(tight.poll_read(&mut cx, &mut [0; 16]).is_pending());
    let fewer = fill(&mut tight);
    assert!(fewer * 4 < written, "{fewer}, {written} before");
}

#[test]
fn a_connection_to_a_backend_has_its_share_of_the_ceiling() {
    let check = |ceiling, expected| assert_eq!(with_ceiling(ceiling).1.link_bytes(), expected);
    check(MIB, Some(TIGHT_BYTES));
    check(1024 * MIB, Some(64 * 1024));
    check(8192 * MIB, None);
}
