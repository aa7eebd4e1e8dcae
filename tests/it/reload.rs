//! Another configuration in a running process: whole or not at all, and felt by nobody.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bramble_tests::{
    Address, Backend, Bramble, Client, Config, Folder, balancer, eventually, get, respond,
    under_load,
};

#[test]
fn twenty_reloads_under_load_cost_no_request_and_no_connection() {
    let backends: Vec<_> = (0..3).map(|_| Backend::start(respond(200, "fine"))).collect();
    let config = |i: usize| {
        let weight = format!("weight = {}.5", 1 + i % 7);
        let some = backends.iter().take(1 + i % 3);
        some.fold(Config::default(), |config, b| config.backend(b.address(), &weight))
    };
    let bramble = config(0).run();
    let arrive = |i| (i, bramble.client());
    let visit = |(i, client): &mut (usize, Client)| {
        // Some keep their connection throughout, some come anew each time.
        if *i >= 6 {
            *client = bramble.client();
        }
        client.get("/").expect(200).body("fine").lacks("Connection");
        thread::sleep(Duration::from_micros(500));
    };
    let visits = under_load(8, arrive, visit, || {
        for i in 1..=20 {
            bramble.reload(&config(i));
            thread::sleep(Duration::from_millis(30));
        }
    });
    assert!(visits > 1000, "only {visits} visits");
}

/// A visitor who keeps his connection until he is told that it ends, and counts how often.
struct Kept {
    client: Client,
    ends: usize,
}

impl Kept {
    fn visit(&mut self, bramble: &Bramble) {
        if self.client.get("/").expect(200).field("Connection") == Some("close") {
            self.client = bramble.client();
            self.ends += 1;
        }
    }
}

#[test]
fn threads_come_and_go_under_load() {
    let backend = Backend::start(respond(200, "fine"));
    let config =
        |threads: usize| Config::balancer(&[&backend]).top(&format!("threads = {threads}"));
    let bramble = config(3).run();
    let ends = AtomicUsize::new(0);
    let arrive = |i| (i, Kept { client: bramble.client(), ends: 0 });
    let visit = |(i, kept): &mut (usize, Kept)| {
        // Half of them come anew each time, wherever the kernel puts them.
        if *i % 2 == 0 {
            kept.client = bramble.client();
        }
        kept.visit(&bramble);
        ends.fetch_add(std::mem::take(&mut kept.ends), Ordering::Relaxed);
    };
    under_load(16, arrive, visit, || {
        for threads in [2, 1, 3, 2, 1, 4, 1, 2] {
            bramble.reload(&config(threads));
            thread::sleep(Duration::from_millis(100));
        }
    });
    assert!(ends.into_inner() > 0, "nobody's thread went");
}

#[test]
fn all_threads_change_over_at_the_same_instant() {
    let config = |n: usize| {
        let answer = format!("[[route]]\nrespond = {{ status = 200, body = \"{n}\" }}");
        Config::of(&answer).top("threads = 4")
    };
    let bramble = config(0).run();
    // One visitor's connections are with different threads, and see the same time pass.
    let arrive = |_| ((0..8).map(|_| bramble.client()).collect::<Vec<_>>(), 0);
    let visit = |(clients, seen): &mut (Vec<Client>, usize)| {
        for client in clients {
            let now = client.get("/").expect(200).text().parse().unwrap();
            assert!(now >= *seen, "{now} after {seen}");
            *seen = now;
        }
    };
    let visits = under_load(4, arrive, visit, || {
        for n in 1..=60 {
            bramble.reload(&config(n));
        }
    });
    assert!(visits > 100, "only {visits} visits");
}

fn send(clients: &mut [Client], text: &str) {
    for client in clients {
        client.send(text);
    }
}

#[test]
fn what_a_thread_has_begun_it_ends_when_it_goes() {
    let backend = Backend::start(|caller| {
        caller.pause(300);
        caller.respond(200, "slow");
    });
    let config =
        |threads: usize| Config::balancer(&[&backend]).top(&format!("threads = {threads}"));
    let bramble = config(4).run();
    let many = || (0..24).map(|_| bramble.client()).collect::<Vec<_>>();
    let (mut idle, mut reading, mut waiting) = (many(), many(), many());
    send(&mut reading, "GET / HTTP/1.1\r\nHost: si");
    send(&mut waiting, &get("/"));
    eventually("all wait", || backend.count() == waiting.len());
    bramble.reload(&config(1));
    let mut ends = 0;
    for client in &mut waiting {
        client.answer().expect(200).body("slow");
    }
    // Nothing is in flight now: a thread that would end would end now.
    thread::sleep(Duration::from_millis(50));
    send(&mut reading, "te.test\r\n\r\n");
    send(&mut idle, &get("/"));
    for client in idle.iter_mut().chain(&mut reading) {
        let answer = client.answer();
        answer.expect(200).body("slow");
        ends += usize::from(answer.field("Connection") == Some("close"));
    }
    assert!(ends > 0, "no connection was on a thread that went");
    bramble.get("/").expect(200);
}

