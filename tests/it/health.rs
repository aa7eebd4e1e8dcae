//! Active checks: out at failures, back at passes, and never a visitor's business.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{Backend, Client, Config, TURNS, eventually, respond};

const QUICK: &str = "[pool.health]\npath = \"/health\"\ninterval_ms = 30\ntimeout_ms = 200";

/// A backend whose check fails while the flag is set; visitors it serves always.
fn sickly(name: &'static str, sick: &Arc<AtomicBool>) -> Backend {
    let sick = sick.clone();
    Backend::start(move |caller| match caller.target() {
        "/health" if sick.load(Ordering::Relaxed) => caller.respond(500, "sick"),
        "/health" => caller.respond(200, "well"),
        _ => caller.respond(200, name),
    })
}

fn answers(client: &mut Client, n: usize) -> Vec<String> {
    (0..n).map(|_| client.get("/").expect(200).text()).collect()
}

#[test]
fn a_backend_that_is_down_is_named_with_the_reason() {
    let (odd, gone) = (Backend::start(respond(404, "")), Backend::stopped(respond(200, "")));
    let bramble = Config::balancer(&[&odd, &gone]).with(QUICK).run();
    bramble.log().expect("GET /health was answered with 404");
    bramble.log().expect("Connection refused");
}

#[test]
fn a_failing_check_takes_a_backend_out_and_brings_it_back() {
    let sick = Arc::new(AtomicBool::new(false));
    let (a, b) = (sickly("a", &sick), Backend::start(respond(200, "b")));
    let bramble = Config::balancer(&[&a, &b]).with(QUICK).run();
    let mut client = bramble.client();
    eventually("both serve", || answers(&mut client, 2).contains(&"a".into()));
    sick.store(true, Ordering::Relaxed);
    eventually("it is out", || !answers(&mut client, 10).contains(&"a".into()));
    thread::sleep(Duration::from_millis(100));
    assert_eq!(answers(&mut client, 50), vec!["b"; 50]);
    sick.store(false, Ordering::Relaxed);
    eventually("it is back", || answers(&mut client, 2).contains(&"a".into()));
}

#[test]
fn one_failure_of_two_is_none() {
    let checks = Arc::new(AtomicUsize::new(0));
    let counter = checks.clone();
    let a = Backend::start(move |caller| match caller.target() {
        "/health" if counter.fetch_add(1, Ordering::Relaxed) == 5 => caller.respond(500, "sick"),
        _ => caller.respond(200, "a"),
    });
    let b = Backend::start(respond(200, "b"));
    let bramble = Config::balancer(&[&a, &b]).pool(TURNS).with(QUICK).run();
    let mut client = bramble.client();
    eventually("both serve", || answers(&mut client, 2).contains(&"a".into()));
    eventually("one check has failed", || checks.load(Ordering::Relaxed) > 7);
    let seen = answers(&mut client, 50);
    assert_eq!(seen.iter().filter(|name| *name == "a").count(), 25, "{seen:?}");
    assert_eq!(bramble.log().count("up=false"), 0);
}

#[test]
fn a_newcomer_gets_nothing_before_its_first_pass() {
    let sick = Arc::new(AtomicBool::new(true));
    let (a, b) = (sickly("a", &sick), Backend::start(respond(200, "b")));
    let without = Config::balancer(&[&b]).with(QUICK);
    let with = Config::balancer(&[&a, &b]).with(QUICK);
    let bramble = without.run();
    let mut client = bramble.client();
    eventually("b serves", || client.get("/").status == 200);
    bramble.reload(&with);
    assert_eq!(answers(&mut client, 50), vec!["b"; 50]);
    sick.store(false, Ordering::Relaxed);
    eventually("a serves", || answers(&mut client, 2).contains(&"a".into()));
}

#[test]
fn an_interim_answer_to_a_check_is_passed_over() {
    let backend = Backend::start(|caller| {
        let early = "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n";
        caller.send(early);
    });
    let bramble = Config::balancer(&[&backend]).with(QUICK).run();
    bramble.log().expect("up=true");
}

