//! Backends that hang or have no answer: another is asked, and they are left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bramble_tests::{Backend, Bramble, Client, Config, TURNS, eventually, get, respond};

fn names(client: &mut Client, n: usize) -> Vec<String> {
    (0..n).map(|_| client.get("/").expect(200).text()).collect()
}

/// Three backends, of which the first does something else while the flag is set.
fn three(odd: impl Fn(&mut bramble_tests::Caller) + Send + Sync + 'static) -> [Backend; 3] {
    [Backend::start(odd), Backend::start(respond(200, "b")), Backend::start(respond(200, "c"))]
}

fn run(backends: &[Backend; 3], pool: &str) -> Bramble {
    Config::balancer(&backends.each_ref()).pool(TURNS).pool(pool).run()
}

#[test]
fn a_get_that_hangs_is_answered_by_another_backend() {
    let backends = three(|caller| caller.pause(3000));
    let bramble = run(&backends, "hedge_ms = 100");
    names(&mut bramble.client(), 30);
    assert_eq!(backends[0].count(), 3, "three in a row and it is left alone");
}

#[test]
fn a_slow_answer_that_begins_before_its_hedge_is_taken() {
    let slow = || {
        Backend::start(|caller| {
            caller.pause(300);
            caller.respond(200, "slow");
        })
    };
    let (one, two) = (slow(), slow());
    let bramble = Config::balancer(&[&one, &two]).pool("hedge_ms = 100").run();
    for _ in 0..4 {
        bramble.get("/").expect(200).body("slow");
    }
    // Whoever was asked first was first: neither is doubted.
    bramble.client().send(get("/")).answer().expect(200);
    assert_eq!(bramble.log().count("ejected"), 0);
}

#[test]
fn who_answers_posts_late_is_left_alone_for_gets_too() {
    let late = Arc::new(AtomicBool::new(false));
    let state = late.clone();
    let backends = three(move |caller| {
        let is_post = !caller.body().is_empty();
        let is_late = is_post && state.load(Ordering::Relaxed);
        caller.pause(if is_late { 300 } else { 0 });
        caller.respond(200, "a");
    });
    let bramble = run(&backends, "hedge_ms = 100");
    let mut client = bramble.client();
    let mut post = |n| (0..n).for_each(|_| drop(client.post("/", "pay").expect(200).text()));
    post(6);
    late.store(true, Ordering::Relaxed);
    post(9);
    assert_eq!(backends[0].count(), 2 + 3, "three late ones in a row");
    assert_eq!(names(&mut client, 4).iter().filter(|name| *name == "a").count(), 0);
    assert_eq!(bramble.log().count("ejected"), 1);
}

#[test]
fn what_may_not_be_repeated_is_not_hedged() {
    let backends = three(|caller| {
        caller.body();
        caller.pause(400);
        caller.respond(200, "a");
    });
    let bramble = run(&backends, "hedge_ms = 50");
    let mut client = bramble.client();
    // PUT and DELETE can be repeated, but the slower of two could undo what came after.
    for method in ["POST", "PUT", "DELETE"] {
        let bytes = format!("{method} / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nme");
        for _ in 0..3 {
            client.send(&bytes).answer().expect(200);
        }
    }
    let counts: Vec<_> = backends.iter().map(Backend::count).collect();
    assert_eq!(counts, [3, 3, 3]);
}

#[test]
fn the_rest_of_an_answer_is_its_own_backends() {
    // One is silent for long and then says much; the other is asked as well, begins, and pauses.
    let late = Backend::start(|caller| {
        caller.pause(300);
        caller.respond(200, &"X".repeat(40));
    });
    let half = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-From: half\r\n\r\nab");
        caller.pause(600);
        caller.send("cde");
    });
    let bramble = Config::balancer(&[&late, &half]).pool("hedge_ms = 100").run();
    let mut client = bramble.client();
    client.get("/").expect(200).has("X-From", "half").body("abcde");
    // And where that breaks off, the other's is whole and its own.
    let broken = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-From: broken\r\n\r\nab");
        caller.pause(400);
        caller.close();
    });
    let bramble = Config::balancer(&[&late, &broken]).pool("hedge_ms = 100").run();
    bramble.get("/").expect(200).lacks("X-From").body("X".repeat(40));
    assert_eq!((late.count(), broken.count()), (2, 1));
}

#[test]
fn an_early_hint_of_one_does_not_lose_the_others_answer() {
    let late = Backend::start(|caller| {
        caller.pause(500);
        caller.respond(200, "late");
    });
    let hint = Backend::start(|caller| {
        caller.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        caller.pause(100);
        caller.close();
    });
    let bramble = Config::balancer(&[&late, &hint]).pool("hedge_ms = 100").run();
    let mut client = bramble.client();
    client.send(get("/")).answer().expect(103);
    client.answer().expect(200).body("late");
}

#[test]
fn a_503_is_answered_by_another_backend_and_its_sender_left_alone() {
    let sick = Arc::new(AtomicBool::new(true));
    let state = sick.clone();
    let backends = three(move |caller| match state.load(Ordering::Relaxed) {
        true => caller.respond(503, "sick"),
        false => caller.respond(200, "a"),
    });
    let bramble = run(&backends, "");
    let mut client = bramble.client();
    names(&mut client, 60);
    assert_eq!(backends[0].count(), 3);
    bramble.log().expect("ejected");
    sick.store(false, Ordering::Relaxed);
    eventually("it is back", || names(&mut client, 3).contains(&"a".to_owned()));
}

#[test]
fn a_503_from_everybody_is_passed_on_as_it_is() {
    let backends = [(); 3].map(|()| Backend::start(respond(503, "full")));
    let bramble = run(&backends, "");
    let mut client = bramble.client();
    for _ in 0..20 {
        client.get("/").expect(503).body("full");
        client.post("/", "x").expect(503).body("full");
    }
}

#[test]
fn whoever_is_up_answers_however_many_are_down() {
    let down = [(); 5].map(|()| Backend::stopped(respond(200, "")));
    let up = Backend::start(respond(200, "up"));
    let all: Vec<_> = down.iter().chain([&up]).collect();
    let bramble = Config::balancer(&all).run();
    bramble.get("/").expect(200).body("up");
}
