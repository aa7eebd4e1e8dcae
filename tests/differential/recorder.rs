//! The backend: it keeps every byte that reaches it, and helps nobody.
//!
//! It answers a request only when the strictest reading finds one whole, and says 400 when there
//! can't be one. Of what is open it knows the bytes, not which case they belong to: a lane runs
//! one case after the other and takes what came between.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::Address;

use crate::judges::{Message, whole_request};

/// How long a proxy may take to close a connection on which it left half a message.
const FAREWELL: Duration = Duration::from_secs(3);

/// What the backend answers with.
pub(crate) struct Reply {
    pub bytes: Vec<u8>,
    /// It closes behind it.
    pub closes: bool,
}

/// What came in on one connection during one case.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub bytes: Vec<u8>,
    /// The proxy has closed the connection.
    pub closed: bool,
}

/// A listening backend; gone with everything it has open when dropped.
pub(crate) struct Recorder {
    address: Address,
    listener: TcpListener,
    tapes: Tapes,
}

type Tapes = Arc<Mutex<Vec<Arc<Tape>>>>;
type Script = Arc<dyn Fn(&Message) -> Reply + Send + Sync>;

/// One connection.
struct Tape {
    stream: TcpStream,
    track: Mutex<Track>,
}

#[derive(Default)]
struct Track {
    /// What came in since the last case.
    bytes: Vec<u8>,
    /// How much of that was read as whole requests.
    taken: usize,
    closed: bool,
    /// Nothing that comes can be read any more.
    lost: bool,
}

impl Recorder {
    pub fn start(script: impl Fn(&Message) -> Reply + Send + Sync + 'static) -> Self {
        let address = Address::free();
        let listener = TcpListener::bind(address.socket()).unwrap();
        let (accepting, tapes) = (listener.try_clone().unwrap(), Tapes::default());
        let (kept, script): (Tapes, Script) = (tapes.clone(), Arc::new(script));
        thread::spawn(move || {
            // Ends when the listener is shut down.
            while let Ok((stream, _)) = accepting.accept() {
                let tape = Arc::new(Tape { stream, track: Mutex::default() });
                kept.lock().unwrap().push(tape.clone());
                let script = script.clone();
                thread::spawn(move || tape.run(&*script));
            }
        });
        Self { address, listener, tapes }
    }

    pub fn address(&self) -> SocketAddr {
        self.address.socket()
    }

    /// Takes what came in since the last time. Connections in the middle of something end here.
    pub fn take(&self) -> Vec<Segment> {
        let tapes = std::mem::take(&mut *self.tapes.lock().unwrap());
        let (mut segments, mut kept) = (Vec::new(), Vec::new());
        let deadline = Instant::now() + FAREWELL;
        for tape in tapes {
            tape.wait_for_its_end(deadline);
            let mut track = tape.track.lock().unwrap();
            let clean = track.taken == track.bytes.len() && !track.lost;
            let bytes = std::mem::take(&mut track.bytes);
            track.taken = 0;
            if !bytes.is_empty() {
                segments.push(Segment { bytes, closed: track.closed });
            }
            if clean && !track.closed {
                kept.push(tape.clone());
            } else {
                let _ = tape.stream.shutdown(Shutdown::Both);
            }
        }
        self.tapes.lock().unwrap().extend(kept);
        segments
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
        for tape in self.tapes.lock().unwrap().iter() {
            let _ = tape.stream.shutdown(Shutdown::Both);
        }
    }
}

impl Tape {
    fn run(&self, script: &dyn Fn(&Message) -> Reply) {
        let mut bytes = [0; 64 * 1024];
        while let Ok(n @ 1..) = (&self.stream).read(&mut bytes) {
            let replies = self.track.lock().unwrap().add(&bytes[..n], script);
            for reply in replies {
                let _ = (&self.stream).write_all(&reply.bytes);
                if reply.closes {
                    let _ = self.stream.shutdown(Shutdown::Write);
                }
            }
        }
        self.track.lock().unwrap().closed = true;
    }

    fn wait_for_its_end(&self, deadline: Instant) {
        let waits = || {
            let track = self.track.lock().unwrap();
            !track.closed && (track.lost || track.taken < track.bytes.len())
        };
        while waits() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Track {
    /// Takes bytes in, and answers what is whole with them.
    fn add(&mut self, bytes: &[u8], script: &dyn Fn(&Message) -> Reply) -> Vec<Reply> {
        self.bytes.extend_from_slice(bytes);
        let mut replies = Vec::new();
        while !self.lost && self.taken < self.bytes.len() {
            match whole_request(&self.bytes[self.taken..]) {
                Ok(Some((message, len))) => {
                    self.taken += len;
                    let reply = script(&message);
                    self.lost = reply.closes;
                    replies.push(reply);
                }
                Ok(None) => break,
                Err(_) => {
                    self.lost = true;
                    replies.push(Reply::bad_request());
                }
            }
        }
        replies
    }
}

impl Reply {
    /// Says which request it is to.
    pub fn to(message: &Message) -> Self {
        let body = own_answer(&message.target);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let body = if message.word == "HEAD" { "" } else { &body };
        Self { bytes: (head + body).into_bytes(), closes: false }
    }

    fn bad_request() -> Self {
        let bytes = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        Self { bytes: bytes.to_vec(), closes: true }
    }
}

/// What the backend says to a request for this target.
pub(crate) fn own_answer(target: &str) -> String {
    format!("recorded {target}\n")
}
