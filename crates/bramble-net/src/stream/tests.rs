use std::future::poll_fn;
use std::io::{IoSlice, Write};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use crate::{ListenSocket, Listener, Stream};

fn listen() -> Listener {
    let socket = ListenSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    Listener::share(&socket).unwrap()
}

pub(super) async fn pair() -> (Stream, Stream) {
    let listener = listen();
    let (client, server) =
        tokio::join!(Stream::connect(listener.address(), None), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

#[tokio::test]
async fn bytes_go_both_ways() {
    let (mut client, mut server) = pair().await;
    let mut buf = [0; 16];
    client.write_all(b"ping").await.unwrap();
    assert_eq!(server.read(&mut buf).await.unwrap(), 4);
    server.write_all(b"pong!").await.unwrap();
    assert_eq!(client.read(&mut buf).await.unwrap(), 5);
    assert_eq!(&buf[..5], b"pong!");
}

#[tokio::test]
async fn an_end_that_comes_with_the_last_bytes_is_seen() {
    let (mut client, mut server) = pair().await;
    let mut buf = [0; 16];
    client.write_all(b"bye").await.unwrap();
    client.shutdown_write();
    assert_eq!(server.read(&mut buf).await.unwrap(), 3);
    assert_eq!(server.read(&mut buf).await.unwrap(), 0);
}

#[tokio::test]
async fn an_idle_connection_is_not_stale_for_what_epoll_told_of_and_was_read_unasked() {
    const A_TURN: Duration = Duration::from_millis(5);
    let (mut client, mut server) = pair().await;
    let mut full = [0; 1];
    let (read, ()) = tokio::join!(server.read(&mut full), async {
        tokio::time::sleep(A_TURN).await;
        client.write_all(b"12").await.unwrap();
    });
    assert_eq!(read.unwrap(), 1);
    // A full buffer is read on from without asking, whatever epoll has told meanwhile.
    client.write_all(b"34").await.unwrap();
    tokio::time::sleep(A_TURN).await;
    assert_eq!(server.read(&mut [0; 64]).await.unwrap(), 3);
    tokio::time::sleep(A_TURN).await;
    assert!(!server.is_stale());
    client.write_all(b"out of turn").await.unwrap();
    tokio::time::sleep(A_TURN).await;
    assert!(server.is_stale());
}

#[tokio::test]
async fn more_than_the_buffers_hold_arrives_whole() {
    let (mut client, mut server) = pair().await;
    let sent: Vec<u8> = (0..8_000_000_u32).map(|i| (i % 251) as u8).collect();
    let (_, received) = tokio::join!(
        async {
            client.write_all(&sent).await.unwrap();
            client.shutdown_write();
        },
        async {
            let (mut all, mut buf) = (Vec::new(), vec![0; 65_536]);
            loop {
                match server.read(&mut buf).await.unwrap() {
                    0 => return all,
                    n => all.extend_from_slice(&buf[..n]),
                }
            }
        }
    );
    assert!(received == sent);
}

#[tokio::test]
async fn files_are_sent_from_an_offset() {
    let (mut client, mut server) = pair().await;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"0123456789").unwrap();
    let mut offset = 4;
    let sent = poll_fn(|cx| server.poll_send_file(cx, &file, &mut offset, 5)).await.unwrap();
    let mut buf = [0; 16];
    let n = client.read(&mut buf).await.unwrap();
    assert_eq!((sent, offset, &buf[..n]), (5, 9, &b"45678"[..]));
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_is_stale() {
    let (mut client, mut server) = pair().await;
    client.try_write(&[IoSlice::new(b"x")]).unwrap();
    server.read(&mut [0; 8]).await.unwrap();
    assert!(!server.is_stale());
    drop(client);
    for _ in 0..1000 {
        if server.is_stale() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the close was never noticed");
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let address = listen().address();
    let refused = Stream::connect(address, None).await.map(drop).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

/// Whether the peer of this one is known to be gone, of whom so much is missing.
async fn is_gone(stream: &mut Stream, missing: u64) -> bool {
    poll_fn(|cx| Poll::Ready(stream.poll_gone(cx, missing).is_ready())).await
}

/// Waits until it is; what was told of is not told again.
async fn gone(stream: &mut Stream, missing: u64) {
    let gone = poll_fn(|cx| stream.poll_gone(cx, missing));
    // A timeout would look once more at its end, and so do without being woken.
    tokio::select! {
        biased;
        () = tokio::time::sleep(Duration::from_secs(10)) => panic!("it is not noticed"),
        () = gone => {}
    }
}

#[tokio::test]
async fn a_reset_is_noticed_by_whoever_does_not_read() {
    let (mut client, mut server) = pair().await;
    client.write_all(b"whole").await.unwrap();
    assert!(!is_gone(&mut server, 0).await);
    client.reset_when_closed();
    drop(client);
    gone(&mut server, 0).await;
}

#[tokio::test]
async fn an_end_behind_what_nobody_reads_wakes_whoever_can_not_write_either() {
    const A_TURN: Duration = Duration::from_millis(5);
    let (mut client, mut server) = pair().await;
    let full = poll_fn(|cx| {
        while server.poll_write(cx, &[IoSlice::new(&[0; 65_536])]).map(Result::unwrap).is_ready() {}
        Poll::<()>::Pending
    });
    let _ = tokio::time::timeout(Duration::from_millis(200), full).await;
    client.write_all(b"12345").await.unwrap();
    tokio::time::sleep(A_TURN).await;
    assert!(!is_gone(&mut server, 6).await);
    tokio::time::sleep(A_TURN).await;
    tokio::join!(gone(&mut server, 6), async {
        tokio::time::sleep(A_TURN).await;
        client.shutdown_write();
    });
    assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 5);
}

#[tokio::test]
async fn one_that_can_not_be_watched_is_not_lost() {
    // Epoll takes no files, as it takes nothing more when its limit is reached.
    let mut stream = Stream::from_socket(tempfile::tempfile().unwrap().into());
    assert!(!is_gone(&mut stream, 1).await);
    assert!(stream.fd().is_ok());
}

#[tokio::test]
async fn an_end_behind_which_something_is_missing_is_one_and_no_other() {
    let (mut client, mut server) = pair().await;
    client.write_all(b"12345").await.unwrap();
    assert!(!is_gone(&mut server, 6).await);
    client.shutdown_write();
    gone(&mut server, 6).await;
    assert!(!is_gone(&mut server, 5).await, "all of it is here");
    let mut buf = [0; 16];
    assert_eq!(server.read(&mut buf).await.unwrap(), 5);
    server.write_all(b"an answer").await.unwrap();
    assert_eq!(client.read(&mut buf).await.unwrap(), 9);
}
