//! Limits that are hit: what is too much is refused, what is there goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{Backend, Bramble, Broken, Client, Config, eventually, get, post, respond};

#[test]
fn a_body_that_is_announced_too_large_is_a_413() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = Config::balancer(&[&backend]).with("[limits]\nbody_bytes = 10").run();
    let mut client = bramble.client();
    client.post("/", "0123456789").expect(200);
    client.post("/", "0123456789a").expect(413).has("Connection", "close");
    client.wire().half_close();
    client.expect_closed();
    assert_eq!(backend.count(), 1);
}

#[test]
fn chunks_that_become_too_large_are_a_413() {
    let backend = Backend::start(|caller| match caller.try_body() {
        Ok(_) => caller.respond(200, "acted"),
        Err(_) => caller.close(),
    });
    let bramble = Config::balancer(&[&backend]).with("[limits]\nbody_bytes = 10").run();
    let mut client = bramble.client();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n");
    client.answer().expect(413);
}

/// How many of these connections are served.
fn served(clients: &mut [Client]) -> usize {
    let ask = |client: &mut Client| {
        client.send(get("/")).try_answer().is_ok_and(|answer| answer.status == 200)
    };
    clients.iter_mut().map(ask).filter(|served| *served).count()
}

/// A connection whose request a backend works on, or that is turned away.
fn busy(bramble: &Bramble, backend: &Backend) -> Client {
    let (mut client, before) = (bramble.client(), backend.count());
    client.send(get("/"));
    let is_settled = |client: &mut Client| client.wire().waiting().is_some();
    eventually("it is in or out", || backend.count() > before || is_settled(&mut client));
    client
}

#[test]
fn more_connections_than_allowed_are_turned_away_and_places_are_given_again() {
    for threads in [1, 2] {
        let all_came = Arc::new(AtomicBool::new(false));
        let go_on = all_came.clone();
        let backend = Backend::start(move |caller| {
            eventually("all have come", || go_on.load(Ordering::Relaxed));
            caller.respond(200, "late");
        });
        let config = Config::balancer(&[&backend]).top(&format!("threads = {threads}"));
        let mut bramble = config.with("[limits]\nconnections = 4").run();
        let mut clients: Vec<_> = (0..12).map(|_| busy(&bramble, &backend)).collect();
        all_came.store(true, Ordering::Relaxed);
        let answers: Vec<_> = clients.iter_mut().map(Client::answer).collect();
        let (served, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 200);
        for answer in refused {
            answer.expect(503).has("Bramble-Reason", "busy").has("Retry-After", "1");
        }
        let taken = served.len();
        // Where the kernel puts them on one of two threads, that one's half is all there is.
        let fewest = if threads == 1 { 4 } else { 2 };
        assert!((fewest..=4).contains(&taken), "{taken} of 4 places on {threads} threads");
        bramble.get("/").expect(200);
        assert_eq!(bramble.stop_and_count("connections"), 12 - taken as u64);
    }
}

#[test]
fn without_descriptors_it_waits_and_does_not_spin() {
    let backend = Backend::start(respond(200, "one"));
    let mut bramble = Config::balancer(&[&backend]).run_with_open_files(40);
    let mut clients: Vec<_> = (0..80).map(|_| bramble.client()).collect();
    thread::sleep(Duration::from_millis(300));
    let (before, start) = (bramble.program().cpu_ms(), Instant::now());
    thread::sleep(Duration::from_secs(1));
    let busy = bramble.program().cpu_ms() - before;
    assert!(busy < 100, "busy for {busy} ms of {:?}", start.elapsed());
    clients.truncate(5);
    eventually("it serves again", || served(&mut [bramble.client()]) == 1);
    assert_eq!(served(&mut clients), 5);
}

#[test]
fn threads_come_and_go_with_the_plan() {
    let backend = Backend::start(respond(200, "one"));
    let config = Config::balancer(&[&backend]);
    let bramble = config.run();
    for threads in ["threads = 3", "threads = 1", "threads = 2"] {
        bramble.reload(&Config::balancer(&[&backend]).top(threads));
        for _ in 0..20 {
            bramble.get("/").expect(200);
        }
    }
}

#[test]
fn a_small_rest_of_a_body_is_read_and_a_large_one_is_not() {
    let bramble = Config::of("[[route]]\nrespond = { status = 403, body = \"no\" }").run();
    let mut client = bramble.client();
    client.send(post("/", &"x".repeat(1_000_000)));
    client.answer().expect(403);
    client.wire().half_close();
    match client.send(get("/smuggled")).try_answer() {
        Err(Broken::Closed | Broken::Reset) => {}
        other => panic!("{other:?}"),
    }
}
