//! Limits on what one client may take: time, connections, requests. Each is hit, answered or
//! closed as it should be, and counted by its name.

use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{
    Backend, Bramble, Broken, Client, Config, Wire, connect_from, eventually, get, post, respond,
};

fn one(tables: &str) -> (Backend, Bramble) {
    let backend = Backend::start(|caller| match caller.try_body() {
        Ok(_) => caller.respond(200, "one"),
        Err(_) => caller.close(),
    });
    let bramble = Config::balancer(&[&backend]).with(tables).run();
    (backend, bramble)
}

/// The connection ends within the time that a scenario has, however little came before.
#[track_caller]
fn expect_end(client: &mut Client) {
    match client.wire().rest() {
        Ok(_) | Err(Broken::Closed | Broken::Reset) => {}
        other => panic!("{other:?}"),
    }
}

/// Sends bytes one by one until the other side answers or closes, or they are all sent.
fn trickle(client: &mut Client, text: &str, pause_ms: u64) {
    let start = Instant::now();
    for byte in text.as_bytes() {
        if client.wire().waiting().is_some() || start.elapsed() > bramble_tests::PATIENCE {
            return;
        }
        client.send([*byte]);
        thread::sleep(Duration::from_millis(pause_ms));
    }
}

#[test]
fn a_head_that_drips_is_a_408_at_its_deadline() {
    let (backend, mut bramble) = one("[timeouts]\nhead_ms = 300");
    let mut client = bramble.client();
    trickle(&mut client, &get("/").repeat(9), 20);
    client.answer().expect(408).has("Connection", "close").has("Bramble-Reason", "head_timeout");
    expect_end(&mut client);
    assert_eq!((backend.count(), bramble.stop_and_count("head_timeout")), (0, 1));
}

#[test]
fn a_connection_without_a_request_is_closed_in_silence() {
    let (_backend, mut bramble) = one("[timeouts]\nidle_ms = 200");
    let mut fresh = bramble.client();
    let mut used = bramble.client();
    used.get("/").expect(200);
    fresh.expect_closed();
    used.expect_closed();
    assert_eq!(bramble.stop_and_count("idle_timeout"), 2);
}

#[test]
fn a_body_that_stands_still_is_a_408() {
    let (_backend, mut bramble) = one("[timeouts]\nbody_ms = 300");
    let mut client = bramble.client();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\nbegun");
    client.answer().expect(408).has("Bramble-Reason", "body_timeout");
    expect_end(&mut client);
    assert_eq!(bramble.stop_and_count("body_timeout"), 1);
}

#[test]
fn a_body_that_trickles_is_a_408_though_each_byte_comes_in_time() {
    let (_backend, mut bramble) = one("[timeouts]\nbody_ms = 400");
    let mut client = bramble.client();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\n");
    trickle(&mut client, &"x".repeat(10_000), 20);
    client.answer().expect(408).has("Bramble-Reason", "body_rate");
    assert_eq!(bramble.stop_and_count("body_rate"), 1);
}

#[test]
fn a_body_at_the_least_rate_arrives() {
    let (backend, bramble) = one("[timeouts]\nbody_ms = 1000\n[limits]\nbody_bytes_per_s = 5");
    let mut client = bramble.client();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 60\r\n\r\n");
    trickle(&mut client, &"x".repeat(60), 50);
    client.answer().expect(200);
    assert_eq!(backend.count(), 1);
}

/// Reads an answer of 64 MB a little at a time, and tells how that ended.
fn read_slowly(bramble: &Bramble, pause_ms: u64) -> Broken {
    let mut client = bramble.client();
    client.send(get("/"));
    let start = Instant::now();
    loop {
        match client.wire().exactly(4096) {
            Ok(_) => {}
            Err(broken) => return broken,
        }
        assert!(start.elapsed() < bramble_tests::PATIENCE, "it goes on");
        thread::sleep(Duration::from_millis(pause_ms));
    }
}

fn large(tables: &str) -> (Backend, Bramble) {
    let backend = Backend::start(respond(200, &"x".repeat(64 << 20)));
    let bramble = Config::balancer(&[&backend]).with(tables).run();
    (backend, bramble)
}

#[test]
fn who_does_not_read_for_too_long_is_cut_off() {
    let (_backend, mut bramble) = large("[timeouts]\nbody_ms = 300");
    let mut client = bramble.client();
    client.send(get("/"));
    thread::sleep(Duration::from_millis(800));
    expect_end(&mut client);
    assert_eq!(bramble.stop_and_count("client_timeout"), 1);
}

#[test]
fn who_reads_too_slowly_all_in_all_is_cut_off() {
    let limits = "[timeouts]\nbody_ms = 2000\n[limits]\nbody_bytes_per_s = 1073741824";
    let (_backend, mut bramble) = large(limits);
    assert_eq!(read_slowly(&bramble, 5), Broken::Reset);
    assert_eq!(bramble.stop_and_count("client_rate"), 1);
}

