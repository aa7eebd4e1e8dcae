//! How many requests a client may make: counted by client, on all threads together.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{
    Address, Answer, Backend, Bramble, Client, Cluster, Config, Folder, Wire, connect_from,
    eventually, get, respond,
};

/// So slow that none comes back within a scenario.
const ONCE: &str = "requests_per_s_per_client = 1\nrequest_burst_per_client";

fn limited(limits: &str) -> Config {
    Config::of(&format!("[[route]]\nrespond = {{ status = 200 }}\n[limits]\n{limits}"))
}

/// How many of so many requests are answered with 200, the others with 429.
#[track_caller]
fn count(times: usize, mut ask: impl FnMut() -> Answer) -> usize {
    let statuses: Vec<_> = (0..times).map(|_| ask().status).collect();
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    statuses.iter().filter(|status| **status == 200).count()
}

#[test]
fn a_burst_and_then_a_429_that_says_when_to_come_again() {
    let backend = Backend::start(respond(200, "one"));
    let limits = "[limits]\nrequests_per_s_per_client = 1\nrequest_burst_per_client = 3";
    let mut bramble = Config::balancer(&[&backend]).with(limits).run();
    let mut client = bramble.client();
    let start = Instant::now();
    assert_eq!(count(3, || client.get("/")), 3);
    let refused = client.post("/", "order");
    assert!(start.elapsed() < Duration::from_secs(1), "too slow a machine to see anything");
    refused.expect(429).has("Retry-After", "1").has("Bramble-Reason", "too_many_requests");
    refused.has("Cache-Control", "no-store").has("Connection", "keep-alive");
    assert_eq!(backend.count(), 3, "it has not seen the fourth");
    eventually("one more may come", || client.get("/").status == 200);
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert!(bramble.stop_and_count("too_many_requests") >= 1);
}

#[test]
fn without_a_limit_nobody_is_refused() {
    let bramble = Config::of("[[route]]\nrespond = { status = 200 }").run();
    let mut client = bramble.client();
    assert_eq!(count(1000, || client.get("/")), 1000);
}

/// A connection from another address than visitors have.
fn from(last: u8, address: SocketAddr) -> Wire {
    Wire::new(connect_from([127, 0, 0, last], address, None))
}

/// What a GET is answered with.
#[track_caller]
fn start_line(visitor: &mut Wire) -> String {
    assert!(visitor.send(get("/")));
    let head = visitor.head().unwrap();
    visitor.body(&head).unwrap();
    head.start
}

#[test]
fn a_client_is_an_address_however_many_connections_it_has() {
    let bramble = limited(&format!("{ONCE} = 5")).run();
    assert_eq!(count(10, || bramble.get("/")), 5);
    assert_eq!(start_line(&mut from(3, bramble.address())), "HTTP/1.1 200 OK");
}

/// Of six requests, each with this list of whom proxies have seen, so many are answered.
#[track_caller]
fn named(bramble: &Bramble, list: &str) -> usize {
    let mut client = bramble.client();
    let field = format!("X-Forwarded-For: {list}");
    count(6, || client.get_with("/", &[&field]))
}

#[test]
fn a_trusted_proxy_says_whose_request_it_is() {
    let proxies = "trusted_proxies = [\"127.0.0.2\", \"198.51.100.9\"]";
    let bramble = limited(&format!("{ONCE} = 4")).top(proxies).run();
    assert_eq!(named(&bramble, "203.0.113.1"), 4);
    assert_eq!(named(&bramble, "203.0.113.2"), 4);
    assert_eq!(named(&bramble, "192.0.2.77, 203.0.113.1"), 0, "the first is anybody's invention");
    assert_eq!(named(&bramble, "203.0.113.2:5000, 198.51.100.9"), 0, "two proxies in a row");
    assert_eq!(named(&bramble, "2001:db8:0:1::1"), 4);
    assert_eq!(named(&bramble, "2001:db8:0:1:ffff::9"), 0, "the same /64");
    assert_eq!(named(&bramble, "2001:db8:0:2::1"), 4);
    let mut client = bramble.client();
    assert_eq!(count(20, || client.get("/")), 20, "behind it are many");
}

#[test]
fn nobody_else_can_say_that() {
    let bramble = limited(&format!("{ONCE} = 4")).run();
    assert_eq!(named(&bramble, "203.0.113.1") + named(&bramble, "203.0.113.2"), 4);
}

#[test]
fn a_reload_gives_nobody_a_new_burst() {
    let bramble = limited(&format!("{ONCE} = 50")).run();
    let mut client = bramble.client();
    assert!(count(60, || client.get("/")) < 60);
    bramble.reload(&limited(&format!("{ONCE} = 40")));
    assert_eq!(client.get("/").status, 429);
    bramble.reload(&limited(""));
    assert_eq!(count(100, || client.get("/")), 100);
}

#[test]
fn metrics_are_there_for_whoever_reads_them_often() {
    let metrics = Address::free();
    let table = format!("[metrics]\naddress = \"{}\"", metrics.socket());
    let bramble = limited(&format!("{ONCE} = 2")).with(&table).run();
    let mut reader = Client::connect(metrics.socket());
    assert_eq!(count(10, || reader.get("/metrics")), 10);
    assert_eq!(count(4, || bramble.get("/")), 2);
}

#[test]
fn workers_do_not_limit_their_balancer() {
    let cluster = Cluster::with_file(&format!("[limits]\n{ONCE} = 5"));
    cluster.publish(&Folder::with(&[("index.html", "home")])).expect(0);
    for last in 10..15 {
        let mut visitor = from(last, cluster.address());
        (0..5).for_each(|_| assert_eq!(start_line(&mut visitor), "HTTP/1.1 200 OK", "{last}"));
    }
}

/// Asks on a connection of its own until then, not faster than every other millisecond.
fn ask_until(bramble: &Bramble, end: Instant) -> usize {
    let mut client = bramble.client();
    let mut answered = 0;
    while Instant::now() < end {
        answered += count(1, || client.get("/"));
        thread::sleep(Duration::from_millis(2));
    }
    answered
}

#[test]
fn threads_share_one_limit() {
    let limits = "requests_per_s_per_client = 200\nrequest_burst_per_client = 100";
    let bramble = limited(limits).top("threads = 2").run();
    let start = Instant::now();
    let end = start + Duration::from_secs(3);
    let answered: usize = thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| ask_until(&bramble, end))).collect();
        asking.into_iter().map(|client| client.join().unwrap()).sum()
    });
    let allowed = 100.0 + 200.0 * start.elapsed().as_secs_f64();
    assert!(answered as f64 <= allowed, "{answered} of {allowed}");
    assert!(answered as f64 >= 0.95 * (100.0 + 200.0 * 3.0), "{answered} of {allowed}");
}
