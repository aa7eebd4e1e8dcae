//! A small HTTP responder on its own thread that behaves well or badly, as told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

pub(super) const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// What it does with each request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    Delay(Duration),
    /// Answers at once, but for one pause after its first connection.
    Freeze {
        after: Duration,
        lasts: Duration,
    },
    Chunked,
    UntilClose,
    Interim,
    Status503,
    CloseAtOnce,
    CloseAfterAnswer,
    Truncate,
    Garbage,
    Silent,
}

pub(super) struct Responder {
    pub(super) address: SocketAddr,
    counts: Arc<Counts>,
    _stop: oneshot::Sender<()>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    answered: AtomicU64,
}

impl Responder {
    pub(super) fn start(behaviour: Behaviour) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::new(Counts::default());
        let (stop, stopped) = oneshot::channel();
        let counting = counts.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                tokio::select! {
                    () = accept(TcpListener::from_std(listener).unwrap(), behaviour, counting) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, counts, _stop: stop }
    }

    pub(super) fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::SeqCst)
    }

    pub(super) fn answered(&self) -> u64 {
        self.counts.answered.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, behaviour: Behaviour, counts: Arc<Counts>) {
    let mut begin = None;
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        counts.connections.fetch_add(1, Ordering::SeqCst);
        let begin = *begin.get_or_insert_with(Instant::now);
        tokio::spawn(serve(stream, behaviour, begin, counts.clone()));
    }
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour, begin: Instant, counts: Arc<Counts>) {
    let mut head = Vec::new();
    while read_head(&mut stream, &mut head).await {
        let (answer, keep): (&[u8], bool) = match behaviour {
            Behaviour::Delay(delay) => {
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                (PAGE, true)
            }
            Behaviour::Freeze { after, lasts } => {
                if (after..after + lasts).contains(&begin.elapsed()) {
                    tokio::time::sleep_until((begin + after + lasts).into()).await;
                }
                (PAGE, true)
            }
            Behaviour::Chunked => {
                (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", true)
            }
            Behaviour::UntilClose => (b"HTTP/1.1 200 OK\r\n\r\nhello", false),
            Behaviour::Interim => {
                (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true)
            }
            Behaviour::Status503 => {
                (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", true)
            }
            Behaviour::CloseAtOnce => (b"", false),
            Behaviour::CloseAfterAnswer => (PAGE, false),
            Behaviour::Truncate => (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", false),
            Behaviour::Garbage => (b"hello\r\n\r\n", false),
            Behaviour::Silent => std::future::pending().await,
        };
        counts.answered.fetch_add(1, Ordering::SeqCst);
        if stream.write_all(answer).await.is_err() || !keep {
            return;
        }
    }
}

/// Whether a whole head came; requests never have a body here.
async fn read_head(stream: &mut TcpStream, head: &mut Vec<u8>) -> bool {
    head.clear();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_buf(head).await {
            Ok(count) if count > 0 => {}
            _ => return false,
        }
    }
    true
}
