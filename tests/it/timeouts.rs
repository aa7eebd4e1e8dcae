//! Every time limit, met with small values: the right side is blamed, and not too late.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{Backend, Bramble, Broken, Caller, Config, eventually, get, respond};

fn with(backend: &Backend, timeouts: &str) -> Bramble {
    Config::balancer(&[backend]).with(&format!("[timeouts]\n{timeouts}")).run()
}

/// Runs `what`, which must take about `ms`, with generous room for a busy machine.
#[track_caller]
fn takes_about<T>(ms: u64, what: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = what();
    let took = start.elapsed();
    let (least, most) = (Duration::from_millis(ms * 9 / 10), Duration::from_millis(ms + 600));
    assert!(least <= took && took <= most, "{took:?} instead of {ms} ms");
    result
}

#[test]
fn an_idle_client_is_let_go() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = with(&backend, "idle_ms = 300");
    let mut client = bramble.client();
    // The kernel shows us a client that has not said a word only after a second.
    takes_about(1_300, || client.expect_closed());
    let mut client = bramble.client();
    client.get("/").expect(200);
    takes_about(300, || client.expect_closed());
}

#[test]
fn a_head_that_drips_is_cut_off() {
    // Slowloris: each byte comes in time, the head never ends.
    let backend = Backend::start(respond(200, "one"));
    let bramble = with(&backend, "head_ms = 400");
    let mut client = bramble.client();
    takes_about(400, || {
        let gone = (0..200).any(|_| {
            thread::sleep(Duration::from_millis(20));
            client.wire().patience(Duration::from_millis(1));
            client.send("X").try_answer().is_err_and(|broken| broken != Broken::Timeout)
        });
        assert!(gone, "still dripping");
    });
    assert_eq!(backend.connections(), 0);
}

#[test]
fn a_head_that_stops_is_cut_off() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = with(&backend, "head_ms = 300");
    let mut client = bramble.client();
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n");
    takes_about(300, || client.answer()).expect(408);
    client.wire().half_close();
    client.expect_closed();
    assert_eq!(backend.connections(), 0);
}

#[test]
fn a_slow_client_within_its_limits_is_served() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = with(&backend, "head_ms = 3000\nidle_ms = 500\nbody_ms = 500");
    let mut client = bramble.client();
    for byte in get("/").bytes() {
        client.send([byte]);
        thread::sleep(Duration::from_millis(20));
    }
    client.answer().expect(200).body("one");
}

#[test]
fn a_backend_that_says_nothing_is_a_504() {
    let backend = Backend::start(|caller| {
        caller.pause(2000);
        caller.close();
    });
    let bramble = with(&backend, "first_byte_ms = 300");
    let mut client = bramble.client();
    takes_about(300, || {
        client.get("/").expect(504).lacks("Retry-After");
    });
}

#[test]
fn a_backend_that_stops_in_the_middle_of_a_small_answer_is_a_504() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        caller.pause(2000);
        caller.close();
    });
    let bramble = with(&backend, "body_ms = 300");
    let mut client = bramble.client();
    takes_about(300, || {
        client.get("/").expect(504);
    });
}

#[test]
fn a_backend_that_stops_in_the_middle_of_a_large_answer_is_cut() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf");
        caller.pause(2000);
        caller.close();
    });
    let bramble = with(&backend, "body_ms = 300");
    let mut client = bramble.client();
    let broken = takes_about(300, || client.send(get("/")).try_answer().unwrap_err());
    assert!(matches!(broken, Broken::Cut | Broken::Reset), "{broken:?}");
}

#[test]
fn a_client_whose_body_stops_is_let_go_and_its_backend_too() {
    let backend = Backend::start(|caller| match caller.try_body() {
        Ok(_) => caller.respond(200, "whole"),
        Err(_) => caller.close(),
    });
    let bramble = with(&backend, "body_ms = 300");
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf");
    takes_about(300, || client.answer()).expect(408);
    bramble.get("/").expect(200).body("whole");
    assert_eq!(backend.connections(), 2);
}

