//! Sessions that stay with their backend.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bramble_tests::{Backend, Bramble, Client, Cluster, Config, TURNS, eventually, respond};

const SET: &str = "[pool.sticky]\ncookie = \"ROUTEID\"\nset = true";
const APPS: &str = "[pool.sticky]\ncookie = \"JSESSIONID\"\nparameter = \"jsessionid\"";
const QUICK: &str = "[pool.health]\npath = \"/health\"\ninterval_ms = 30\ntimeout_ms = 200";

fn named(name: &str) -> Backend {
    Backend::start(respond(200, name))
}

fn three() -> [Backend; 3] {
    ["a", "b", "c"].map(named)
}

/// The backends as a, b and c, that also by route, with further keys of each.
fn config(backends: &[Backend], keys: &[&str], tables: &str) -> Config {
    let names = ["a", "b", "c"].iter().zip(backends).enumerate();
    let pool = names.fold(Config::default().pool(TURNS), |config, (i, (name, backend))| {
        let more = keys.get(i).copied().unwrap_or_default();
        let keys = format!("name = \"{name}\"\nroute = \"{name}\"\n{more}");
        config.backend(backend.address(), &keys)
    });
    pool.with(tables)
}

/// Whoever answers so many requests with that cookie.
fn answers(client: &mut Client, cookie: &str, n: usize) -> String {
    let cookie = format!("Cookie: {cookie}");
    (0..n).map(|_| client.get_with("/", &[&cookie]).expect(200).text()).collect()
}

/// The cookie that an answer sets, without its attributes.
fn begin(bramble: &Bramble) -> (String, String) {
    let answer = bramble.get("/");
    let set = answer.expect(200).field("Set-Cookie").expect("a cookie").to_owned();
    let pair = set.strip_suffix("; Path=/; HttpOnly; SameSite=Lax");
    (pair.unwrap_or_else(|| panic!("{set}")).to_owned(), answer.text())
}

#[test]
fn a_cookie_of_our_own_keeps_a_visitor_with_a_backend() {
    let backends = three();
    let bramble = config(&backends, &[], SET).run();
    for _ in 0..3 {
        let (cookie, name) = begin(&bramble);
        assert_eq!(cookie, format!("ROUTEID=.{name}"));
        assert_eq!(answers(&mut bramble.client(), &cookie, 10), name.repeat(10));
    }
}

#[test]
fn it_is_set_once() {
    let backends = three();
    let bramble = config(&backends, &[], SET).run();
    let mut client = bramble.client();
    client.get_with("/", &["Cookie: ROUTEID=.b"]).expect(200).body("b").lacks("Set-Cookie");
    // By a parameter it is known, too.
    client.get("/?ROUTEID=.c").expect(200).body("c").lacks("Set-Cookie");
    // Nobody has that route.
    let answer = client.get_with("/", &["Cookie: ROUTEID=.x"]);
    assert!(answer.expect(200).field("Set-Cookie").unwrap().starts_with("ROUTEID=."));
}

#[test]
fn over_tls_it_is_for_tls_alone() {
    let backends = three();
    let trusted = config(&backends, &[], SET).top("trusted_proxies = [\"127.0.0.2\"]").run();
    let set = |bramble: &Bramble, proto: &str| {
        let answer = bramble.client().get_with("/", &[&format!("X-Forwarded-Proto: {proto}")]);
        answer.expect(200).field("Set-Cookie").unwrap().ends_with("; Secure")
    };
    assert!(set(&trusted, "https") && set(&trusted, "HTTPS, http"));
    assert!(!set(&trusted, "http") && !set(&trusted, "http, https"));
    let other = config(&backends, &[], SET).run();
    assert!(!set(&other, "https"), "a stranger's claim");
}

#[test]
fn an_app_s_cookie_ends_in_a_route() {
    let backends = three();
    let bramble = config(&backends, &[], APPS).run();
    let mut client = bramble.client();
    assert_eq!(answers(&mut client, "lang=en; JSESSIONID=0123456789ABCDEF.b; x=y", 6), "bbbbbb");
    assert_eq!(answers(&mut client, "JSESSIONID=.c", 3), "ccc");
    // One without goes where there are the fewest.
    assert_eq!(answers(&mut client, "JSESSIONID=0123456789ABCDEF", 3), "aaa");
    // The app's own is all that there is.
    client.get("/").expect(200).lacks("Set-Cookie");
}

#[test]
fn a_url_names_a_backend() {
    let backends = three();
    let bramble = config(&backends, &[], APPS).run();
    let mut client = bramble.client();
    let cookie = ["Cookie: JSESSIONID=1.a"];
    for target in
        ["/x?jsessionid=1.c", "/x;jsessionid=1.c", "/x;jsessionid=1.c/y?z", "/?a&jsessionid=.c&b"]
    {
        for _ in 0..3 {
            client.get_with(target, &cookie).expect(200).body("c");
        }
    }
}

