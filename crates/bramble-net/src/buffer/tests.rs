use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::task::Poll;

use proptest::prelude::*;

use super::*;
use crate::ledger::Ledger;

const SIZE: usize = 1024;
const LIMIT: usize = 4096;

/// What a peer or a reader does next.
#[derive(Clone, Debug)]
enum Step {
    Comes(usize),
    IsUsed(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![(1..2000_usize).prop_map(Step::Comes), (0..3000_usize).prop_map(Step::IsUsed)]
}

/// Every byte that came is unread until it is used, in its order, whatever memory it lay in.
async fn check(pool: Buffers, steps: Vec<Step>) {
    let (mut peer, ours) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let mut stream = Stream::from_socket(ours.into());
    let (mut buffer, mut expected, mut next) = (pool.buffer(), VecDeque::new(), 0_u8);
    for step in steps {
        match step {
            Step::Comes(n) => {
                let bytes: Vec<u8> = (0..n.min(LIMIT - expected.len()))
                    .map(|_| {
                        next = next.wrapping_add(1);
                        next
                    })
                    .collect();
                peer.write_all(&bytes).unwrap();
                expected.extend(bytes);
                while buffer.unread().len() < expected.len() {
                    poll_fn(|cx| buffer.poll_fill(cx, &mut stream, LIMIT)).await.unwrap();
                }
                // And once more, when there is nothing.
                let more = poll_fn(|cx| Poll::Ready(buffer.poll_fill(cx, &mut stream, LIMIT + 1)));
                assert!(more.await.is_pending());
            }
            Step::IsUsed(n) => {
                buffer.consume(n);
                expected.drain(..n.min(expected.len()));
            }
        }
        assert_eq!(buffer.unread(), expected.make_contiguous());
    }
}

proptest! {
    #[test]
    fn no_byte_is_lost_or_comes_twice(steps in prop::collection::vec(step(), 1..40), frugal: bool) {
        let pool = if frugal { Buffers::frugal(SIZE, &Ledger::unlimited()) } else { Buffers::new(SIZE, &Ledger::unlimited()) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(check(pool, steps));
    }
}

#[test]
fn a_frugal_buffer_that_waits_holds_little_more_than_has_come() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let (mut peer, ours) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut stream = Stream::from_socket(ours.into());
        let mut buffer = Buffers::frugal(16 * 1024, &Ledger::unlimited()).buffer();
        peer.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
        poll_fn(|cx| buffer.poll_fill(cx, &mut stream, LIMIT)).await.unwrap();
        let more = poll_fn(|cx| Poll::Ready(buffer.poll_fill(cx, &mut stream, LIMIT)));
        assert!(more.await.is_pending());
        assert_eq!(buffer.bytes.len(), FRUGAL_BYTES);
    });
}
