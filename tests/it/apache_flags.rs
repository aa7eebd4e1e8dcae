//! Apache's methods and flags of members: sets, spares, standbys, and what is never left alone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bramble_tests::{Backend, Client, Config, TURNS, eventually, get, respond};

/// Soon enough for a test, and not by itself.
const SOON: &str = "retry_ms = 300";
const QUICK: &str = "[pool.health]\npath = \"/health\"\ninterval_ms = 30\ntimeout_ms = 200";

fn named(name: &'static str) -> Backend {
    Backend::start(respond(200, name))
}

/// A pool of backends with keys of their own.
fn pool(members: &[(&Backend, &str)]) -> Config {
    let add = |config: Config, (backend, keys): &(&Backend, &str)| {
        config.backend(backend.address(), keys)
    };
    members.iter().fold(Config::default().pool(TURNS).pool(SOON), add)
}

/// Names of all that answer now, of whom no request fails.
fn who(client: &mut Client) -> Vec<String> {
    let all: BTreeSet<_> = (0..24).map(|_| client.get("/").expect(200).text()).collect();
    all.into_iter().collect()
}

#[test]
fn the_next_set_serves_while_nobody_of_the_first_can() {
    let (mut a, mut b, c, d) = (named("a"), named("b"), named("c"), named("d"));
    let members = [(&c, "set = 7"), (&a, ""), (&b, ""), (&d, "set = 7")];
    let bramble = pool(&members).run();
    let mut client = bramble.client();
    assert_eq!(who(&mut client), ["a", "b"]);
    a.stop();
    assert_eq!(who(&mut client), ["b"]);
    b.stop();
    assert_eq!(who(&mut client), ["c", "d"]);
    client.post("/", "order").expect(200);
    a.listen();
    eventually("it is back", || who(&mut client) == ["a"]);
    b.listen();
    eventually("both are back", || who(&mut client) == ["a", "b"]);
}

#[test]
fn a_spare_stands_in_and_rests_again() {
    let (a, mut b, c, d) = (named("a"), named("b"), named("c"), named("d"));
    let spare = "reserve = \"spare\"";
    let bramble = pool(&[(&c, spare), (&a, ""), (&b, ""), (&d, spare)]).run();
    let mut client = bramble.client();
    assert_eq!(who(&mut client), ["a", "b"]);
    b.stop();
    // The first request that finds it out is answered, too.
    assert_eq!(who(&mut client), ["a", "c"]);
    b.listen();
    eventually("it rests", || who(&mut client) == ["a", "b"]);
    assert_eq!(d.connections(), 0);
}

#[test]
fn a_standby_serves_when_nobody_else_of_its_set_can() {
    let (mut a, b, mut c, d) = (named("a"), named("b"), named("c"), named("d"));
    let standby = "reserve = \"standby\"";
    let bramble =
        pool(&[(&a, ""), (&b, "state = \"disabled\""), (&c, standby), (&d, "set = 1")]).run();
    let mut client = bramble.client();
    assert_eq!(who(&mut client), ["a"]);
    a.stop();
    assert_eq!(who(&mut client), ["c"]);
    c.stop();
    assert_eq!(who(&mut client), ["d"]);
    a.listen();
    eventually("it is back", || who(&mut client) == ["a"]);
}

#[test]
fn nobody_is_woken_since_another_is_slow() {
    let slow = Backend::start(|caller| {
        caller.body();
        caller.pause(150);
        caller.respond(200, "slow");
    });
    let later = [named("standby"), named("other")];
    let members = [(&slow, ""), (&later[0], "reserve = \"standby\""), (&later[1], "set = 1")];
    let bramble = pool(&members).pool("hedge_ms = 20").run();
    let mut client = bramble.client();
    for _ in 0..8 {
        client.get("/").expect(200).body("slow");
        client.post("/", "order").expect(200).body("slow");
    }
    assert_eq!(later.each_ref().map(Backend::connections), [0, 0]);
}

#[test]
fn a_page_that_says_that_there_is_none_is_asked_of_whoever_comes_next() {
    let poor = Backend::start(respond(503, "poor"));
    let next = named("next");
    let bramble = pool(&[(&poor, ""), (&next, "reserve = \"standby\"")]).run();
    bramble.get("/").expect(200).body("next");
}

