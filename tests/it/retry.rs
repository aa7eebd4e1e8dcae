//! When a request is tried elsewhere, and when it must not be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{Backend, Client, Config, TURNS, balancer, get, post, respond, under_load};

/// A backend that failed is asked again at once, so that every request meets it.
const EAGER: &str = "retry_ms = 1";

fn nap() {
    thread::sleep(Duration::from_millis(3));
}

#[test]
fn where_nothing_listens_another_backend_answers() {
    let (dead, alive) =
        (Backend::stopped(respond(200, "dead")), Backend::start(respond(200, "alive")));
    let bramble = Config::balancer(&[&dead, &alive]).pool(EAGER).run();
    let mut client = bramble.client();
    for _ in 0..30 {
        client.get("/").expect(200).body("alive");
        client.post("/", "body").expect(200).body("alive");
        nap();
    }
}

#[test]
fn a_backend_that_could_not_be_reached_is_left_alone_for_its_time() {
    let (mut dead, alive) =
        (Backend::stopped(respond(200, "back")), Backend::start(respond(200, "alive")));
    let bramble = Config::balancer(&[&dead, &alive]).pool("retry_ms = 500").run();
    let mut client = bramble.client();
    client.get("/").expect(200).body("alive");
    dead.listen();
    for _ in 0..10 {
        client.get("/").expect(200).body("alive");
    }
    thread::sleep(Duration::from_millis(600));
    let answers: Vec<_> = (0..4).map(|_| client.get("/").text()).collect();
    assert!(answers.contains(&"back".to_owned()), "{answers:?}");
}

