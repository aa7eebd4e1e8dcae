//! Switching to WebSocket: after the backend's 101 everything passes, before it nothing does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bramble_tests::{Backend, Broken, Caller, Client, Config, balancer, eventually, get, respond};
use rustix::process::Signal;

const ASK: &str = "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\n\
                   Upgrade: WebSocket\r\nSec-WebSocket-Key: x\r\n\r\n";
const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";

/// Agrees, says hello at once, and then says everything again.
fn echo(caller: &mut Caller) {
    caller.send(AGREE.to_owned() + "hello");
    while let Ok(byte) = caller.wire().exactly(1) {
        caller.send(byte);
    }
    caller.close();
}

/// Asks, and reads until what the backend said at once is there.
fn switched(client: &mut Client) {
    client.send(ASK);
    let head = client.wire().head().unwrap();
    assert_eq!(head.start, "HTTP/1.1 101 Switching Protocols");
    assert_eq!(head.field("Upgrade"), Some("websocket"));
    assert_eq!(head.field("Connection"), Some("upgrade"));
    assert_eq!(head.field("Sec-WebSocket-Accept"), Some("y"));
    assert_eq!(client.wire().exactly(5).unwrap(), b"hello");
}

#[test]
fn bytes_go_both_ways_once_the_backend_agrees() {
    let backend = Backend::start(echo);
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    switched(&mut client);
    let asked = backend.last();
    assert_eq!(
        (asked.field("Upgrade"), asked.field("Connection")),
        (Some("websocket"), Some("upgrade"))
    );
    assert_eq!(asked.field("Sec-WebSocket-Key"), Some("x"));
    for said in ["a", "GET / HTTP/1.1\r\n\r\n", "\0\u{7f}"] {
        client.send(said);
        assert_eq!(client.wire().exactly(said.len()).unwrap(), said.as_bytes());
    }
    // The end of one side is passed on, and the rest still comes.
    client.send("last").wire().half_close();
    assert_eq!(client.wire().rest().unwrap(), b"last");
}

#[test]
fn large_amounts_go_both_ways_at_once() {
    let backend = Backend::start(|caller| {
        caller.send(AGREE.to_owned() + "hello");
        while let Ok(part) = caller.wire().exactly(100_000) {
            caller.send(part);
        }
        caller.close();
    });
    let mut bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    switched(&mut client);
    let (socket, part) = (client.wire().socket().upgrade().unwrap(), vec![7; 20_000_000]);
    let sending = part.clone();
    let sender = std::thread::spawn(move || std::io::Write::write_all(&mut &*socket, &sending));
    assert!(client.wire().exactly(part.len()).unwrap() == part);
    sender.join().unwrap().unwrap();
    assert!(bramble.program().peak_rss_kib() < 40 * 1024);
}

#[test]
fn bytes_behind_the_request_are_a_request_when_the_backend_does_not_agree() {
    // CVE-2026-2833: they must not pass unread.
    let backend = Backend::start(|caller| {
        let target = caller.target().to_owned();
        caller.respond(200, &target);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(ASK.to_owned() + &get("/next"));
    client.answer().expect(200).body("/chat").lacks("Upgrade");
    client.answer().expect(200).body("/next");
    client.send(ASK.to_owned() + "nonsense\r\n\r\n");
    client.answer().expect(200);
    client.answer().expect(400);
}

#[test]
fn only_websocket_is_asked_for() {
    let backend = Backend::start(respond(200, "plain"));
    let bramble = balancer(&[&backend]);
    for fields in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
        "Connection: Upgrade\r\nUpgrade: TLS/1.0",
        "Connection: Upgrade\r\nUpgrade: websocket, h2c",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c",
        "Upgrade: websocket",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0",
    ] {
        let ask = format!("GET / HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n\r\n");
        bramble.client().send(ask).answer().expect(200).body("plain");
        for gone in ["Upgrade", "Connection", "HTTP2-Settings"] {
            assert_eq!(backend.last().field(gone), None, "{fields}");
        }
    }
}

#[test]
fn a_switch_that_is_none_is_a_502() {
    for answer in [
        "HTTP/1.1 101 Fine\r\n\r\n",
        "HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 101 Fine\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    ] {
        let backend = Backend::start(move |caller| caller.send_last(answer));
        balancer(&[&backend]).client().send(ASK).answer().expect(502);
    }
}

#[test]
fn one_on_which_nothing_moves_ends() {
    let backend = Backend::start(echo);
    let bramble = Config::balancer(&[&backend]).with("[timeouts]\ntunnel_ms = 300").run();
    let mut client = bramble.client();
    switched(&mut client);
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(150));
        client.send("x");
        assert_eq!(client.wire().exactly(1), Ok(b"x".to_vec()));
    }
    assert!(matches!(client.wire().exactly(1), Err(Broken::Cut | Broken::Closed)));
}

