//! Faults that others have had, and that no other scenario here shows: each with its CVE or its
//! name, on raw sockets at both sides. docs/security.md lists all, with what shows them.

#![allow(clippy::print_stdout)] // The figures are for whoever reads the run.

use std::time::{Duration, Instant};

use bramble_tests::{Backend, Bramble, Broken, Config, Folder, balancer, files, get, respond};

#[test]
fn a_name_whose_length_overflows_hides_no_length() {
    // CVE-2021-40346: 270 bytes became 14, and the field another one.
    let backend = Backend::start(|caller| {
        let body = caller.body();
        caller.respond(200, &body);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    let (name, smuggled) = ("a".repeat(270), get("/smuggled"));
    let length = smuggled.len();
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length0{name}:\r\nContent-Length: {length}\r\n\
         \r\n{smuggled}"
    ));
    client.answer().expect(200).body(&smuggled);
    client.get("/next").expect(200);
    assert_eq!(backend.count(), 2);
}

#[test]
fn an_empty_name_hides_nothing_behind_it() {
    // CVE-2023-25725: what followed was dropped, the length among it.
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    for lines in [":\r\nContent-Length: 40", ": \r\nTransfer-Encoding: chunked", "\t:\r\nX: y"] {
        let mut client = bramble.client();
        let head = format!("POST / HTTP/1.1\r\nHost: a.test\r\n{lines}\r\n\r\n");
        client.send(head).send(get("/smuggled")).answer().expect(400);
        client.wire().half_close();
        client.expect_closed();
    }
    assert_eq!(backend.connections(), 0);
}

#[test]
fn a_chunk_size_that_overflows_is_too_large() {
    // CVE-2013-2028: as a signed number it is negative.
    let backend = Backend::start(|caller| match caller.try_body() {
        Ok(_) => caller.respond(200, "acted"),
        Err(_) => caller.close(),
    });
    let bramble = balancer(&[&backend]);
    for size in ["ffffffffffffffff", "fffffffffffffff0", "8000000000000000", "0fffffffffffffff"] {
        let mut client = bramble.client();
        client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send(format!("{size}\r\n")).send(get("/smuggled"));
        client.answer().expect(413);
        client.wire().half_close();
        client.expect_closed();
    }
    assert!(backend.requests().iter().all(|head| head.start.starts_with("POST")));
}

#[test]
fn an_escaped_line_end_is_never_decoded_into_a_head() {
    // CVE-2023-25690.
    let folder = Folder::with(&[("index.html", "home"), ("folder/index.html", "inside")]);
    let backend = Backend::start(respond(200, "one"));
    let path = "/folder%0d%0aSet-Cookie:%20a=b";
    let site = files(&folder);
    let mut client = site.client();
    client.get(path).expect(400).lacks("Set-Cookie");
    let answer = client.get("/folder?%0d%0aSet-Cookie:%20a=b");
    answer.expect(301).has("Location", "/folder/?%0d%0aSet-Cookie:%20a=b").lacks("Set-Cookie");
    let bramble = balancer(&[&backend]);
    bramble.get("/?%0d%0aX-Real-IP:%2010.0.0.1").expect(200);
    let seen = backend.last();
    assert_eq!(seen.start, "GET /?%0d%0aX-Real-IP:%2010.0.0.1 HTTP/1.1");
    assert_eq!(seen.field("X-Real-IP"), Some("127.0.0.2"));
}

/// Everything that answers without a backend, or instead of one.
fn every_early_answer(folder: &Folder, mute: &Backend, bad: &Backend) -> Bramble {
    let site = folder.path().display();
    let text = format!(
        "[[site]]\nname = \"site\"\nroot = \"{site}\"\nnot_found = \"lost.html\"\n\
         [[pool]]\nname = \"closed\"\n[[pool.backend]]\naddress = \"127.0.0.1:1\"\n\
         [[pool]]\nname = \"mute\"\n[[pool.backend]]\naddress = \"{mute}\"\n\
         [[pool]]\nname = \"bad\"\n[[pool.backend]]\naddress = \"{bad}\"\n\
         [[route]]\npath_prefix = \"/fixed\"\nrespond = {{ status = 200, body = \"fine\" }}\n\
         [[route]]\npath_prefix = \"/moved\"\nredirect = {{ status = 307, location = \"/\" }}\n\
         [[route]]\npath_prefix = \"/closed\"\npool = \"closed\"\n\
         [[route]]\npath_prefix = \"/mute\"\npool = \"mute\"\n\
         [[route]]\npath_prefix = \"/bad\"\npool = \"bad\"\n\
         [[route]]\npath_prefix = \"/site\"\nsite = \"site\"\n\
         [timeouts]\nfirst_byte_ms = 200\n",
        mute = mute.address(),
        bad = bad.address()
    );
    Config::of(&text).run()
}

