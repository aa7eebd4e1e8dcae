//! What backends say of their load: heeded by the balancer, told to nobody else.

use bramble_tests::{Backend, Caller, Config, Folder, eventually, files, get, respond};

const ASK: &str = "Bramble-Load: ask";
const CHECKS: &str = "[pool.health]\npath = \"/health\"\ninterval_ms = 50\ntimeout_ms = 500";

/// A backend that has so much to do, and says so.
fn telling(load: &'static str) -> Backend {
    Backend::start(move |caller: &mut Caller| {
        caller.send(format!("HTTP/1.1 200 Fine\r\n{load}\r\nContent-Length: 0\r\n\r\n"));
    })
}

#[test]
fn a_worker_tells_whoever_asks() {
    let folder = Folder::with(&[("index.html", "home")]);
    let bramble = files(&folder);
    let mut client = bramble.client();
    client.get("/").expect(200).lacks("Bramble-Load");
    for (path, status) in [("/", 200), ("/missing", 404)] {
        let answer = client.get_with(path, &[ASK]);
        let load = answer.expect(status).field("Bramble-Load").unwrap();
        let (start, end) = ("in_flight=0, service_us=", ", free=1");
        assert!(load.starts_with(start) && load.ends_with(end), "{load}");
    }
}

#[test]
fn a_worker_counts_what_waits_in_line() {
    let folder = Folder::with(&[("index.html", "home")]);
    let at_once = "[[route]]\npath_prefix = \"/at-once\"\nrespond = { status = 200 }";
    let bramble = Config::files(&folder, "rate_per_s = 4").with(at_once).run();
    let mut clients: Vec<_> = (0..3).map(|_| bramble.client()).collect();
    for client in &mut clients {
        client.send(get("/"));
    }
    let load =
        || bramble.client().get_with("/at-once", &[ASK]).field("Bramble-Load").unwrap().to_owned();
    eventually("they are in line", || load() == "in_flight=3, free=0");
    // What one takes is told without the line.
    let answer = bramble.client().get_with("/", &[ASK]);
    let said = answer.expect(200).field("Bramble-Load").unwrap();
    let service = said.split(['=', ',']).nth(3).unwrap().parse::<u32>().unwrap();
    assert!((250_000..400_000).contains(&service), "{said}");
}

#[test]
fn no_visitor_hears_of_it() {
    let folder = Folder::with(&[("index.html", "home")]);
    let worker = files(&folder);
    let direct = Config::default().backend(worker.address(), "").with(CHECKS).run();
    eventually("it serves", || direct.get("/").status == 200);
    for _ in 0..10 {
        direct.client().get_with("/", &[ASK]).expect(200).lacks("Bramble-Load");
    }
    let app = telling("Bramble-Load: in_flight=3");
    Config::balancer(&[&app]).run().get("/").expect(200).lacks("Bramble-Load");
}

#[test]
fn whoever_works_for_others_gets_less() {
    let (busy, idle) = (telling("Bramble-Load: in_flight=9"), telling("Bramble-Load: in_flight=0"));
    let bramble = Config::balancer(&[&busy, &idle]).run();
    let mut client = bramble.client();
    for _ in 0..40 {
        client.get("/").expect(200);
    }
    assert!(busy.count() <= 4, "{}", busy.count());
    assert_eq!(busy.count() + idle.count(), 40);
}

#[test]
fn what_is_no_report_says_nothing() {
    let odd = telling("Bramble-Load: in_flight=9, color=red");
    let twice = telling("Bramble-Load: in_flight=9\r\nBramble-Load: in_flight=9");
    let bramble = Config::balancer(&[&odd, &twice]).run();
    let mut client = bramble.client();
    for _ in 0..40 {
        client.get("/").expect(200).lacks("Bramble-Load");
    }
    assert_eq!((odd.count(), twice.count()), (20, 20));
}

#[test]
fn checks_hear_of_it_as_well() {
    let busy = Backend::start(|caller: &mut Caller| match caller.target() {
        "/health" => {
            let load = caller
                .request
                .field("Bramble-Load")
                .map_or("", |_| "Bramble-Load: in_flight=9\r\n");
            caller.send(format!("HTTP/1.1 200 Fine\r\n{load}Content-Length: 0\r\n\r\n"));
        }
        _ => caller.respond(200, "busy"),
    });
    let idle = Backend::start(respond(200, "idle"));
    let bramble = Config::balancer(&[&busy, &idle]).with(CHECKS).run();
    let mut client = bramble.client();
    eventually("both are up and one is known to be busy", || {
        (0..10).all(|_| client.get("/").text() == "idle")
    });
    assert!(idle.count() > busy.count());
}

#[test]
fn heartbeat_goes_by_free_slots() {
    let (large, small) = (
        telling("Bramble-Load: in_flight=1, free=30"),
        telling("Bramble-Load: in_flight=1, free=10"),
    );
    let bramble = Config::balancer(&[&large, &small]).pool("method = \"heartbeat\"").run();
    let mut client = bramble.client();
    for _ in 0..800 {
        client.get("/").expect(200);
    }
    assert!((500..700).contains(&large.count()), "{} and {}", large.count(), small.count());
}
