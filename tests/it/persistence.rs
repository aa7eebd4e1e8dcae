//! Connections that serve more than one request, on both sides, and how they end.

use std::time::Duration;

use bramble_tests::{Backend, balancer, get, head, post, respond};

#[test]
fn one_connection_on_each_side_serves_many_requests() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..50 {
        client.get("/").expect(200).body("one");
    }
    assert_eq!(backend.connections(), 1);
}

#[test]
fn clients_share_the_connections_to_a_backend() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    for _ in 0..20 {
        bramble.get("/").expect(200);
    }
    assert_eq!((backend.count(), backend.connections()), (20, 1));
}

#[test]
fn a_connection_is_used_again_after_a_long_answer_that_is_read_slowly() {
    const LEN: usize = 4_000_000;
    let backend = Backend::start(|caller| {
        caller.send(format!("HTTP/1.1 200 Fine\r\nContent-Length: {LEN}\r\n\r\n"));
        caller.send(vec![b'x'; LEN]);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..10 {
        client.send(get("/"));
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!(client.answer().expect(200).bytes().len(), LEN);
    }
    assert_eq!(backend.connections(), 1);
}

#[test]
fn what_must_not_be_repeated_comes_on_a_connection_of_its_own() {
    // Of one that was used before, nobody can tell whether it is being closed just now.
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.get("/").expect(200);
    for posts in 1..=5 {
        client.post("/", "body").expect(200);
        client.get("/").expect(200);
        assert_eq!(backend.connections(), 1 + posts);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let backend = Backend::start(|caller| {
        let target = caller.target().to_owned();
        // The first takes longest, so that only order can put it first.
        caller.pause(if target == "/0" { 100 } else { 0 });
        caller.respond(200, &target);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    let requests: String = (0..30).map(|i| get(&format!("/{i}"))).collect();
    client.send(requests);
    for i in 0..30 {
        client.answer().expect(200).body(format!("/{i}"));
    }
}

#[test]
fn a_pipelined_body_is_not_taken_for_a_request() {
    let backend = Backend::start(|caller| {
        let body = caller.body();
        caller.respond(200, &body);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(post("/", &get("/smuggled")) + &post("/", "second"));
    client.answer().expect(200).body(get("/smuggled"));
    client.answer().expect(200).body("second");
    assert_eq!(backend.count(), 2);
}

#[test]
fn connection_close_is_honoured() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.get_with("/", &["Connection: close"]).expect(200).has("Connection", "close");
    client.expect_closed();
    // The client's wish is not the backend's business.
    bramble.get("/").expect(200);
    assert_eq!(backend.connections(), 1);
}

#[test]
fn a_backend_that_closes_after_each_answer_is_not_the_clients_business() {
    let backend = Backend::start(|caller| {
        caller.send_last("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\none");
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..10 {
        client.get("/").expect(200).body("one").lacks("Connection");
    }
    assert_eq!(backend.connections(), 10);
}

#[test]
fn an_http10_client_is_served_and_closed() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    client.answer().expect(200).body("one").has("Connection", "close");
    client.expect_closed();
}

#[test]
fn an_http10_client_can_ask_to_keep_its_connection() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..3 {
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        client.answer().expect(200).body("one").has("Connection", "keep-alive");
    }
}

#[test]
fn an_http10_client_gets_chunks_as_plain_bytes() {
    let backend = Backend::start(|caller| {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        caller.send(format!("{head}3\r\none\r\n4\r\n two\r\n0\r\n\r\n"));
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client
        .answer()
        .expect(200)
        .body("one two")
        .lacks("Transfer-Encoding")
        .has("Connection", "close");
    client.expect_closed();
}

#[test]
fn an_http10_backend_without_a_length_is_passed_on_in_chunks() {
    let backend = Backend::start(|caller| caller.send_last("HTTP/1.0 200 OK\r\n\r\none two"));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..3 {
        client.get("/").expect(200).body("one two").has("Transfer-Encoding", "chunked");
    }
    assert_eq!(backend.connections(), 3);
}

#[test]
fn a_client_that_has_said_all_gets_its_answer() {
    let backend = Backend::start(|caller| {
        caller.pause(100);
        caller.respond(200, "one");
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(get("/1") + &get("/2"));
    client.wire().half_close();
    client.answer().expect(200).body("one");
    client.answer().expect(200).body("one");
    client.expect_closed();
}

#[test]
fn head_and_statuses_without_a_body_leave_the_connection_in_step() {
    let backend = Backend::start(|caller| match caller.target() {
        "/head" => drop(caller.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")),
        "/204" => drop(caller.send("HTTP/1.1 204 No Content\r\n\r\n")),
        "/304" => drop(caller.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n")),
        _ => caller.respond(200, "one"),
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..3 {
        client.send(head("/head")).answer_to_head().expect(200).has("Content-Length", "1000");
        client.get("/204").expect(204).lacks("Content-Length").lacks("Transfer-Encoding");
        client.get("/304").expect(304).has("Content-Length", "1000");
        client.get("/").expect(200).body("one");
    }
    assert_eq!(backend.connections(), 1);
}

#[test]
fn stopping_finishes_what_is_in_flight_and_exits_with_0() {
    let backend = Backend::start(|caller| {
        caller.pause(300);
        caller.respond(200, "late");
    });
    let mut bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(get("/"));
    bramble_tests::eventually("the request arrives", || backend.count() == 1);
    bramble.program().signal(rustix::process::Signal::TERM);
    client.answer().expect(200).body("late").has("Connection", "close");
    client.expect_closed();
    assert_eq!(bramble.program().wait().code(), Some(0));
}

#[test]
fn an_idle_connection_to_a_backend_is_closed_after_its_time() {
    let backend = Backend::start(respond(200, "one"));
    let config = bramble_tests::Config::balancer(&[&backend]);
    let bramble = config.with("[timeouts]\nbackend_idle_ms = 200").run();
    bramble.get("/").expect(200);
    std::thread::sleep(Duration::from_millis(2200));
    bramble.get("/").expect(200);
    assert_eq!(backend.connections(), 2);
}