#[test]
fn a_stopped_backend_is_not_even_checked() {
    let (a, b) = (named("a"), named("b"));
    let config = |keys: &str| pool(&[(&a, keys), (&b, "")]).with(QUICK);
    let bramble = config("state = \"stopped\"").run();
    let mut client = bramble.client();
    eventually("b serves", || client.get("/").status == 200);
    thread::sleep(Duration::from_millis(150));
    assert_eq!((who(&mut client), a.connections()), (vec!["b".to_owned()], 0));
    bramble.reload(&config(""));
    eventually("both serve", || who(&mut client).len() == 2);
    bramble.reload(&config("state = \"stopped\""));
    let asked = a.count();
    thread::sleep(Duration::from_millis(150));
    assert!(a.count() <= asked + 1, "a check may have been under way");
    assert_eq!(who(&mut client), ["b"]);
}

#[test]
fn whose_errors_are_ignored_is_asked_all_the_same() {
    let (mut a, b) = (named("a"), named("b"));
    let members = [(&a, "ignore_errors = true"), (&b, "")];
    let bramble = pool(&members).pool("retries = 1").run();
    let mut client = bramble.client();
    a.stop();
    // Each turn of it is tried there first.
    assert_eq!(who(&mut client), ["b"]);
    a.listen();
    let turns: String = (0..4).map(|_| client.get("/").text()).collect();
    assert!(turns == "abab" || turns == "baba", "{turns}");
}

/// A backend whose check fails while the flag is set; visitors it serves always.
fn sickly(name: &'static str, sick: &Arc<AtomicBool>) -> Backend {
    let sick = sick.clone();
    Backend::start(move |caller| match caller.target() {
        "/health" if sick.load(Ordering::Relaxed) => caller.respond(500, "sick"),
        "/health" => caller.respond(200, "well"),
        _ => caller.respond(200, name),
    })
}

#[test]
fn checks_are_ignored_with_the_errors() {
    let sick = Arc::new(AtomicBool::new(true));
    let (a, b) = (sickly("a", &sick), named("b"));
    let bramble = pool(&[(&a, "ignore_errors = true"), (&b, "")]).with(QUICK).run();
    bramble.log().expect("up=false");
    let mut client = bramble.client();
    assert_eq!(who(&mut client), ["a", "b"]);
}

#[test]
fn without_a_forced_recovery_a_pool_that_is_out_says_so() {
    let sick = Arc::new(AtomicBool::new(true));
    let (a, b) = (sickly("a", &sick), sickly("b", &sick));
    let bramble = pool(&[(&a, ""), (&b, "")]).pool("force_recovery = false").with(QUICK).run();
    thread::sleep(Duration::from_millis(200));
    let mut client = bramble.client();
    client.get("/").expect(503).has("Bramble-Reason", "no_backend");
    sick.store(false, Ordering::Relaxed);
    eventually("they are back", || client.get("/").status == 200);
    assert_eq!(who(&mut client), ["a", "b"]);
}

#[test]
fn bytes_are_shared_by_traffic() {
    // What it was sent counts as well as what it sends.
    let (large, small) = ("x".repeat(100_000), "x".repeat(10_000));
    let (a, b) = (Backend::start(respond(200, &large)), Backend::start(respond(200, &small)));
    let config = Config::balancer(&[&a, &b]).pool("method = \"by_traffic\"");
    let bramble = config.run();
    let mut client = bramble.client();
    for i in 0..110 {
        client.get("/").expect(200);
        if i == 50 {
            // Nothing begins anew with a plan.
            bramble.reload(&config.clone().with("[timeouts]\nidle_ms = 59_000"));
        }
    }
    assert!((9..=11).contains(&a.count()), "{} and {}", a.count(), b.count());
}

#[test]
fn the_least_busy_is_asked_by_busyness() {
    let held = Arc::new(AtomicBool::new(true));
    let holds = held.clone();
    let a = Backend::start(move |caller| {
        while caller.target() == "/long" && holds.load(Ordering::Relaxed) {
            caller.pause(5);
        }
        caller.respond(200, "a");
    });
    let b = named("b");
    let config = Config::default().pool("method = \"by_busyness\"\nhedge_ms = 60_000");
    let bramble = config.backend(a.address(), "weight = 9.0").backend(b.address(), "").run();
    let mut long = bramble.client();
    long.send(get("/long"));
    eventually("it is at work", || a.count() == 1);
    let mut client = bramble.client();
    // However much more it may weigh.
    assert_eq!(who(&mut client), ["b"]);
    held.store(false, Ordering::Relaxed);
    long.answer().expect(200).body("a");
    eventually("it has its turns again", || who(&mut client) == ["a", "b"]);
}