#[test]
fn a_check_that_hangs_has_failed() {
    let (a, b) = (
        Backend::start(|caller| match caller.target() {
            "/health" => caller.pause(3000),
            _ => caller.respond(200, "a"),
        }),
        Backend::start(respond(200, "b")),
    );
    let bramble = Config::balancer(&[&a, &b]).with(QUICK).run();
    let mut client = bramble.client();
    thread::sleep(Duration::from_millis(700));
    assert_eq!(answers(&mut client, 20), vec!["b"; 20]);
}

#[test]
fn a_check_that_hangs_has_failed_however_often_plans_come() {
    let hangs = Arc::new(AtomicBool::new(false));
    let hung = hangs.clone();
    let a = Backend::start(move |caller| {
        if caller.target() == "/health" && hung.load(Ordering::Relaxed) {
            caller.pause(3000);
        }
        caller.respond(200, "a");
    });
    let b = Backend::start(respond(200, "b"));
    let config = |n: usize| Config::balancer(&[&a, &b]).pool(&format!("retries = {n}")).with(QUICK);
    let bramble = config(0).run();
    let mut client = bramble.client();
    eventually("both serve", || answers(&mut client, 2).contains(&"a".into()));
    hangs.store(true, Ordering::Relaxed);
    for n in 0..30 {
        bramble.reload(&config(n % 2));
        thread::sleep(Duration::from_millis(30));
    }
    assert_eq!(answers(&mut client, 20), vec!["b"; 20]);
}

#[test]
fn when_every_check_fails_visitors_are_served_all_the_same() {
    // A wrong check must not take down what works.
    let sick = Arc::new(AtomicBool::new(true));
    let (a, b) = (sickly("a", &sick), sickly("b", &sick));
    let bramble = Config::balancer(&[&a, &b]).pool(TURNS).with(QUICK).run();
    thread::sleep(Duration::from_millis(300));
    let mut client = bramble.client();
    assert_eq!(answers(&mut client, 20).len(), 20);
    let visits = |backend: &Backend| {
        backend.requests().iter().filter(|r| r.start.starts_with("GET / ")).count()
    };
    assert_eq!((visits(&a), visits(&b)), (10, 10));
}

#[test]
fn checks_ask_what_they_are_told_to() {
    let backend = Backend::start(|caller| match caller.request.field("Host") {
        Some("check.test") => caller.respond(204, ""),
        _ => caller.respond(200, "page"),
    });
    let keys = "[pool.health]\npath = \"/ready\"\nhost = \"check.test\"\ninterval_ms = 30";
    let bramble = Config::balancer(&[&backend]).with(keys).run();
    bramble.log().expect("up=true");
    bramble.get("/").expect(200).body("page");
}

/// A pool whose backends are asked in turn, so that each shows whether it is.
fn in_turn(backends: &[&Backend]) -> Config {
    Config::balancer(backends).pool("method = \"by_requests\"")
}

/// Names of all that answer now.
fn who_answers(client: &mut Client) -> BTreeSet<String> {
    answers(client, 40).into_iter().collect()
}

#[test]
fn a_check_by_tcp_asks_for_a_connection_alone() {
    let (mut a, b) = (
        Backend::start(|caller| match caller.request.field("User-Agent") {
            Some("bramble-health") => caller.respond(500, "sick"),
            _ => caller.respond(200, "a"),
        }),
        Backend::start(respond(200, "b")),
    );
    let tcp = "[pool.health]\nmethod = \"TCP\"\ninterval_ms = 30";
    let bramble = in_turn(&[&a, &b]).with(tcp).run();
    let mut client = bramble.client();
    eventually("both serve", || who_answers(&mut client).len() == 2);
    a.stop();
    bramble.log().expect("Connection refused");
    assert_eq!(answers(&mut client, 20), vec!["b"; 20]);
    a.listen();
    eventually("both serve again", || who_answers(&mut client).len() == 2);
}

