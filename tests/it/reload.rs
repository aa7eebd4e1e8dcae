//! Another configuration in a running process: whole or not at all, and felt by nobody.

use std::thread;
use std::time::Duration;

use bramble_tests::{
    Address, Backend, Client, Config, Folder, balancer, eventually, get, respond, under_load,
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

#[test]
fn threads_come_and_go_under_load() {
    let backend = Backend::start(respond(200, "fine"));
    let config =
        |threads: usize| Config::balancer(&[&backend]).top(&format!("threads = {threads}"));
    let bramble = config(1).run();
    let visit = |client: &mut Client| {
        // A thread that goes says so in its last answer.
        if client.get("/").expect(200).field("Connection") == Some("close") {
            *client = bramble.client();
        }
    };
    under_load(
        4,
        |_| bramble.client(),
        visit,
        || {
            for threads in [2, 1, 3, 2, 1] {
                bramble.reload(&config(threads));
                thread::sleep(Duration::from_millis(100));
            }
        },
    );
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