#[test]
fn a_request_that_takes_too_long_all_in_all_is_ended() {
    let backend = Backend::start(|caller| caller.pause(3000));
    let tables = "[timeouts]\nrequest_ms = 300";
    let mut bramble = Config::balancer(&[&backend]).pool("retries = 0").with(tables).run();
    let mut client = bramble.client();
    client.send(get("/")).answer().expect(504).has("Bramble-Reason", "request_timeout");
    assert_eq!(bramble.stop_and_count("request_timeout"), 1);
}

#[test]
fn a_connection_ends_in_order_after_its_last_request() {
    let (backend, mut bramble) = one("[limits]\nrequests_per_connection = 3");
    let mut client = bramble.client();
    for _ in 0..2 {
        client.get("/").expect(200).lacks("Connection");
    }
    client.get("/").expect(200).has("Connection", "close");
    client.expect_closed();
    assert_eq!(backend.count(), 3);
    assert_eq!(bramble.stop_and_count("requests_per_connection"), 1);
}

/// How many of these connections are served.
fn served(clients: &mut [Client]) -> usize {
    let ask = |client: &mut Client| {
        client.send(get("/")).try_answer().is_ok_and(|answer| answer.status == 200)
    };
    clients.iter_mut().map(ask).filter(|served| *served).count()
}

#[test]
fn one_client_has_its_share_of_connections_and_a_trusted_proxy_all() {
    let backend = Backend::start(respond(200, "one"));
    let config = Config::balancer(&[&backend]).with("[limits]\nconnections_per_client = 3");
    let mut bramble = config.run();
    let mut clients: Vec<_> = (0..8).map(|_| bramble.client()).collect();
    assert_eq!(served(&mut clients), 3);
    drop(clients);
    eventually("its places are free", || served(&mut [bramble.client()]) == 1);
    let trusted = config.top("trusted_proxies = [\"127.0.0.2\"]");
    bramble.reload(&trusted);
    let mut clients: Vec<_> = (0..8).map(|_| bramble.client()).collect();
    assert_eq!(served(&mut clients), 8);
    assert!(bramble.stop_and_count("connections_per_client") >= 5);
}

#[test]
fn when_full_the_oldest_that_only_waits_makes_room() {
    let (_backend, mut bramble) = one("[limits]\nconnections = 4");
    let mut clients: Vec<_> = (0..4).map(|_| bramble.client()).collect();
    for client in &mut clients {
        client.get("/").expect(200);
        thread::sleep(Duration::from_millis(30));
    }
    let mut fifth = bramble.client();
    fifth.get("/").expect(200);
    clients[0].expect_closed();
    assert_eq!(served(&mut clients[1..]), 3, "the others stay");
    assert_eq!(bramble.stop_and_count("evicted"), 1);
}

#[test]
fn slow_heads_make_room_for_a_visitor_and_requests_do_not() {
    let backend = Backend::start(|caller| {
        caller.pause(600);
        caller.respond(200, "late");
    });
    let mut bramble = Config::balancer(&[&backend]).with("[limits]\nconnections = 4").run();
    let mut busy: Vec<_> = (0..2).map(|_| bramble.client()).collect();
    for client in &mut busy {
        client.send(get("/"));
    }
    eventually("both are under way", || backend.count() == 2);
    let mut slow: Vec<_> = (0..6).map(|_| bramble.client()).collect();
    for client in &mut slow {
        client.send("GET / HTTP/1.1\r\nHost:");
    }
    thread::sleep(Duration::from_millis(100));
    bramble.get("/").expect(200).body("late");
    for client in &mut busy {
        client.answer().expect(200);
    }
    assert!(bramble.stop_and_count("evicted") >= 5);
}

/// An upload that comes slowly, from another address than visitors have.
fn slow_upload(bramble: &Bramble) -> Wire {
    let mut wire = Wire::new(connect_from([127, 0, 0, 3], bramble.address(), None));
    wire.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nslow");
    wire
}

#[test]
fn who_only_waits_goes_before_slow_requests_of_whoever_has_most() {
    let (backend, mut bramble) = one("[limits]\nconnections = 4");
    let mut slow: Vec<_> = (0..3).map(|_| slow_upload(&bramble)).collect();
    eventually("all have begun", || backend.count() == 3);
    let mut idle = bramble.client();
    idle.get("/").expect(200);
    let mut newcomer = bramble.client();
    newcomer.get("/").expect(200);
    idle.expect_closed();
    for wire in &mut slow {
        wire.send("ended");
        assert_eq!(wire.head().unwrap().start, "HTTP/1.1 200 Fine");
    }
    assert_eq!(bramble.stop_and_count("evicted"), 1);
}

#[test]
fn an_early_answer_keeps_the_connection_where_the_body_is_small() {
    let bramble = Config::of("[[route]]\nrespond = { status = 403, body = \"no\" }").run();
    let mut client = bramble.client();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2000\r\n\r\n");
    client.answer().expect(403).has("Connection", "keep-alive");
    client.send("x".repeat(2000)).send(post("/", "next"));
    client.answer().expect(403).has("Connection", "keep-alive");
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.answer().expect(403).has("Connection", "close");
}