/// One that never answers and says when it was left alone.
fn silent(left: &Arc<AtomicUsize>) -> Backend {
    silent_after(left, |_| {})
}

/// The same, once it has done this.
fn silent_after(
    left: &Arc<AtomicUsize>,
    first: impl Fn(&mut Caller) + Send + Sync + 'static,
) -> Backend {
    let left = left.clone();
    Backend::start(move |caller| {
        first(caller);
        let is_left = !matches!(caller.wire().rest(), Err(Broken::Timeout));
        left.fetch_add(usize::from(is_left), Ordering::Relaxed);
        caller.close();
    })
}

#[test]
fn a_client_that_resets_is_not_kept_while_its_backend_is_waited_for() {
    let left = Arc::new(AtomicUsize::new(0));
    let backend = silent(&left);
    let mut bramble = with(&backend, "first_byte_ms = 60000");
    let mut client = bramble.client();
    client.send(get("/"));
    eventually("it is asked", || backend.count() == 1);
    client.wire().reset_at_the_end();
    drop(client);
    eventually("it is left", || left.load(Ordering::Relaxed) == 1);
    assert_eq!(bramble.stop_and_count("client_gone"), 1);
}

#[test]
fn a_client_that_resets_is_not_kept_in_the_middle_of_a_large_answer() {
    let left = Arc::new(AtomicUsize::new(0));
    let backend = silent_after(&left, |caller| {
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        caller.send(vec![b'x'; 200_000]);
    });
    let mut bramble = with(&backend, "body_ms = 60000");
    let mut client = bramble.client();
    client.send(get("/")).wire().head().unwrap();
    client.wire().exactly(200_000).unwrap();
    client.wire().reset_at_the_end();
    drop(client);
    eventually("it is left", || left.load(Ordering::Relaxed) == 1);
    assert_eq!(bramble.stop_and_count("client_gone"), 1);
}

#[test]
fn a_client_that_resets_is_not_kept_once_its_body_has_gone_beside_the_answer() {
    let (left, here) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let came = here.clone();
    let backend = silent_after(&left, move |caller| {
        caller.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        came.store(caller.wire().exactly(10).unwrap().len(), Ordering::Relaxed);
    });
    let mut bramble = with(&backend, "body_ms = 60000");
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n01234");
    client.wire().head().unwrap();
    client.wire().exactly(8).unwrap();
    client.send("56789");
    eventually("all of the body has come", || here.load(Ordering::Relaxed) == 10);
    client.wire().reset_at_the_end();
    drop(client);
    eventually("it is left", || left.load(Ordering::Relaxed) == 1);
    assert_eq!(bramble.stop_and_count("client_gone"), 1);
}

/// One that reads nothing and says when its connection was reset.
fn takes_nothing(left: &Arc<AtomicUsize>) -> Backend {
    let left = left.clone();
    Backend::start(move |caller| {
        let socket = caller.wire().socket().upgrade().unwrap();
        eventually("a reset", || socket.take_error().unwrap().is_some());
        left.fetch_add(1, Ordering::Relaxed);
        caller.close();
    })
}

#[test]
fn a_backend_that_says_nothing_is_left_with_a_reset() {
    let left = Arc::new(AtomicUsize::new(0));
    let backend = takes_nothing(&left);
    let bramble = with(&backend, "first_byte_ms = 300");
    bramble.client().post("/", "not taken").expect(504);
    eventually("it is left", || left.load(Ordering::Relaxed) == 1);
}

#[test]
fn a_client_that_ends_in_the_middle_of_a_body_is_not_kept_while_its_backend_takes_nothing() {
    let left = Arc::new(AtomicUsize::new(0));
    let backend = takes_nothing(&left);
    let mut bramble = with(&backend, "first_byte_ms = 60000\nbody_ms = 60000");
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n");
    let ports = (bramble.address().port(), client.wire().local().port());
    // As much as is taken, and so little more that its end comes through.
    while !stays_unread(ports) {
        client.send([b'x'; 16 * 1024]);
    }
    client.wire().half_close();
    eventually("it is left", || left.load(Ordering::Relaxed) == 1);
    assert_eq!(bramble.stop_and_count("client_gone"), 1);
}

