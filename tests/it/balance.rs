//! Who gets how much.

use std::thread;
use std::time::Duration;

use bramble_tests::{Backend, Config, TURNS, eventually, respond};

fn two() -> (Backend, Backend) {
    (Backend::start(respond(200, "a")), Backend::start(respond(200, "b")))
}

#[test]
fn equal_backends_take_turns() {
    let (a, b) = two();
    let bramble = Config::balancer(&[&a, &b]).pool(TURNS).run();
    let mut client = bramble.client();
    let answers: String = (0..20).map(|_| client.get("/").text()).collect();
    assert!(answers == "ab".repeat(10) || answers == "ba".repeat(10), "{answers}");
}

#[test]
fn three_to_one_is_exact() {
    let (a, b) = two();
    let config =
        Config::default().pool(TURNS).backend(a.address(), "weight = 3.0").backend(b.address(), "");
    let bramble = config.run();
    let mut client = bramble.client();
    let answers: String = (0..400).map(|_| client.get("/").text()).collect();
    assert_eq!((a.count(), b.count()), (300, 100));
    // Interleaved, not in blocks.
    assert!(!answers.contains("aaaa") && !answers.contains("bb"), "{answers}");
}

#[test]
fn three_to_one_holds_over_connections() {
    let (a, b) = two();
    let config =
        Config::default().pool(TURNS).backend(a.address(), "weight = 3.0").backend(b.address(), "");
    let bramble = config.run();
    for _ in 0..100 {
        bramble.get("/").expect(200);
    }
    assert_eq!((a.count(), b.count()), (75, 25));
}

#[test]
fn a_disabled_backend_gets_nothing() {
    let (a, b) = two();
    for state in ["disabled", "draining"] {
        let keys = format!("state = \"{state}\"");
        let config = Config::default().backend(a.address(), &keys).backend(b.address(), "");
        let bramble = config.run();
        let mut client = bramble.client();
        for _ in 0..20 {
            client.get("/").expect(200).body("b");
        }
    }
    assert_eq!(a.connections(), 0);
}

#[test]
fn not_even_when_nobody_else_is_left() {
    let (a, mut b) = two();
    b.stop();
    for state in ["disabled", "draining"] {
        let keys = format!("state = \"{state}\"");
        let config = Config::default().backend(a.address(), &keys).backend(b.address(), "");
        config.run().get("/").expect(503);
    }
    assert_eq!(a.connections(), 0);
}

#[test]
fn draining_finishes_what_is_in_flight() {
    let slow = Backend::start(|caller| {
        caller.pause(400);
        caller.respond(200, "slow");
    });
    let other = Backend::start(respond(200, "other"));
    let config =
        |keys: &str| Config::default().backend(slow.address(), keys).backend(other.address(), "");
    let bramble = config("").run();
    let mut client = bramble.client();
    client.send(bramble_tests::get("/"));
    eventually("it is in flight", || slow.count() + other.count() == 1);
    if slow.count() == 0 {
        client.answer().expect(200);
        client.send(bramble_tests::get("/"));
        eventually("it is in flight", || slow.count() == 1);
    }
    bramble.reload(&config("state = \"draining\""));
    client.answer().expect(200).body("slow");
    for _ in 0..10 {
        client.get("/").expect(200).body("other");
    }
    assert_eq!(slow.count(), 1);
}

#[test]
fn counts_go_on_over_a_reload() {
    let (a, b) = two();
    let config = |more: &str| {
        let pool = Config::default()
            .pool(TURNS)
            .backend(a.address(), "weight = 3.0")
            .backend(b.address(), "");
        pool.with(more)
    };
    let bramble = config("").run();
    let mut client = bramble.client();
    for i in 0..40 {
        client.get("/").expect(200);
        if i % 5 == 0 {
            bramble.reload(&config(&format!("[timeouts]\nidle_ms = {}", 60_000 - i)));
        }
    }
    assert_eq!((a.count(), b.count()), (30, 10));
    // Connections to backends outlive a reload too.
    assert_eq!((a.connections(), b.connections()), (1, 1));
}

#[test]
fn several_threads_share_the_work() {
    let (a, b) = two();
    let config =
        Config::default().top("threads = 2").pool(TURNS).backend(a.address(), "weight = 3.0");
    let bramble = config.backend(b.address(), "").run();
    thread::scope(|scope| {
        for _ in 0..8 {
            let bramble = &bramble;
            scope.spawn(move || {
                for _ in 0..50 {
                    bramble.get("/").expect(200);
                    thread::sleep(Duration::from_micros(100));
                }
            });
        }
    });
    // Exact on each thread, so off by less than a turn in all.
    assert_eq!(a.count() + b.count(), 400);
    assert!((297..=303).contains(&a.count()), "{} of 400", a.count());
}

#[test]
fn threads_see_each_others_requests() {
    let slow = |name: &'static str| {
        Backend::start(move |caller| {
            caller.pause(2_000);
            caller.respond(200, name);
        })
    };
    let backends = ["a", "b", "c", "d"].map(slow);
    let config = Config::balancer(&backends.each_ref()).top("threads = 2");
    let bramble = config.pool("method = \"least_requests\"\nhedge_ms = 60000").run();
    let sent = || backends.iter().map(Backend::count).sum::<usize>();
    let mut clients: Vec<_> = (0..8).map(|_| bramble.client()).collect();
    for client in &mut clients {
        let earlier = sent();
        client.send(bramble_tests::get("/"));
        eventually("it is in flight", || sent() > earlier);
    }
    assert_eq!(backends.each_ref().map(Backend::count), [2; 4]);
    for client in &mut clients {
        client.answer().expect(200);
    }
}
