//! More requests than backends can work on: they wait here, for a while, and hear it where that is in
//! vain.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bramble_tests::{Backend, Bramble, Client, Config, eventually, get};

/// A backend that takes so long for each request, and the most that it has had at a time.
fn busy(ms: u64) -> (Backend, Arc<AtomicUsize>) {
    let (now, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = most.clone();
    let backend = Backend::start(move |caller| {
        seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        caller.pause(if caller.target() == "/long" { 4000 } else { ms });
        now.fetch_sub(1, Ordering::SeqCst);
        caller.respond(200, "served");
    });
    (backend, most)
}

fn limited(backend: &Backend, most: u32) -> Bramble {
    Config::balancer(&[backend]).top("threads = 1").pool(&format!("max_requests = {most}")).run()
}

/// So many who ask at the same time.
fn ask(bramble: &Bramble, path: &str, count: usize) -> Vec<Client> {
    let mut clients: Vec<Client> = (0..count).map(|_| bramble.client()).collect();
    for client in &mut clients {
        client.send(get(path));
    }
    clients
}

#[test]
fn a_burst_waits_for_its_turn() {
    let (backend, most) = busy(50);
    let bramble = limited(&backend, 2);
    for mut client in ask(&bramble, "/", 12) {
        client.answer().expect(200).body("served");
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn whoever_waits_in_vain_is_told_so() {
    let (backend, _) = busy(50);
    let bramble = limited(&backend, 1);
    let mut long = ask(&bramble, "/long", 1);
    eventually("the backend is busy", || backend.count() == 1);
    let begin = Instant::now();
    let mut others = ask(&bramble, "/", 3);
    for client in &mut others {
        let answer = client.answer();
        answer.expect(503).has("Bramble-Reason", "overloaded").has("Retry-After", "1");
    }
    let waited = begin.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
    long[0].answer().expect(200);
    // They may ask again, over the same connection.
    others[0].get("/").expect(200);
    assert_eq!(backend.count(), 2);
}

#[test]
fn whoever_has_left_takes_no_turn() {
    let (backend, _) = busy(500);
    let bramble = limited(&backend, 1);
    let mut first = ask(&bramble, "/", 1);
    eventually("the backend is busy", || backend.count() == 1);
    ask(&bramble, "/left", 5).iter_mut().for_each(|client| client.wire().reset_at_the_end());
    let mut last = ask(&bramble, "/last", 1);
    first[0].answer().expect(200);
    last[0].answer().expect(200);
    assert!(backend.requests().iter().all(|request| !request.start.contains("/left")));
}

#[test]
fn a_body_that_is_on_its_way_keeps_nobody_waiting() {
    let (backend, _) = busy(0);
    let bramble = limited(&backend, 1);
    let mut slow = bramble.client();
    slow.send("PUT /slow HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000\r\n\r\nbegins");
    eventually("it has begun", || backend.connections() == 1);
    bramble.get("/").expect(200);
}

#[test]
fn those_who_wait_for_news_hold_up_nobody() {
    let news = Backend::start(|caller| {
        caller.pause(if caller.target() == "/news" { 5000 } else { 0 });
        caller.respond(200, "served");
    });
    let bramble = Config::balancer(&[&news]).top("threads = 1").run();
    let _waiting = ask(&bramble, "/news", 200);
    eventually("all wait for news", || news.count() == 200);
    let begin = Instant::now();
    (0..20).for_each(|_| drop(bramble.get("/").expect(200).text()));
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
}

#[test]
fn a_new_plan_finds_those_who_wait() {
    let (backend, _) = busy(700);
    let bramble = limited(&backend, 1);
    let mut first = ask(&bramble, "/", 1);
    eventually("the backend is busy", || backend.count() == 1);
    let mut second = ask(&bramble, "/", 1);
    let more = Config::balancer(&[&backend]).top("threads = 1").pool("max_requests = 2");
    bramble.reload(&more);
    second[0].answer().expect(200);
    first[0].answer().expect(200);
}
