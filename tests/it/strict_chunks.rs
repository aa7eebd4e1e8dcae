//! Chunks and trailers that two readers could end at different places, and the limits to both: in
//! requests and, since the reader is the same, in answers.

use std::sync::Arc;

use bramble_tests::{Backend, Broken, balancer, get};

use crate::strict::FUNKY_CHUNKS;

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n\r\n";

/// What may not stand behind the last chunk, where fields of a head could hide.
const TRAILERS: [&[u8]; 9] = [
    b": y\r\n",
    b"X : y\r\n",
    b" X: y\r\n",
    b"X: y\r\n folded\r\n",
    b"X: y\n",
    b"X: a\rb\r\n",
    b"X: a\0b\r\n",
    b"no colon\r\n",
    b"X(: y\r\n",
];

/// A request with these chunks is refused with `status`, its backend never sees an end of it, and
/// what follows is no request.
#[track_caller]
fn refuses(status: u16, body: &[u8]) {
    let backend = Backend::start(|caller| match caller.try_body() {
        Ok(_) => caller.respond(200, "acted"),
        Err(_) => caller.close(),
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(format!("POST / HTTP/1.1\r\nHost: a.test\r\n{CHUNKED}")).send(body);
    client.send(get("/smuggled"));
    let answer = client.try_answer();
    let refused = matches!(&answer, Ok(answer) if answer.status == status);
    assert!(refused, "{answer:?} to {}", body.escape_ascii());
    client.wire().half_close();
    assert_eq!(client.wire().rest(), Ok(Vec::new()), "{}", body.escape_ascii());
    assert!(backend.count() <= 1, "{}", body.escape_ascii());
}

/// An answer in such chunks comes as a 502 or broken off, never as a whole one, and no other
/// answer is read from its connection.
#[track_caller]
fn never_whole(body: &[u8]) {
    let bytes = [b"HTTP/1.1 200 OK\r\n", CHUNKED.as_bytes(), body].concat();
    let backend = Backend::start(move |caller| match caller.target() {
        "/bad" => drop(caller.send(&bytes)),
        _ => caller.respond(200, "good"),
    });
    let bramble = balancer(&[&backend]);
    let answer = bramble.client().send(get("/bad")).try_answer();
    let broken = match &answer {
        Ok(answer) => answer.status == 502,
        Err(broken) => matches!(broken, Broken::Cut | Broken::Reset),
    };
    assert!(broken, "{answer:?} to {}", body.escape_ascii());
    let connections = backend.connections();
    bramble.get("/good").expect(200).body("good");
    assert_eq!(backend.connections(), connections + 1, "{}", body.escape_ascii());
}

#[test]
fn funky_chunks_of_an_answer() {
    FUNKY_CHUNKS.iter().for_each(|body| never_whole(body));
}

#[test]
fn malformed_trailers() {
    for trailer in TRAILERS {
        let body = [b"5\r\nhello\r\n0\r\n", trailer, b"\r\n"].concat();
        refuses(400, &body);
        never_whole(&body);
    }
}

#[test]
fn endless_extensions_of_an_answer() {
    never_whole(format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(300)).as_bytes());
    let lines = format!("1;{}\r\nx\r\n", "a".repeat(250)).repeat(70);
    never_whole(format!("{lines}0\r\n\r\n").as_bytes());
}

#[test]
fn endless_trailers() {
    for trailers in ["X: y\r\n".repeat(101), format!("X: {}\r\n", "y".repeat(33_000))] {
        let body = format!("5\r\nhello\r\n0\r\n{trailers}\r\n");
        refuses(431, body.as_bytes());
        never_whole(body.as_bytes());
    }
}

#[test]
fn as_much_as_is_allowed_passes() {
    let most = [
        format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(255)),
        format!("{}0\r\n\r\n", format!("1;{}\r\nx\r\n", "a".repeat(255)).repeat(64)),
        format!("5\r\nhello\r\n0\r\n{}\r\n", "X: y\r\n".repeat(100)),
        format!("5\r\nhello\r\n0\r\nX: {}\r\n\r\n", "y".repeat(32_000)),
    ];
    for body in most.map(Arc::new) {
        let answer = body.clone();
        let backend = Backend::start(move |caller| {
            let asked = caller.body();
            assert!(["hello".to_owned(), "x".repeat(64)].contains(&asked), "{asked}");
            caller.send(format!("HTTP/1.1 200 OK\r\n{CHUNKED}{answer}"));
        });
        let bramble = balancer(&[&backend]);
        let mut client = bramble.client();
        for _ in 0..2 {
            client.send(format!("POST / HTTP/1.1\r\nHost: a.test\r\n{CHUNKED}{body}"));
            let answer = client.answer();
            assert!(matches!(answer.expect(200).bytes().len(), 5 | 64));
        }
    }
}

#[test]
fn sixteen_interim_answers_are_allowed() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 103 Hints\r\n\r\n".repeat(16));
        caller.respond(200, "one");
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(get("/"));
    for _ in 0..16 {
        client.answer().expect(103);
    }
    client.answer().expect(200).body("one");
}