#[test]
fn a_faulty_file_is_shown_with_a_caret_and_changes_nothing() {
    let backend = Backend::start(respond(200, "one"));
    let config = Config::balancer(&[&backend]);
    let bramble = config.run();
    let mut client = bramble.client();
    client.get("/").expect(200);
    let wrong = config.pool("methood = \"by_requests\"").text(bramble.address());
    let line = wrong.lines().position(|line| line.starts_with("methood")).unwrap() + 1;
    bramble.reload_in_vain(&wrong);
    let log = bramble.log().text();
    assert!(log.contains(&format!("bramble.toml:{line}:1: error: ")), "{log}");
    let caret = log.lines().any(|line| line.trim_start_matches(['|', ' ']).starts_with("^^^^^^^"));
    assert!(caret && log.contains("`method`"), "{log}");
    client.get("/").expect(200).body("one");
    bramble.get("/").expect(200);
}

#[test]
fn a_faulty_file_ends_a_start_with_2() {
    let folder = Folder::with(&[("bramble.toml", "[[listener]]\nname = \"web\"\nadress = 1\n")]);
    let file = folder.join("bramble.toml");
    let mut program = bramble_tests::Program::start(&["run", "--config", file.to_str().unwrap()]);
    assert_eq!(program.wait().code(), Some(2));
    program.log.expect("bramble.toml:3:1: error: ");
    program.log.expect("address");
}

#[test]
fn a_missing_file_ends_a_start_with_2() {
    let mut program = bramble_tests::Program::start(&["run", "--config", "/nowhere/bramble.toml"]);
    assert_eq!(program.wait().code(), Some(2));
    program.log.expect("/nowhere/bramble.toml");
}

#[test]
fn a_listener_can_be_added_and_removed() {
    let backend = Backend::start(respond(200, "one"));
    let config = Config::balancer(&[&backend]);
    let bramble = config.run();
    let mut kept = bramble.client();
    kept.get("/").expect(200);
    let second = Address::free();
    let address = second.socket();
    let more = format!("[[listener]]\nname = \"second\"\naddress = \"{address}\"");
    bramble.reload(&config.clone().with(&more));
    Client::connect(address).get("/").expect(200).body("one");
    bramble.reload(&config);
    eventually("nobody listens there", || std::net::TcpStream::connect(address).is_err());
    kept.get("/").expect(200).body("one");
    bramble.get("/").expect(200);
}

#[test]
fn a_taken_address_is_named_and_the_running_configuration_stays() {
    let (backend, taken) = (Backend::start(respond(200, "one")), Backend::start(respond(200, "")));
    let config = Config::balancer(&[&backend]);
    let bramble = config.run();
    let address = taken.address();
    let more = format!("[[listener]]\nname = \"second\"\naddress = \"{address}\"");
    bramble.reload_in_vain(&config.with(&more).text(bramble.address()));
    bramble.log().expect(&format!("can't listen on {address}"));
    bramble.get("/").expect(200).body("one");
}

#[test]
fn a_taken_address_ends_a_start_with_1() {
    let backend = Backend::start(respond(200, "one"));
    let running = balancer(&[&backend]);
    // Another bramble: two that shared a port would steal each other's visitors.
    for address in [backend.address(), running.address()] {
        let folder = Folder::with(&[]);
        folder.write("bramble.toml", Config::balancer(&[&backend]).text(address));
        let file = folder.join("bramble.toml");
        let mut program =
            bramble_tests::Program::start(&["run", "--config", file.to_str().unwrap()]);
        assert_eq!(program.wait().code(), Some(1));
        program.log.expect(&format!("can't listen on {address}"));
    }
    running.get("/").expect(200);
}

#[test]
fn a_site_whose_folder_is_gone_is_named_and_the_running_configuration_stays() {
    let folder = Folder::with(&[("index.html", "home")]);
    let bramble = bramble_tests::files(&folder);
    let nowhere = Config::of("[[site]]\nname = \"site\"\nroot = \"/nowhere\"");
    bramble.reload_in_vain(&nowhere.text(bramble.address()));
    bramble.log().expect("/nowhere");
    bramble.get("/").expect(200).body("home");
}

#[test]
fn a_request_under_way_ends_by_the_plan_that_it_began_with() {
    let slow = Backend::start(|caller| {
        caller.pause(300);
        caller.respond(200, "slow");
    });
    let other = Backend::start(respond(200, "other"));
    let bramble = balancer(&[&slow]);
    let mut client = bramble.client();
    client.send(get("/"));
    eventually("it is in flight", || slow.count() == 1);
    bramble.reload(&Config::balancer(&[&other]));
    client.answer().expect(200).body("slow");
    client.get("/").expect(200).body("other");
}

#[test]
fn a_folder_that_was_replaced_is_served_after_a_reload() {
    let folder = Folder::with(&[("site/index.html", "old")]);
    let root = folder.join("site").display().to_string();
    let config = Config::of(&format!("[[site]]\nname = \"site\"\nroot = \"{root}\""));
    let bramble = config.run();
    bramble.get("/").expect(200).body("old");
    std::fs::rename(folder.join("site"), folder.join("before")).unwrap();
    folder.write("site/index.html", "new");
    bramble.reload(&config);
    thread::sleep(Duration::from_millis(1100));
    bramble.get("/").expect(200).body("new");
}