/// Asks with a body that looks like a request, and has another one behind it: nothing but that
/// one, or nothing at all, may be answered.
#[track_caller]
fn hides_no_request(bramble: &Bramble, status: u16, asked: &str, framing: &str, body: &str) {
    let mut client = bramble.client();
    let (line, fields) = asked.split_once('\n').unwrap_or((asked, ""));
    let fields = if fields.is_empty() { String::new() } else { format!("{fields}\r\n") };
    client.send(format!("{line} HTTP/1.1\r\nHost: a.test\r\n{fields}{framing}\r\n\r\n"));
    // In a piece of its own, so that it is not there when the answer is made.
    std::thread::sleep(Duration::from_millis(10));
    client.send(body).send(get("/moved"));
    let is_head = line.starts_with("HEAD");
    let answer = if is_head { client.answer_to_head() } else { client.answer() };
    answer.expect(status);
    client.wire().half_close();
    // An answer to the request behind the body, or none.
    let more = std::iter::from_fn(|| client.try_answer().ok());
    let more: Vec<_> = more.map(|answer| answer.status).collect();
    assert!(more.is_empty() || more == [307], "{more:?} behind {asked} with {framing}");
}

#[test]
fn after_no_early_answer_is_a_body_taken_for_a_request() {
    // CVE-2025-4366 for caches, CVE-2019-20372 for error pages: whatever answers, the body that
    // it did not want is read to its end, or nothing more is.
    let folder = Folder::with(&[("site/index.html", "home"), ("lost.html", "lost")]);
    let mute = Backend::start(|caller| {
        let _ = caller.try_body();
        caller.pause(2000);
        caller.close();
    });
    let bad = Backend::start(|caller| caller.send_last("nonsense\r\n\r\n"));
    let bramble = every_early_answer(&folder, &mute, &bad);
    let trap = get("/fixed");
    let chunk = format!("{:x}\r\n{trap}\r\n0\r\n\r\n", trap.len());
    let mut tried = 0;
    for (status, asked) in [
        (200, "GET /fixed"),
        (307, "GET /moved"),
        (503, "GET /closed"),
        (504, "GET /mute"),
        (502, "POST /bad"),
        (200, "GET /site/index.html"),
        (200, "HEAD /site/index.html"),
        (206, "GET /site/index.html\nRange: bytes=0-1"),
        (206, "GET /site/index.html\nRange: bytes=0-0,3-3"),
        (304, "GET /site/index.html\nIf-None-Match: *"),
        (412, "GET /site/index.html\nIf-Match: \"x\""),
        (416, "GET /site/index.html\nRange: bytes=9-"),
        (204, "OPTIONS /site/index.html"),
        (405, "DELETE /site/index.html"),
        (301, "GET /site"),
        (404, "GET /site/missing"),
        (404, "GET /nowhere"),
        (400, "GET /%zz"),
    ] {
        let length = format!("Content-Length: {}", trap.len());
        hides_no_request(&bramble, status, asked, &length, &trap);
        hides_no_request(&bramble, status, asked, "Transfer-Encoding: chunked", &chunk);
        tried += 2;
    }
    println!("{tried} early answers, none followed by a smuggled one");
}

#[test]
fn a_body_that_was_asked_for_and_is_not_wanted_any_more_is_no_request() {
    // CVE-2025-32094 and its like: Expect moves the body to where nobody waits for it.
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 100 Continue\r\n\r\n");
        caller.respond(403, "no");
        caller.close();
    });
    let bramble = balancer(&[&backend]);
    let smuggled = get("/smuggled");
    for _ in 0..10 {
        let mut client = bramble.client();
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            smuggled.len()
        ));
        client.answer().expect(100);
        client.answer().expect(403).has("Connection", "close");
        client.send(&smuggled).send(&smuggled);
        assert!(matches!(client.try_answer(), Err(Broken::Closed | Broken::Reset)));
    }
    assert!(backend.requests().iter().all(|head| head.start == "POST / HTTP/1.1"));
}

#[test]
fn an_expectation_is_spelt_exactly() {
    // One of two readers took `Expect: x 100-continue` for one.
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    for value in ["x 100-continue", "100-continue, x", "100-continue;q=1", "\"100-continue\"", ""] {
        let mut client = bramble.client();
        let head = format!("POST / HTTP/1.1\r\nHost: a.test\r\nExpect: {value}\r\n");
        client.send(format!("{head}Content-Length: 5\r\n\r\nhello")).answer().expect(417);
        client.wire().half_close();
        client.expect_closed();
    }
    assert_eq!(backend.connections(), 0);
}

#[test]
fn a_rest_of_a_body_that_does_not_come_is_waited_for_only_so_long() {
    let config = "[[route]]\nrespond = { status = 403, body = \"no\" }\n[timeouts]\ndrain_ms = 300";
    let bramble = Config::of(config).run();
    let mut client = bramble.client();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000\r\n\r\nbegin");
    client.answer().expect(403);
    let start = Instant::now();
    client.expect_closed();
    println!("closed {:?} after the answer, at a limit of 300 ms", start.elapsed());
}

#[test]
fn a_loop_ends_by_itself() {
    // RFC 9110 section 7.6: no message to itself without protection. Each round adds to Via.
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let itself = Config::default().backend(bramble.address(), "");
    bramble.reload(&itself);
    bramble.get("/").expect(508);
    bramble.reload(&Config::balancer(&[&backend]));
    bramble.get("/").expect(200).body("one");
}
