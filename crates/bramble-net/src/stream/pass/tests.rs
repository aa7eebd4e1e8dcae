use std::future::poll_fn;
use std::time::Duration;

use super::Passed;
use crate::Stream;
use crate::stream::tests::pair;

/// A peer, the two ends that pass on what it sends, and who gets it.
async fn relay() -> (Stream, Stream, Stream, Stream) {
    let ((peer, from), (to, reader)) = tokio::join!(pair(), pair());
    (peer, from, to, reader)
}

async fn pass(from: &mut Stream, to: &mut Stream, left: usize, memory: &mut [u8]) -> Passed {
    poll_fn(|cx| from.poll_pass(cx, to, left, memory)).await.unwrap()
}

#[tokio::test]
async fn what_has_come_goes_on() {
    let (mut peer, mut from, mut to, mut reader) = relay().await;
    let mut buf = [0; 16];
    for word in [&b"one"[..], b"two", b"three"] {
        peer.write_all(word).await.unwrap();
        let passed = pass(&mut from, &mut to, 100, &mut [0; 100]).await;
        assert_eq!((passed.seen, passed.taken.unwrap()), (word.len(), word.len()));
        assert_eq!(reader.read(&mut buf).await.unwrap(), word.len());
        assert_eq!(&buf[..word.len()], word);
    }
    peer.shutdown_write();
    assert_eq!(pass(&mut from, &mut to, 100, &mut [0; 100]).await.seen, 0);
}

#[tokio::test]
async fn what_follows_is_seen_and_left() {
    let (mut peer, mut from, mut to, mut reader) = relay().await;
    peer.write_all(b"answer+").await.unwrap();
    let passed = pass(&mut from, &mut to, 6, &mut [0; 7]).await;
    assert_eq!((passed.seen, passed.taken.unwrap()), (7, 6));
    let mut buf = [0; 16];
    assert_eq!(reader.read(&mut buf).await.unwrap(), 6);
    assert_eq!(from.read(&mut buf).await.unwrap(), 1);
    assert_eq!(&buf[..1], b"+");
}

#[tokio::test]
async fn what_is_not_taken_stays() {
    let (mut peer, mut from, mut to, mut reader) = relay().await;
    let mut memory = vec![0; 64 * 1024];
    let (sent, passed) = tokio::join!(
        async {
            let (mut left, part) = (16 << 20, vec![b'x'; 64 * 1024]);
            while left > 0 {
                peer.write_all(&part).await.unwrap();
                left -= part.len();
            }
            peer.shutdown_write();
        },
        async {
            let mut got = 0;
            let mut buf = vec![0; 8 * 1024];
            let mut passed = 0;
            loop {
                let one = pass(&mut from, &mut to, memory.len(), &mut memory).await;
                match one.taken {
                    _ if one.seen == 0 => break,
                    Ok(n) => passed += n,
                    // Nobody reads before nothing more goes.
                    Err(_) => {
                        got += reader.read(&mut buf).await.unwrap();
                        tokio::time::timeout(Duration::ZERO, to.writable()).await.ok();
                    }
                }
            }
            to.shutdown_write();
            while let n @ 1.. = reader.read(&mut buf).await.unwrap() {
                got += n;
            }
            assert_eq!(got, passed);
            passed
        }
    );
    let () = sent;
    assert_eq!(passed, 16 << 20);
}