#[test]
fn sessions_count_as_other_requests_do() {
    let backends = three();
    let bramble = config(&backends, &[], SET).run();
    let mut client = bramble.client();
    answers(&mut client, "ROUTEID=.a", 20);
    for _ in 0..40 {
        client.get("/").expect(200);
    }
    let counts = backends.each_ref().map(Backend::count);
    assert_eq!(counts, [20, 20, 20]);
}

#[test]
fn a_session_whose_backend_dies_goes_to_another_and_is_told() {
    let mut backends = three();
    let bramble = config(&backends, &[], SET).run();
    let mut client = bramble.client();
    assert_eq!(answers(&mut client, "ROUTEID=.b", 3), "bbb");
    backends[1].stop();
    let answer = client.get_with("/", &["Cookie: ROUTEID=.b"]);
    let now = answer.expect(200).text();
    assert!(now == "a" || now == "c", "{now}");
    answer.has("Set-Cookie", &format!("ROUTEID=.{now}; Path=/; HttpOnly; SameSite=Lax"));
}

#[test]
fn or_to_the_one_that_it_is_redirected_to() {
    let mut backends = three();
    let bramble = config(&backends, &["", "redirect = \"c\""], SET).run();
    let mut client = bramble.client();
    backends[1].stop();
    let first = client.get_with("/", &["Cookie: ROUTEID=.b"]);
    first.expect(200).body("c").has("Set-Cookie", "ROUTEID=.c; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(answers(&mut client, "ROUTEID=.b", 5), "ccccc");
}

#[test]
fn or_nowhere() {
    let mut backends = three();
    let without = format!("{APPS}\nfailover = false");
    let mut bramble = config(&backends, &["", "", "state = \"disabled\""], &without).run();
    let mut client = bramble.client();
    backends[1].stop();
    for route in ["b", "c", "b"] {
        client.get_with("/", &[&format!("Cookie: JSESSIONID=1.{route}")]).expect(503);
    }
    let gone = client.get_with("/", &["Cookie: JSESSIONID=1.c"]);
    gone.expect(503).has("Bramble-Reason", "no_session_backend").has("Retry-After", "1");
    // Others are served, and so is a session of a backend that nobody knows.
    assert_eq!(answers(&mut client, "JSESSIONID=1.a", 3), "aaa");
    assert_eq!(answers(&mut client, "JSESSIONID=1.x", 3), "aaa");
    assert!(bramble.stop_and_count("no_session_backend") >= 2);
}

#[test]
fn a_draining_backend_keeps_its_sessions_over_a_reload() {
    let backends = three();
    let bramble = config(&backends, &[], SET).run();
    let mut client = bramble.client();
    assert_eq!(answers(&mut client, "ROUTEID=.a", 2), "aa");
    bramble.reload(&config(&backends, &["state = \"draining\""], SET));
    assert_eq!(answers(&mut client, "ROUTEID=.a", 5), "aaaaa");
    assert_eq!(answers(&mut client, "ROUTEID=.none", 6).matches('a').count(), 0);
    client.get_with("/", &["Cookie: ROUTEID=.a"]).expect(200).lacks("Set-Cookie");
    bramble.reload(&config(&backends, &["state = \"disabled\""], SET));
    assert_eq!(answers(&mut client, "ROUTEID=.a", 5).matches('a').count(), 0);
}

#[test]
fn sessions_outlive_the_process() {
    let backends = three();
    let config = config(&backends, &[], SET);
    let (cookie, name) = begin(&config.run());
    let bramble = config.top("threads = 2").run();
    for _ in 0..10 {
        assert_eq!(answers(&mut bramble.client(), &cookie, 1), name);
    }
}

#[test]
fn a_slow_answer_is_the_session_s_own() {
    let slow = Backend::start(|caller| {
        if caller.target() != "/health" {
            caller.pause(400);
        }
        caller.respond(200, "a");
    });
    let other = named("b");
    let backends = [slow, other];
    let config = config(&backends, &[], &format!("{APPS}\n{QUICK}")).pool("hedge_ms = 50");
    let bramble = config.run();
    let mut client = bramble.client();
    eventually("its checks pass", || answers(&mut client, "JSESSIONID=1.a", 1) == "a");
    for _ in 0..4 {
        assert_eq!(answers(&mut client, "JSESSIONID=1.a", 1), "a");
    }
}

#[test]
fn and_so_is_one_that_says_that_there_is_none() {
    let sick = Backend::start(respond(503, "a"));
    let other = named("b");
    let backends = [sick, other];
    let bramble = config(&backends, &[], APPS).run();
    let mut client = bramble.client();
    for _ in 0..5 {
        client.get_with("/", &["Cookie: JSESSIONID=1.a"]).expect(503).body("a");
    }
    // Without a session another is asked.
    for _ in 0..5 {
        client.get("/").expect(200).body("b");
    }
}

#[test]
fn but_a_backend_that_hangs_is_left_when_its_checks_say_so() {
    let hangs = Arc::new(AtomicBool::new(false));
    let flag = hangs.clone();
    let one = Backend::start(move |caller| match flag.load(Ordering::Relaxed) {
        true => caller.pause(10_000),
        false => caller.respond(200, "a"),
    });
    let other = named("b");
    let backends = [one, other];
    let config = config(&backends, &[], &format!("{SET}\n{QUICK}")).pool("hedge_ms = 50");
    let bramble = config.run();
    let mut client = bramble.client();
    eventually("it serves", || answers(&mut client, "ROUTEID=.a", 1) == "a");
    hangs.store(true, Ordering::Relaxed);
    let start = Instant::now();
    let answer = client.get_with("/", &["Cookie: ROUTEID=.a"]);
    answer.expect(200).body("b").has("Set-Cookie", "ROUTEID=.b; Path=/; HttpOnly; SameSite=Lax");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn a_post_goes_home_too_and_is_not_sent_twice() {
    let mut backends = three();
    let bramble = config(&backends, &[], SET).run();
    let mut client = bramble.client();
    let post = "POST / HTTP/1.1\r\nHost: x\r\nCookie: ROUTEID=.b\r\nContent-Length: 2\r\n\r\nhi";
    for _ in 0..3 {
        client.send(post).answer().expect(200).body("b").lacks("Set-Cookie");
    }
    // It has surely reached nobody.
    backends[1].stop();
    client.send(post).answer().expect(200);
}

#[test]
fn a_websocket_has_its_session_too() {
    const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                         Upgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";
    let app = Backend::start(|caller| {
        caller.send_last(AGREE);
    });
    let backends = [app];
    let bramble = config(&backends, &[], SET).run();
    let ask = |cookie: &str| {
        let fields = format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{cookie}");
        let mut client = bramble.client();
        client.send(format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n")).answer()
    };
    ask("").expect(101).has("Set-Cookie", "ROUTEID=.a; Path=/; HttpOnly; SameSite=Lax");
    ask("Cookie: ROUTEID=.a\r\n").expect(101).lacks("Set-Cookie");
}

#[test]
fn a_hostile_cookie_names_nobody() {
    let backends = three();
    let bramble = config(&backends, &[], SET).run();
    let long = "ROUTEID=".to_owned() + &".".repeat(20_000) + "a";
    let many = "ROUTEID=;".repeat(2_000) + "ROUTEID=.zzz";
    let odd = "=;;;ROUTEID;ROUTEID=x.a%;ROUTEID=.a";
    for cookie in [long.as_str(), many.as_str(), odd] {
        for _ in 0..3 {
            bramble.client().get_with("/", &[&format!("Cookie: {cookie}")]).expect(200);
        }
    }
    assert_eq!(backends.each_ref().map(Backend::count), [3, 3, 3]);
}

#[test]
fn verbs_make_a_pool_sticky() {
    let backends = three();
    let listed = backends.iter().zip(["a", "b", "c"]).map(|(backend, name)| {
        let address = backend.address();
        format!("[[pool.backend]]\nname = \"{name}\"\naddress = \"{address}\"\n")
    });
    let listed: String = listed.collect();
    let cluster = Cluster::with_file(&format!(
        "[[pool]]\nname = \"app\"\n{listed}[[route]]\npath_prefix = \"/app\"\npool = \"app\"\n"
    ));
    let with = |cookie: &str| cluster.client().get_with("/app", &[&format!("Cookie: {cookie}")]);
    eventually("it serves", || cluster.get("/app").status == 200);
    cluster.call(&["pool", "set", "app", "sticky.cookie=SID", "sticky.set=true"]).expect(0);
    cluster.call(&["backend", "edit", "app", "b", "route=2"]).expect(0);
    cluster.call(&["backend", "drain", "app", "b"]).expect(0);
    for _ in 0..5 {
        with("SID=.2").expect(200).body("b").lacks("Set-Cookie");
        with("SID=.c").expect(200).body("c");
    }
    cluster.call(&["pool", "set", "app", "sticky="]).expect(0);
    with("SID=.x").expect(200).lacks("Set-Cookie");
}
