//! A crowd of visitors in a process of its own: descriptors are counted by process.
//!
//! `faults-crowd ADDRESS KIND=COUNT...` opens so many connections of each kind. `heads` and `bodies`
//! come a byte every two seconds and never end, of `readers` an answer is read as slowly; `idles` ask
//! once, `sockets` switch to WebSocket and fall silent, `uploads` send 4 GiB as fast as they are taken.
//! `faults-crowd sink ADDRESS` is the backend that takes bodies, reads nothing and never answers,
//! `faults-crowd chat ADDRESS` the one that switches. What is open is said on standard error:
//! `connected`, then `open COUNT...` four times a second.

#![allow(clippy::expect_used, clippy::unwrap_used)] // A surprise ends it.
#![allow(clippy::print_stderr)] // That is how it says what it sees.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::connect_from;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Times a second that the crowd is looked over.
const LOOKS_PER_S: usize = 4;
/// Looks from one byte to the next.
const LOOKS_PER_BYTE: usize = 2 * LOOKS_PER_S;
/// For all of the crowd, and a few.
const DESCRIPTORS: u64 = 15_100;
/// Connections from one address.
const PER_ADDRESS: usize = 500;
/// What an upload has at hand.
const UPLOAD_BYTES: usize = 64 * 1024;
/// A reader's room for what it does not read: the kernel doubles it, and takes no less.
const READER_BYTES: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Body,
    Head,
    Idle,
    Reader,
    Socket,
    Upload,
}

struct Slow {
    kind: Kind,
    stream: TcpStream,
}

fn main() {
    raise_descriptor_limit();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["sink", address] => sink(address),
        ["chat", address] => chat(address),
        [address, ref kinds @ ..] if !kinds.is_empty() => {
            crowd(address.parse().unwrap(), kinds.iter().map(|kind| Kind::parse(kind)).collect());
        }
        _ => panic_with_usage(),
    }
}

/// A shell's soft limit is often 1,024.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let is_enough = limit.maximum.is_none_or(|most| most >= DESCRIPTORS);
    assert!(is_enough, "{DESCRIPTORS} descriptors are needed: raise the hard limit (ulimit -Hn)");
}

fn panic_with_usage() -> ! {
    eprintln!("faults-crowd ADDRESS KIND=COUNT... | faults-crowd sink|chat ADDRESS");
    std::process::exit(2)
}

/// Takes all that comes, and keeps it.
fn sink(address: &str) {
    let mut taken: Vec<_> = Vec::new();
    taken.extend(listen(address).incoming().map_while(Result::ok));
}

fn listen(address: &str) -> TcpListener {
    let listener = TcpListener::bind(address).unwrap();
    // The standard backlog of 128 is little for thousands at once.
    rustix::net::listen(&listener, 4096).unwrap();
    listener
}

/// Switches to WebSocket with all who come, and says nothing more.
fn chat(address: &str) {
    let mut open = Vec::new();
    for mut stream in listen(address).incoming().map_while(Result::ok) {
        // A head that a proxy sends comes whole.
        if stream.read(&mut [0; 4096]).is_ok_and(|n| n > 0)
            && stream.write_all(AGREE.as_bytes()).is_ok()
        {
            open.push(stream);
        }
    }
}

const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";

fn crowd(address: SocketAddr, kinds: Vec<(Kind, usize)>) {
    let shown: Vec<_> = kinds.iter().map(|(kind, _)| *kind).collect();
    let mut visitors: Vec<Slow> = Vec::new();
    for kind in in_turn(kinds) {
        visitors.push(Slow::connect(kind, address, visitors.len()));
    }
    eprintln!("connected");
    for look in 0.. {
        let start = Instant::now();
        let mut i = 0;
        visitors.retain_mut(|visitor| {
            i += 1;
            let is_due =
                visitor.kind == Kind::Upload || i % LOOKS_PER_BYTE == look % LOOKS_PER_BYTE;
            visitor.is_open() && (!is_due || visitor.go_on())
        });
        let open = |kind: &Kind| visitors.iter().filter(|visitor| visitor.kind == *kind).count();
        let open: Vec<_> = shown.iter().map(|kind| open(kind).to_string()).collect();
        eprintln!("open {}", open.join(" "));
        let pace = Duration::from_secs(1) / u32::try_from(LOOKS_PER_S).unwrap();
        thread::sleep(pace.saturating_sub(start.elapsed()));
    }
}

