//! Answers that a backend must not give: nothing of them reaches a client, and the connection
//! that they came on carries no other request.

use std::sync::atomic::{AtomicUsize, Ordering};

use bramble_tests::{Backend, Broken, Config, balancer, get, respond};

/// Larger than what is waited for whole before the first byte goes on.
const LARGE: usize = 200_000;

/// The first answer on each connection is `bytes`; it brings a 502 and a new connection.
#[track_caller]
fn refuses(bytes: impl AsRef<[u8]>) {
    let shown = String::from_utf8_lossy(bytes.as_ref()).chars().take(200).collect::<String>();
    let bytes = bytes.as_ref().to_vec();
    let backend = Backend::start(move |caller| match caller.target() {
        "/bad" => drop(caller.send(&bytes)),
        _ => caller.respond(200, "good"),
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    let answer = client.send(get("/bad")).try_answer();
    let answer = answer.unwrap_or_else(|broken| panic!("{broken:?}: {shown:?}"));
    assert_eq!(answer.status, 502, "{shown:?}");
    answer.lacks("Transfer-Encoding").lacks("Set-Cookie");
    let connections = backend.connections();
    client.get("/good").expect(200).body("good");
    assert_eq!(backend.connections(), connections + 1, "{shown:?}");
}

#[test]
fn malformed_heads() {
    for line in [
        "Hello",
        "HTTP/1.1 200",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 600 OK",
        "HTTP/1.1  200 OK",
        "HTTP/2.0 200 OK",
        "http/1.1 200 OK",
        "HTTP/1.1 200 O\0K",
        "ICY 200 OK",
        " HTTP/1.1 200 OK",
    ] {
        refuses(format!("{line}\r\nContent-Length: 3\r\n\r\none"));
    }
}

#[test]
fn malformed_fields() {
    // Response splitting begins with lines that two readers end at different places.
    for lines in [
        "X: a\nSet-Cookie: b",
        "X: a\rSet-Cookie: b",
        "X: a\r\n folded",
        "X : a",
        ": a",
        "X: a\0",
        "no colon",
    ] {
        refuses(format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{lines}\r\n\r\none"));
    }
    refuses("HTTP/1.1 200 OK\nContent-Length: 3\n\none");
}

#[test]
fn doubtful_framing() {
    for lines in [
        "Content-Length: 3\r\nContent-Length: 3",
        "Content-Length: 3, 3",
        "Content-Length: +3",
        "Content-Length: ",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ] {
        refuses(format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\none"));
    }
    refuses("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

#[test]
fn a_switch_of_protocols_that_nobody_asked_for() {
    // CVE-2026-2833: bytes behind an upgrade that pass unparsed.
    refuses("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nraw");
}

#[test]
fn too_much_of_anything() {
    refuses(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(40_000)));
    refuses(format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(101)));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(17);
    refuses(interim + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn surplus_bytes_are_nobodys_answer() {
    let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    let backend = Backend::start(move |caller| {
        let (target, length) = (caller.target().to_owned(), caller.target().len());
        caller.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{target}{evil}"));
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for i in 0..10 {
        let target = format!("/{i}");
        client.get(&target).expect(200).body(target);
    }
    assert_eq!(backend.connections(), 10);
}

#[test]
fn surplus_bytes_behind_a_large_answer_are_nobodys_answer() {
    let backend = Backend::start(|caller| {
        let body = caller.target().repeat(LARGE);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        caller.send(head + &body + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for i in 0..5 {
        let target = format!("/{i}");
        client.get(&target).expect(200).body(target.repeat(LARGE));
    }
    assert_eq!(backend.connections(), 5);
}

#[test]
fn surplus_bytes_that_come_late_are_nobodys_answer() {
    let backend = Backend::start(|caller| {
        let target = caller.target().to_owned();
        caller.respond(200, &target);
        caller.pause(50);
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for i in 0..5 {
        let target = format!("/{i}");
        client.get(&target).expect(200).body(target);
        std::thread::sleep(std::time::Duration::from_millis(150));
    }
    assert_eq!(backend.connections(), 5);
}

#[test]
fn a_body_where_none_may_be_is_nobodys_answer() {
    let backend = Backend::start(|caller| match caller.target() {
        "/204" => drop(caller.send("HTTP/1.1 204 No Content\r\n\r\nsurplus")),
        "/304" => drop(caller.send("HTTP/1.1 304 Not Modified\r\n\r\nsurplus")),
        _ => caller.respond(200, "good"),
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for target in ["/204", "/304"] {
        client.get(target);
        client.get("/").expect(200).body("good");
    }
    // Each surplus costs its connection.
    assert_eq!(backend.connections(), 3);
}

#[test]
fn a_large_answer_that_breaks_off_is_never_presented_whole() {
    let half = "x".repeat(LARGE / 2);
    let backend = Backend::start(move |caller| match caller.target() {
        "/length" => {
            caller.send_last(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n{half}"));
        }
        _ => caller.send_last(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{LARGE:x}\r\n{half}"
        )),
    });
    let bramble = balancer(&[&backend]);
    for target in ["/length", "/chunks"] {
        let broken = bramble.client().send(get(target)).try_answer().unwrap_err();
        assert!(matches!(broken, Broken::Cut | Broken::Reset), "{target}: {broken:?}");
    }
}

#[test]
fn chunks_that_break_off_between_two_are_not_whole() {
    let backend = Backend::start(|caller| {
        caller.send_last("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    });
    let bramble = balancer(&[&backend]);
    let broken = bramble.client().send(get("/")).try_answer().unwrap_err();
    assert!(matches!(broken, Broken::Cut | Broken::Reset), "{broken:?}");
}

#[test]
fn chunks_that_are_malformed_from_the_start() {
    for body in
        ["3\none\r\n0\r\n\r\n", "x\r\n", "3\r\nonetwo\r\n0\r\n\r\n", "ffffffffffffffff0\r\n"]
    {
        refuses(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
    }
}

#[test]
fn chunks_that_become_malformed_are_cut() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        caller.pause(100);
        caller.send("3\ntwo\r\n0\r\n\r\n");
    });
    let bramble = balancer(&[&backend]);
    let broken = bramble.client().send(get("/")).try_answer().unwrap_err();
    assert!(matches!(broken, Broken::Cut | Broken::Reset), "{broken:?}");
}

#[test]
fn an_http10_client_that_reads_to_the_end_sees_a_reset_when_that_is_not_the_end() {
    // It has no other way to tell: the end of the connection is the end of its answer.
    let backend = Backend::start(|caller| {
        caller.send_last("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(client.try_answer().unwrap_err(), Broken::Reset);
}

#[test]
fn a_small_answer_that_breaks_off_is_asked_for_elsewhere() {
    let tries = AtomicUsize::new(0);
    let cut = Backend::start(move |caller| match tries.fetch_add(1, Ordering::Relaxed) % 3 {
        0 => caller.send_last("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot a hundred"),
        1 => caller.send_last("HTTP/1.1 200 OK\r\nContent-Le"),
        _ => caller.close(),
    });
    let whole = Backend::start(respond(200, "whole"));
    let config = Config::balancer(&[&cut, &whole]).pool("retry_ms = 1");
    let bramble = config.run();
    let mut client = bramble.client();
    for _ in 0..20 {
        client.get("/").expect(200).body("whole");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(cut.count() >= 5, "only {} tries", cut.count());
}
