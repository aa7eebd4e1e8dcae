//! A client that waits for a word before its body (`Expect: 100-continue`): the backend has the
//! say, and whatever it says, nothing of a body that nobody asked for is taken for a request.

#![allow(clippy::print_stdout)] // Figures, for whoever reads the run.

use std::thread;
use std::time::{Duration, Instant};

use bramble_tests::{Backend, Broken, Caller, Client, Config, balancer, eventually, get, respond};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

fn head(method: &str, length: usize) -> String {
    format!(
        "{method} / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {length}\r\n\
         Expect: 100-continue\r\n\r\n"
    )
}

/// Wants the body.
fn welcome(caller: &mut Caller) {
    if caller.request.field("Expect").is_some() {
        caller.send(CONTINUE);
    }
    let body = caller.body();
    caller.respond(200, &body);
}

#[test]
fn the_backends_word_is_passed_on() {
    let backend = Backend::start(welcome);
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..3 {
        client.send(head("POST", 3)).answer().expect(100).lacks("Date");
        assert_eq!(backend.last().field("Expect"), Some("100-continue"));
        client.send("one").answer().expect(200).body("one");
    }
    client.get("/").expect(200);
    assert_eq!(backend.last().field("Expect"), None);
}

#[test]
fn an_answer_instead_of_it_is_passed_on_and_the_body_stays_where_it_is() {
    for status in [401, 403, 413, 417] {
        let backend = Backend::start(respond(status, "no"));
        let bramble = balancer(&[&backend]);
        let mut client = bramble.client();
        client.send(head("PUT", 1000)).answer().expect(status).has("Connection", "close");
        // Too late, and nobody's request.
        client.send(get("/smuggled"));
        assert!(matches!(client.try_answer(), Err(Broken::Closed | Broken::Reset)));
        // The backend waits for the body still: what came next there would be taken for it.
        bramble.get("/").expect(status);
        assert_eq!((backend.count(), backend.connections()), (2, 2));
    }
}

#[test]
fn no_word_follows_an_answer_that_has_begun() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\n");
        // Longer than a backend may be silent before the answer.
        caller.pause(1300);
        caller.send_last("no");
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(head("POST", 1000)).answer().expect(403).body("no");
    client.expect_closed();
}

#[test]
fn a_backend_that_waits_for_the_body_gets_it() {
    // As most apps do that know no expectations.
    let backend = Backend::start(|caller| {
        let body = caller.body();
        caller.respond(200, &body);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    let start = Instant::now();
    client.send(head("POST", 3)).answer().expect(100);
    println!("told to go on after {:?}", start.elapsed());
    client.send("one").answer().expect(200).body("one");
    client.get("/").expect(200);
}

#[test]
fn a_client_that_does_not_wait_needs_no_word() {
    let backend = Backend::start(|caller| {
        let body = caller.body();
        caller.respond(200, &body);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..3 {
        let asked = backend.count();
        client.send(head("POST", 6));
        eventually("the head arrives", || backend.count() > asked);
        client.send("one").send("two").answer().expect(200).body("onetwo");
        client.send(head("POST", 3) + "one").answer().expect(200).body("one");
    }
    client.get("/").expect(200);
}

#[test]
fn a_client_that_does_not_wait_has_the_time_of_any_other() {
    let backend = Backend::start(|caller| {
        let body = caller.body();
        caller.respond(200, &body);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(head("POST", 6));
    eventually("the head arrives", || backend.count() == 1);
    client.send("one");
    // Longer than a backend may be silent before the body.
    thread::sleep(Duration::from_millis(1300));
    client.send("two").answer().expect(200).body("onetwo");
}

#[test]
fn a_client_that_goes_away_while_it_waits_leaves_nothing_behind() {
    let backend = Backend::start(|caller| match caller.try_body() {
        Ok(_) => caller.respond(200, "whole"),
        Err(_) => caller.close(),
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(head("PUT", 1000));
    eventually("the head arrives", || backend.count() == 1);
    drop(client);
    bramble.get("/").expect(200).body("whole");
    assert_eq!((backend.count(), backend.connections()), (2, 2));
}

/// The client's answer, when it is told to go on or before.
fn upload(client: &mut Client, method: &str) -> u16 {
    let first = client.send(head(method, 3)).answer();
    if first.status != 100 {
        return first.status;
    }
    client.send("one").answer().status
}

#[test]
fn a_body_that_has_not_begun_can_go_elsewhere_under_the_rules_of_others() {
    for (method, expected) in [("PUT", 200), ("POST", 502)] {
        let closes = Backend::start(Caller::close);
        let wants = Backend::start(welcome);
        // By weight, it is asked first.
        let config = Config::default()
            .backend(closes.address(), "weight = 2.0")
            .backend(wants.address(), "weight = 1.0");
        let bramble = config.run();
        assert_eq!(upload(&mut bramble.client(), method), expected, "{method}");
        assert_eq!(closes.count(), 1);
        assert_eq!(wants.count(), usize::from(expected == 200), "{method} twice");
    }
}

#[test]
fn nobody_at_an_address_is_nobodys_word() {
    let dead = Backend::stopped(respond(200, "dead"));
    let wants = Backend::start(welcome);
    let bramble = Config::balancer(&[&dead, &wants]).pool("retry_ms = 1").run();
    for _ in 0..4 {
        assert_eq!(upload(&mut bramble.client(), "POST"), 200);
    }
    assert_eq!(wants.count(), 4);
}

#[test]
fn a_backend_that_dies_behind_its_word_has_been_asked_all_the_same() {
    let dies = Backend::start(|caller| {
        caller.send(CONTINUE);
        let _ = caller.try_body();
        caller.close();
    });
    let wants = Backend::start(welcome);
    let config = Config::default()
        .backend(dies.address(), "weight = 2.0")
        .backend(wants.address(), "weight = 1.0");
    let bramble = config.run();
    // Its body was taken, so that nobody else can have it.
    assert_eq!(upload(&mut bramble.client(), "PUT"), 502);
    assert_eq!((dies.count(), wants.count()), (1, 0));
}

#[test]
fn a_body_that_was_never_asked_for_is_not_taken_for_a_request() {
    let config = "[[route]]\nrespond = { status = 403 }";
    let bramble = Config::of(config).run();
    let mut client = bramble.client();
    client.send(
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 60\r\nExpect: 100-continue\r\n\r\n",
    );
    client.answer().expect(403);
    client.send(get("/smuggled"));
    client.expect_closed();
}