#[test]
fn a_check_asks_by_the_method_that_it_is_told() {
    for method in ["HEAD", "OPTIONS"] {
        let picky = Backend::start(move |caller| {
            let is_check = caller.request.start.starts_with(&format!("{method} /health "));
            // As an answer to HEAD, whose length is that of a body which does not come.
            let length = if method == "HEAD" { 9 } else { 0 };
            let answer = format!("HTTP/1.1 200 Fine\r\nContent-Length: {length}\r\n\r\n");
            if is_check {
                caller.send(answer)
            } else {
                caller.send("HTTP/1.1 405 No\r\n\r\n")
            };
            caller.close();
        });
        let keys = format!("{QUICK}\nmethod = \"{method}\"");
        let bramble = Config::balancer(&[&picky]).with(&keys).run();
        bramble.log().expect("up=true");
    }
}

#[test]
fn a_check_takes_the_statuses_that_it_is_told() {
    let (a, b) = (Backend::start(respond(404, "")), Backend::start(respond(200, "")));
    let keys = format!("{QUICK}\nstatus = [\"401\", \"404-410\"]");
    let bramble = in_turn(&[&a, &b]).with(&keys).run();
    bramble.log().expect("GET /health was answered with 200");
    let mut client = bramble.client();
    for _ in 0..20 {
        client.get("/").expect(404);
    }
}

#[test]
fn a_check_looks_for_a_text_in_the_body() {
    let (a, b) = (
        Backend::start(|caller| match caller.target() {
            "/health" => {
                let head = "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n";
                caller.send(format!("{head}3\r\nrea\r\n2\r\ndy\r\n0\r\n\r\n"));
            }
            _ => caller.respond(200, "a"),
        }),
        Backend::start(|caller| match caller.target() {
            "/health" => caller.respond(200, "starting"),
            _ => caller.respond(200, "b"),
        }),
    );
    let keys = format!("{QUICK}\nbody = \"ready\"");
    let bramble = in_turn(&[&a, &b]).with(&keys).run();
    bramble.log().expect("the answer to GET /health does not hold");
    let mut client = bramble.client();
    eventually("the one that is ready serves", || answers(&mut client, 1) == ["a"]);
    assert_eq!(answers(&mut client, 20), vec!["a"; 20]);
}

#[test]
fn checks_that_come_late_while_visitors_are_served_take_nobody_out() {
    // As on a board under load, whose requests wait for each other.
    let busy = Arc::new(AtomicBool::new(false));
    let slow = busy.clone();
    let a = Backend::start(move |caller| {
        if caller.target() == "/health" && slow.load(Ordering::Relaxed) {
            caller.pause(1000);
        }
        caller.respond(200, "a");
    });
    let b = Backend::start(respond(200, "b"));
    let bramble = in_turn(&[&a, &b]).with(QUICK).run();
    let mut client = bramble.client();
    eventually("both serve", || who_answers(&mut client).len() == 2);
    busy.store(true, Ordering::Relaxed);
    let end = Instant::now() + Duration::from_millis(1500);
    while Instant::now() < end {
        assert_eq!(answers(&mut client, 2).into_iter().collect::<BTreeSet<_>>().len(), 2);
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(bramble.log().count("up=false"), 0);
    // Nobody is served any more: now it may as well be dead.
    bramble.log().expect("no answer within 200 ms");
}

#[test]
fn checks_take_out_half_of_a_pool_at_most() {
    let sick = Arc::new(AtomicBool::new(false));
    let four: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| sickly(name, &sick)).collect();
    let bramble = in_turn(&four.iter().collect::<Vec<_>>()).with(QUICK).run();
    let mut client = bramble.client();
    eventually("all serve", || who_answers(&mut client).len() == 4);
    sick.store(true, Ordering::Relaxed);
    eventually("half of them are out", || who_answers(&mut client).len() == 2);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(who_answers(&mut client).len(), 2);
    assert_eq!(bramble.log().count("up=false"), 2);
    sick.store(false, Ordering::Relaxed);
    eventually("all serve again", || who_answers(&mut client).len() == 4);
}

#[test]
fn who_refuses_connections_is_out_whoever_is_left() {
    let mut three: Vec<_> = (0..3).map(|_| Backend::start(respond(200, "fine"))).collect();
    let config = Config::balancer(&three.iter().collect::<Vec<_>>()).with(QUICK);
    let bramble = config.run();
    let up = |log: &str| bramble.log().count(log);
    eventually("all are up", || up("up=true") == 3);
    three.iter_mut().for_each(Backend::stop);
    eventually("all are down", || up("up=false") == 3);
}
