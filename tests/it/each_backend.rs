//! What single backends have of their own: times, retry time, host.

use std::thread;
use std::time::Duration;

use bramble_tests::{Backend, Bramble, Caller, Config, TURNS, respond};

/// Two backends that take turns.
pub(crate) fn turns(one: (&Backend, &str), two: (&Backend, &str), pool: &str) -> Bramble {
    let config = Config::default().backend(one.0.address(), one.1);
    config.backend(two.0.address(), two.1).pool(TURNS).pool(pool).run()
}

/// Answers orders and all else after so long.
pub(crate) fn slow(ms: u64, name: &'static str) -> Backend {
    Backend::start(move |caller: &mut Caller| {
        caller.body();
        caller.pause(ms);
        caller.respond(200, name);
    })
}

#[test]
fn one_may_take_less_time_for_its_answer_than_others() {
    let (hasty, patient) = (slow(400, "hasty"), slow(400, "patient"));
    let bramble = turns((&hasty, "first_byte_ms = 100"), (&patient, ""), "");
    let mut client = bramble.client();
    client.post("/", "x").expect(504);
    client.post("/", "x").expect(200).body("patient");
    // What may be repeated is asked of the other.
    client.get("/").expect(200).body("patient");
    assert_eq!((hasty.count(), patient.count()), (2, 2));
}

#[test]
fn one_may_be_tried_again_sooner_than_others() {
    let (mut dead, alive) =
        (Backend::stopped(respond(200, "back")), Backend::start(respond(200, "alive")));
    let bramble = turns((&dead, "retry_ms = 300"), (&alive, ""), "");
    let mut client = bramble.client();
    client.get("/").expect(200).body("alive");
    dead.listen();
    for _ in 0..5 {
        client.get("/").expect(200).body("alive");
    }
    thread::sleep(Duration::from_millis(400));
    let answers: Vec<_> = (0..4).map(|_| client.get("/").text()).collect();
    assert!(answers.contains(&"back".to_owned()), "{answers:?}");
}

#[test]
fn one_gets_a_host_of_its_own_and_hears_the_visitors() {
    let (named, plain) = (Backend::start(respond(200, "")), Backend::start(respond(200, "")));
    let bramble = turns((&named, "host = \"app.internal:8080\""), (&plain, ""), "");
    let mut client = bramble.client();
    for _ in 0..2 {
        client.get("/").expect(200);
        client.post("/a", "x").expect(200);
    }
    assert_eq!((named.count(), plain.count()), (2, 2));
    for (backend, host) in [(&named, "app.internal:8080"), (&plain, "site.test")] {
        for request in backend.requests() {
            assert_eq!(request.field("Host"), Some(host));
            assert_eq!(request.field("X-Forwarded-Host"), Some("site.test"));
        }
    }
}

#[test]
fn whoever_is_asked_next_gets_its_own_host() {
    let drops = || Backend::start(|caller: &mut Caller| caller.close());
    let (one, two) = (drops(), drops());
    let last = Backend::start(respond(200, "last"));
    let bramble = Config::default()
        .backend(one.address(), "host = \"one\"")
        .backend(two.address(), "")
        .backend(last.address(), "host = \"three.internal\"")
        .pool(TURNS)
        .pool("retries = 2")
        .run();
    bramble.get("/x?y").expect(200).body("last");
    let hosts = [&one, &two, &last].map(|backend| backend.last());
    let hosts = hosts.each_ref().map(|head| (head.start.as_str(), head.field("Host")));
    let line = "GET /x?y HTTP/1.1";
    assert_eq!(
        hosts,
        [(line, Some("one")), (line, Some("site.test")), (line, Some("three.internal"))]
    );
}

#[test]
fn places_under_a_backends_own_host_are_here() {
    let app = Backend::start(|caller: &mut Caller| {
        let host = caller.request.field("Host").unwrap().to_owned();
        let own = format!("HTTP/1.1 302 Found\r\nLocation: http://{host}/login?next=/\r\n");
        caller.send(format!("{own}Set-Cookie: a=b; path=/\r\nContent-Length: 0\r\n\r\n"));
    });
    let pool = Config::default().backend(app.address(), "host = \"app.internal\"");
    let answer = pool.run().get("/a/../b//c");
    answer.expect(302).has("Location", "/login?next=/").has("Set-Cookie", "a=b; path=/");
    // The path goes on as it came.
    assert_eq!(app.last().start, "GET /a/../b//c HTTP/1.1");
    let route = "[[route]]\npath_prefix = \"/app\"\npool = \"pool\"\nstrip_prefix = true";
    let bramble = pool.with(route).run();
    bramble.get("/app/x").expect(302).has("Location", "/app/login?next=/");
    assert_eq!(app.last().start, "GET /x HTTP/1.1");
}