/// All kinds side by side, so that whoever is turned away is no kind in particular.
fn in_turn(mut left: Vec<(Kind, usize)>) -> Vec<Kind> {
    let mut all = Vec::new();
    while left.iter().any(|(_, count)| *count > 0) {
        for (kind, count) in left.iter_mut().filter(|(_, count)| *count > 0) {
            *count -= 1;
            all.push(*kind);
        }
    }
    all
}

impl Slow {
    fn connect(kind: Kind, address: SocketAddr, i: usize) -> Self {
        let host = u8::try_from(1 + i / PER_ADDRESS).unwrap();
        let room = (kind == Kind::Reader).then_some(READER_BYTES);
        let mut stream = connect_from(Ipv4Addr::new(127, 1, host, 1), address, room);
        stream.set_nonblocking(true).unwrap();
        // Who was turned away sees it at the next look.
        let _ = stream.write_all(kind.beginning().as_bytes());
        Self { kind, stream }
    }

    /// One byte more, or one piece of the answer. False: it was cut.
    fn go_on(&mut self) -> bool {
        match self.kind {
            Kind::Reader => goes_on(&self.stream.read(&mut [0; 256])),
            Kind::Body | Kind::Head => match self.stream.write(b"x") {
                Err(e) => e.kind() == ErrorKind::WouldBlock,
                Ok(_) => true,
            },
            Kind::Idle | Kind::Socket => true,
            Kind::Upload => {
                let all = [b'x'; UPLOAD_BYTES];
                let mut written = self.stream.write(&all);
                while written.as_ref().is_ok_and(|n| *n > 0) {
                    written = self.stream.write(&all);
                }
                goes_on(&written)
            }
        }
    }

    /// Whether it was not cut. Of readers only a reset is seen here: what they have not read
    /// hides an end.
    fn is_open(&mut self) -> bool {
        match self.kind {
            Kind::Reader => self.stream.take_error().is_ok_and(|error| error.is_none()),
            // An answer says why it was cut; the end follows.
            Kind::Body | Kind::Head | Kind::Idle | Kind::Socket | Kind::Upload => loop {
                match self.stream.read(&mut [0; 1024]) {
                    Ok(n) if n > 0 => {}
                    other => return goes_on(&other),
                }
            },
        }
    }
}

fn goes_on(read: &std::io::Result<usize>) -> bool {
    match read {
        Ok(n) => *n > 0,
        Err(e) => e.kind() == ErrorKind::WouldBlock,
    }
}

impl Kind {
    /// `KIND=COUNT`.
    fn parse(argument: &str) -> (Self, usize) {
        let (name, count) = argument.split_once('=').unwrap_or_default();
        let kind = match name {
            "bodies" => Self::Body,
            "heads" => Self::Head,
            "idles" => Self::Idle,
            "readers" => Self::Reader,
            "sockets" => Self::Socket,
            "uploads" => Self::Upload,
            _ => panic_with_usage(),
        };
        (kind, count.parse().unwrap_or_else(|_| panic_with_usage()))
    }

    fn beginning(self) -> &'static str {
        match self {
            Self::Head => "GET / HTTP/1.1\r\nHost: site.test\r\nX-Slow: ",
            Self::Body => {
                "POST /sink HTTP/1.1\r\nHost: site.test\r\nContent-Length: 100000\r\n\r\n"
            }
            Self::Idle => "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n",
            Self::Reader => "GET /large/file.bin HTTP/1.1\r\nHost: site.test\r\n\r\n",
            Self::Socket => {
                "GET /chat HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
            }
            Self::Upload => {
                "POST /sink HTTP/1.1\r\nHost: site.test\r\nContent-Length: 4294967296\r\n\r\n"
            }
        }
    }
}