#[test]
fn a_reload_cuts_none() {
    let (backend, other) = (Backend::start(echo), Backend::start(respond(200, "other")));
    let config = |threads: usize, backend: &Backend| {
        Config::balancer(&[backend]).top(&format!("threads = {threads}"))
    };
    let bramble = config(3, &backend).run();
    let mut clients: Vec<_> = (0..100).map(|_| bramble.client()).collect();
    clients.iter_mut().for_each(switched);
    bramble.reload(&config(1, &other));
    eventually("the new plan is in force", || bramble.get("/").text() == "other");
    for client in &mut clients {
        client.send("still");
        assert_eq!(client.wire().exactly(5), Ok(b"still".to_vec()));
    }
}

#[test]
fn the_last_words_of_a_side_that_dies_arrive() {
    let backend = Backend::start(|caller| {
        caller.send(AGREE.to_owned() + "hello");
        caller.pause(200);
        // Unread bytes make its end a reset.
        caller.send("goodbye");
        caller.close();
    });
    let bramble = balancer(&[&backend]);
    for _ in 0..10 {
        let mut client = bramble.client();
        switched(&mut client);
        client.send("nobody reads this");
        std::thread::sleep(Duration::from_millis(250));
        client.send("and it is too late for this");
        assert_eq!(client.wire().exactly(7), Ok(b"goodbye".to_vec()));
    }
}

#[test]
fn one_whose_other_side_has_ended_is_not_waited_for_for_long() {
    let backend = Backend::start(|caller| {
        caller.send(AGREE.to_owned() + "hello");
        caller.close();
    });
    let bramble = Config::balancer(&[&backend]).with("[timeouts]\nbody_ms = 200").run();
    let mut client = bramble.client();
    switched(&mut client);
    assert_eq!(client.wire().rest(), Ok(Vec::new()));
    // It neither closes nor speaks: its place is given to others all the same.
    let socket = client.wire().socket().upgrade().unwrap();
    eventually("it is let go", || std::io::Write::write_all(&mut &*socket, b"x").is_err());
}

#[test]
fn one_whose_backend_never_ends_its_side_is_forgotten_by_the_kernel_too() {
    let told = Arc::new(AtomicBool::new(false));
    let is_told = told.clone();
    let backend = Backend::start(move |caller| {
        caller.send(AGREE.to_owned() + "hello");
        is_told.store(caller.wire().rest() == Ok(Vec::new()), Ordering::Relaxed);
        caller.pause(15_000);
        caller.close();
    });
    let bramble = Config::balancer(&[&backend]).with("[timeouts]\nbody_ms = 300").run();
    let mut client = bramble.client();
    switched(&mut client);
    drop(client);
    eventually("the backend is told", || told.load(Ordering::Relaxed));
    eventually("it is forgotten", || !waits_for_its_end(backend.address().port()));
}

/// Whether somebody has ended a connection to this port, and waits for the other end (FIN_WAIT2).
fn waits_for_its_end(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let port = format!(":{port:04X}");
    rows.filter(|row| row[2].ends_with(&port)).any(|row| row[3] == "05")
}

/// A backend that sends a frame of five bytes in two parts, the second when it is told to.
fn in_two_parts(caller: &mut Caller) {
    caller.send(AGREE.to_owned() + "\u{1}\u{5}fir");
    while let Ok(byte) = caller.wire().exactly(1) {
        if byte == b"!" {
            caller.send("st");
        }
    }
    caller.close();
}

#[test]
fn a_process_that_stops_says_goodbye_between_two_frames() {
    let backend = Backend::start(in_two_parts);
    let mut bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(ASK).wire().head().unwrap();
    assert_eq!(client.wire().exactly(5).unwrap(), b"\x01\x05fir");
    bramble.program().signal(Signal::TERM);
    bramble.log().expect("stopping");
    client.expect_open(Duration::from_millis(200));
    // A frame of its own, since the balancer looks where those end.
    client.send("\u{1}\u{1}!");
    assert_eq!(client.wire().rest().unwrap(), b"st\x88\x02\x03\xe9", "1001: going away");
    assert_eq!(bramble.program().wait().code(), Some(0));
}

#[test]
fn a_web_socket_does_not_hold_up_a_stop() {
    let backend = Backend::start(|caller| {
        caller.send(AGREE.to_owned() + "\u{1}\u{5}hello");
        assert_eq!(caller.wire().rest().unwrap(), b"\x88\x82\0\0\0\0\x03\xe9");
        caller.close();
    });
    let mut bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(ASK).wire().head().unwrap();
    assert_eq!(client.wire().exactly(7).unwrap(), b"\x01\x05hello");
    let start = Instant::now();
    bramble.program().signal(Signal::TERM);
    assert_eq!(client.wire().rest().unwrap(), b"\x88\x02\x03\xe9");
    drop(client);
    assert_eq!(bramble.program().wait().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "it may wait for requests for ten");
}

#[test]
fn a_web_socket_that_its_backend_has_left_does_not_hold_up_a_stop() {
    let backend = Backend::start(|caller| {
        caller.send(AGREE);
        caller.close();
    });
    let mut bramble = Config::balancer(&[&backend]).with("[timeouts]\nstop_ms = 500").run();
    let mut client = bramble.client();
    client.send(ASK).wire().head().unwrap();
    assert_eq!(client.wire().rest(), Ok(Vec::new()));
    bramble.program().signal(Signal::TERM);
    assert_eq!(bramble.program().wait().code(), Some(0));
}