/// Whether what has come by a connection between these ports, at the first, is not read for a while.
fn stays_unread((at, from): (u16, u16)) -> bool {
    let start = Instant::now();
    while unread_bytes(at, from) > 0 {
        if start.elapsed() > Duration::from_millis(200) {
            return true;
        }
        thread::sleep(Duration::from_millis(1));
    }
    false
}

fn unread_bytes(at: u16, from: u16) -> u32 {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let mut rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let (at, from) = (format!(":{at:04X}"), format!(":{from:04X}"));
    let row = rows.find(|row| row[1].ends_with(&at) && row[2].ends_with(&from)).unwrap();
    u32::from_str_radix(row[4].split_once(':').unwrap().1, 16).unwrap()
}

#[test]
fn a_client_that_resets_is_not_kept_while_its_backend_takes_nothing() {
    let left = Arc::new(AtomicUsize::new(0));
    let backend = takes_nothing(&left);
    let mut bramble = with(&backend, "first_byte_ms = 60000\nbody_ms = 60000");
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n");
    let mut wire = client.into_wire();
    wire.reset_at_the_end();
    let socket = wire.socket().upgrade().unwrap();
    socket.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    drop(socket);
    while wire.send([b'x'; 65536]) {}
    drop(wire);
    eventually("it is left", || left.load(Ordering::Relaxed) == 1);
    assert_eq!(bramble.stop_and_count("client_gone"), 1);
}

#[test]
fn a_client_that_has_said_all_may_end_its_side_and_gets_its_answer() {
    let backend = Backend::start(|caller| {
        caller.pause(400);
        caller.respond(200, "late");
    });
    let bramble = with(&backend, "");
    let mut client = bramble.client();
    client.send(get("/"));
    client.wire().half_close();
    client.answer().expect(200).body("late");
}

#[test]
fn a_client_that_reads_nothing_is_let_go() {
    let part = vec![b'x'; 1024 * 1024];
    let backend = Backend::start(move |caller| {
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        while caller.send(&part) {}
        caller.close();
    });
    let bramble = with(&backend, "body_ms = 300");
    let mut client = bramble.client();
    client.send(get("/"));
    thread::sleep(Duration::from_millis(1500));
    let broken = client.try_answer().unwrap_err();
    assert!(matches!(broken, Broken::Cut | Broken::Reset), "{broken:?}");
}

#[test]
fn an_address_that_swallows_connections_is_given_up() {
    let (hole, alive) = (BlackHole::dig(), Backend::start(respond(200, "alive")));
    let config = Config::default().backend(hole.address, "").pool("retry_ms = 1");
    let bramble = config.backend(alive.address(), "").run();
    // 250 ms is the default.
    takes_about(250, || {
        bramble.get("/").expect(200).body("alive");
    });
}

#[test]
fn a_lone_address_that_swallows_connections_is_a_503() {
    let hole = BlackHole::dig();
    let config = Config::default().backend(hole.address, "");
    let bramble = config.with("[timeouts]\nconnect_ms = 100").run();
    takes_about(100, || {
        let answer = bramble.get("/");
        answer.expect(503);
        assert!(answer.field("Retry-After").is_some());
    });
}

/// Listens, but its queue is full: a further SYN is never answered.
struct BlackHole {
    address: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl BlackHole {
    fn dig() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        let queue: Vec<_> = std::iter::from_fn(connect).take(20).collect();
        assert!(queue.len() < 20, "the queue of {address} has no end");
        Self { address, _listener: listener, _queue: queue }
    }
}

#[test]
fn a_stopping_process_waits_no_longer_than_it_may() {
    let backend = Backend::start(|caller| caller.pause(5000));
    let mut bramble = with(&backend, "stop_ms = 300");
    let mut client = bramble.client();
    client.send(get("/"));
    eventually("the request arrives", || backend.count() == 1);
    bramble.program().signal(rustix::process::Signal::TERM);
    let status = takes_about(300, || bramble.program().wait());
    assert_eq!(status.code(), Some(0));
}