#[test]
fn a_backend_that_breaks_off_its_answers_is_left_alone() {
    let breaks = Backend::start(|caller| {
        caller.send_last("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    });
    let whole = Backend::start(respond(200, "whole"));
    let bramble = Config::balancer(&[&breaks, &whole]).pool(TURNS).run();
    let ask = || bramble.client().send(get("/")).try_answer().is_ok();
    let answered = (0..20).filter(|_| ask()).count();
    assert_eq!((answered, breaks.count()), (17, 3));
}

#[test]
fn a_get_that_a_backend_drops_is_answered_by_another() {
    let (bad, good) =
        (Backend::start(|caller| caller.close()), Backend::start(respond(200, "good")));
    let bramble = Config::balancer(&[&bad, &good]).pool(EAGER).run();
    let mut client = bramble.client();
    for _ in 0..20 {
        client.get("/").expect(200).body("good");
        nap();
    }
    assert!(bad.count() > 1);
}

#[test]
fn a_get_that_a_backend_resets_is_answered_by_another() {
    let (bad, good) =
        (Backend::start(|caller| caller.reset()), Backend::start(respond(200, "good")));
    let bramble = Config::balancer(&[&bad, &good]).pool(EAGER).run();
    for _ in 0..20 {
        bramble.get("/").expect(200).body("good");
        nap();
    }
    assert!(bad.count() > 1);
}

#[test]
fn a_post_that_may_have_been_acted_on_is_not_repeated() {
    let scripts: [fn(&mut bramble_tests::Caller); 3] = [
        |caller| {
            caller.body();
            caller.close();
        },
        |caller| {
            caller.body();
            caller.reset();
        },
        |caller| {
            caller.body();
            caller.send_last("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        },
    ];
    for script in scripts {
        let (one, two) = (Backend::start(script), Backend::start(script));
        let bramble = Config::balancer(&[&one, &two]).pool(EAGER).run();
        for i in 1..=5 {
            bramble.client().post("/", "pay").expect(502);
            assert_eq!(one.count() + two.count(), i);
            nap();
        }
    }
}

#[test]
fn a_streamed_body_is_not_repeated_either() {
    let body = "x".repeat(200_000);
    let script = |caller: &mut bramble_tests::Caller| {
        let _ = caller.wire().exactly(1000);
        caller.reset();
    };
    let (one, two) = (Backend::start(script), Backend::start(script));
    let bramble = Config::balancer(&[&one, &two]).pool(EAGER).run();
    let put = post("/", &body).replacen("POST", "PUT", 1);
    bramble.client().send(put).answer().expect(502);
    assert_eq!(one.count() + two.count(), 1);
}

#[test]
fn a_backend_that_closed_an_idle_connection_is_nobodys_problem() {
    let backend = Backend::start(|caller| {
        let body = caller.body();
        caller.respond(200, &body);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for i in 0..20 {
        client.get("/").expect(200);
        backend.hang_up();
        if i % 2 == 0 {
            nap();
        }
        client.post("/", "body").expect(200).body("body");
        backend.hang_up();
    }
}

#[test]
fn backends_that_close_idle_connections_all_the_time_cost_no_request() {
    let backends: Vec<_> = (0..3).map(|_| Backend::start(respond(200, "fine"))).collect();
    let bramble = balancer(&backends.iter().collect::<Vec<_>>());
    let mut client = bramble.client();
    for i in 0..200 {
        backends[i % 3].hang_up();
        client.get("/").expect(200).body("fine");
        client.post("/", "x").expect(200).body("fine");
    }
}

#[test]
fn a_backend_that_dies_in_the_middle_of_answers_costs_no_get() {
    let (dying, steady) = (flapping(), Backend::start(respond(200, "fine")));
    let bramble = Config::balancer(&[&dying, &steady]).pool(TURNS).pool("retry_ms = 20").run();
    let mut client = bramble.client();
    for _ in 0..200 {
        client.get("/").expect(200).body("fine");
        thread::sleep(Duration::from_millis(1));
    }
    assert!(dying.count() >= 5);
}

/// Every other answer breaks off.
fn flapping() -> Backend {
    let count = AtomicUsize::new(0);
    Backend::start(move |caller| match count.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => caller.send_last("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfi"),
        _ => caller.respond(200, "fine"),
    })
}

#[test]
fn when_all_are_down_that_is_said_at_once() {
    let (one, two) = (Backend::stopped(respond(200, "")), Backend::stopped(respond(200, "")));
    let bramble = balancer(&[&one, &two]);
    let mut client = bramble.client();
    for _ in 0..3 {
        let start = Instant::now();
        let answer = client.get("/");
        answer.expect(503).has("Content-Type", "text/html; charset=utf-8");
        let after: u32 = answer.field("Retry-After").expect("Retry-After").parse().unwrap();
        assert!((1..=60).contains(&after));
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
}

#[test]
fn a_pool_that_was_down_answers_within_a_second_of_a_backends_return() {
    let mut backend = Backend::stopped(respond(200, "back"));
    let config = Config::balancer(&[&backend]);
    let bramble = config.with("[pool.health]\ninterval_ms = 250").run();
    let mut client = bramble.client();
    thread::sleep(Duration::from_millis(800));
    client.get("/").expect(503);
    backend.listen();
    assert!(first_success(&mut client) < Duration::from_secs(1));
}

fn first_success(client: &mut Client) -> Duration {
    let start = Instant::now();
    while client.get("/").status != 200 {
        assert!(start.elapsed() < bramble_tests::PATIENCE);
        thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

#[test]
fn a_backend_that_is_killed_and_returns_costs_no_get() {
    let mut mortal = Backend::start(respond(200, "fine"));
    let steady = Backend::start(respond(200, "fine"));
    let config = Config::balancer(&[&mortal, &steady]).pool("retry_ms = 100");
    let bramble = config.run();
    let visit = |client: &mut Client| {
        client.get("/").expect(200).body("fine");
        thread::sleep(Duration::from_millis(1));
    };
    let visits = under_load(
        4,
        |_| bramble.client(),
        visit,
        || {
            for _ in 0..5 {
                thread::sleep(Duration::from_millis(150));
                mortal.stop();
                thread::sleep(Duration::from_millis(150));
                mortal.listen();
            }
        },
    );
    assert!(visits > 500, "only {visits} visits");
    assert!(mortal.count() > 50);
}

#[test]
fn retries_have_a_budget() {
    // Both fail every request: without a budget each GET would cost two.
    let bad = |caller: &mut bramble_tests::Caller| caller.close();
    let (one, two) = (Backend::start(bad), Backend::start(bad));
    // Whose rest is over is asked to find out about it, which is free of the budget.
    let bramble = Config::balancer(&[&one, &two]).pool(TURNS).pool("retry_ms = 60000").run();
    let mut client = bramble.client();
    let requests = 200;
    for _ in 0..requests {
        client.get("/").expect(502);
    }
    let tries = one.count() + two.count();
    assert!(tries > requests && tries <= requests * 6 / 5 + 20, "{tries} tries");
}

#[test]
fn retries_can_be_switched_off() {
    let dead = Backend::stopped(respond(200, ""));
    let alive = Backend::start(respond(200, "alive"));
    let bramble = Config::balancer(&[&dead, &alive]).pool("retries = 0\nretry_ms = 1").run();
    let mut client = bramble.client();
    let mut failed = 0;
    for _ in 0..20 {
        failed += usize::from(client.get("/").status == 503);
        nap();
    }
    assert!(failed > 0, "nothing was tried where nothing listens");
}

#[test]
fn an_answer_under_way_is_never_begun_again() {
    let large = Arc::new("x".repeat(100_000));
    let half = large.clone();
    let bad = Backend::start(move |caller| {
        let length = half.len();
        caller.send_last(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}",
            &half[..70_000]
        ));
    });
    let good = Backend::start(move |caller| caller.respond(200, &large));
    let bramble = Config::balancer(&[&bad, &good]).pool(EAGER).run();
    let (mut whole, mut cut) = (0, 0);
    for _ in 0..10 {
        match bramble.client().send(get("/")).try_answer() {
            Ok(answer) => {
                answer.expect(200);
                whole += 1;
            }
            Err(_) => cut += 1,
        }
    }
    assert!(whole > 0 && cut > 0, "{whole} whole, {cut} cut");
}
