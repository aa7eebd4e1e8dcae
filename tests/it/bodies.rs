//! Bodies in both directions: framed anew, streamed, never held whole.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bramble_tests::{Backend, Caller, Config, balancer, eventually, get, respond};

const MIB: usize = 1024 * 1024;
/// Larger than all buffers of the kernel on the way.
const LARGE: usize = 64 * MIB;
/// What the program may hold at most, whatever goes through.
const RSS_KIB: u64 = 40 * 1024;

fn echo(caller: &mut Caller) {
    let body = caller.body();
    caller.respond(200, &body);
}

/// As long as wished, no two parts alike.
fn text(len: usize) -> String {
    (0..).map(|i: usize| format!("{i:07}\n")).take(len.div_ceil(8)).collect::<String>()[..len]
        .into()
}

fn chunked(body: &str, size: usize) -> String {
    let chunk = |part: &[u8]| format!("{:x}\r\n{}\r\n", part.len(), String::from_utf8_lossy(part));
    body.as_bytes().chunks(size).map(chunk).collect::<String>() + "0\r\n\r\n"
}

fn post_chunked(body: &str, size: usize) -> String {
    let head = "POST / HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n";
    head.to_owned() + &chunked(body, size)
}

#[test]
fn bodies_with_a_length_go_both_ways() {
    let backend = Backend::start(echo);
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for len in [0, 1, 1000, 16 * 1024, 64 * 1024, 64 * 1024 + 1, 3 * MIB] {
        let body = text(len);
        client.post("/", &body).expect(200).has("Content-Length", &len.to_string()).body(&body);
    }
    // A reused connection that breaks could have had the POST: each gets a fresh one.
    assert_eq!(backend.connections(), 7);
}

#[test]
fn chunked_bodies_go_both_ways() {
    let backend = Backend::start(|caller| {
        let answer = chunked(&caller.body(), 777);
        caller.send(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{answer}"));
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for len in [0, 1, 1000, 100_000, MIB] {
        let body = text(len);
        client.send(post_chunked(&body, 999));
        client.answer().expect(200).has("Transfer-Encoding", "chunked").body(&body);
        assert_eq!(backend.last().field("Transfer-Encoding"), Some("chunked"));
        assert_eq!(backend.last().field("Content-Length"), None);
    }
}

#[test]
fn chunks_that_come_byte_by_byte_are_understood() {
    let backend = Backend::start(echo);
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for byte in post_chunked("hello world", 4).bytes() {
        client.send([byte]);
        thread::sleep(Duration::from_millis(1));
    }
    client.answer().expect(200).body("hello world");
    client.get("/").expect(200);
}

#[test]
fn chunk_extensions_and_trailers_go_no_further() {
    let backend = Backend::start(echo);
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("3;x=\"y\"\r\none\r\n0;z\r\nX-Trailer: 1\r\n\r\n");
    // The backend reads no extension and no trailer, so it would complain.
    client.answer().expect(200).body("one");
    client.get("/").expect(200);
}

#[test]
fn a_reader_that_stands_still_holds_the_backend_up_and_costs_no_memory() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = sent.clone();
    let backend = Backend::start(move |caller| {
        caller.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"));
        let part = vec![b'x'; MIB / 4];
        while counter.load(Ordering::Relaxed) < LARGE && caller.send(&part) {
            counter.fetch_add(part.len(), Ordering::Relaxed);
        }
    });
    let mut bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(get("/"));
    let stood_still = wait_for_standstill(&sent);
    assert!(stood_still < LARGE - 8 * MIB, "{stood_still} bytes went on unread");
    assert_eq!(client.answer().expect(200).bytes().len(), LARGE);
    let peak = bramble.program().peak_rss_kib();
    assert!(peak < RSS_KIB, "{peak} KiB");
}

#[test]
fn many_readers_that_stand_still_cost_no_memory() {
    const READERS: u64 = 200;
    let backend = Backend::start(|caller| {
        caller.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"));
        while caller.send(vec![b'x'; MIB / 4]) {}
    });
    let mut bramble = balancer(&[&backend]);
    // What any answer of that size takes is there.
    drop(bramble.client().send(get("/")).try_answer());
    let before = bramble.program().peak_rss_kib();
    let mut readers: Vec<_> = (0..READERS).map(|_| bramble.client()).collect();
    for reader in &mut readers {
        reader.send(get("/"));
        // It has begun, so that as much goes on as will.
        reader.wire().exactly(MIB / 4).unwrap();
    }
    let grown_kib = bramble.program().peak_rss_kib() - before;
    assert!(grown_kib < READERS * 32, "{grown_kib} KiB for {READERS} readers");
}

#[test]
fn a_large_answer_goes_on_with_its_connection() {
    let body = text(3 * MIB + 1);
    let backend = Backend::start(respond(200, &body));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..3 {
        client.get("/").expect(200).body(&body);
    }
    assert_eq!(backend.connections(), 1);
}

#[test]
fn a_backend_that_stands_still_holds_the_client_up_and_costs_no_memory() {
    let backend = Backend::start(|caller| {
        caller.pause(700);
        let len = caller.try_body().unwrap().len();
        caller.respond(200, &len.to_string());
    });
    let mut bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(format!("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {LARGE}\r\n\r\n"));
    client.send(vec![b'x'; LARGE]);
    client.answer().expect(200).body(LARGE.to_string());
    let peak = bramble.program().peak_rss_kib();
    assert!(peak < RSS_KIB, "{peak} KiB");
}

/// What has been sent when nothing more goes for a while.
fn wait_for_standstill(sent: &AtomicUsize) -> usize {
    let (mut last, mut still) = (0, 0);
    eventually("a standstill", || {
        let now = sent.load(Ordering::Relaxed);
        still = if now == last && now > 0 { still + 1 } else { 0 };
        last = now;
        still > 30
    });
    last
}

#[test]
fn a_body_is_passed_on_as_it_comes() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        // Goes on only when the client has got what went before.
        let target = caller.target().to_owned();
        caller.pause(if target == "/slow" { 300 } else { 0 });
        caller.send("3\r\ntwo\r\n0\r\n\r\n");
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(get("/slow"));
    let start = std::time::Instant::now();
    let head = client.wire().head().unwrap();
    assert_eq!(head.start, "HTTP/1.1 200 OK");
    assert_eq!(client.wire().exactly(8).unwrap(), b"3\r\none\r\n");
    assert!(start.elapsed() < Duration::from_millis(200), "{:?}", start.elapsed());
    assert_eq!(client.wire().exactly(13).unwrap(), b"3\r\ntwo\r\n0\r\n\r\n");
}

#[test]
fn an_early_answer_is_passed_on_and_closes_the_connection() {
    let backend = Backend::start(|caller| {
        caller.respond(413, "too large");
        caller.close();
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\nthe beginning");
    client.answer().expect(413).body("too large").has("Connection", "close");
    client.send(vec![b'x'; 1000]);
    client.expect_closed();
    assert_eq!(backend.count(), 1);
}

#[test]
fn an_app_that_answers_as_it_reads_is_not_held_up() {
    // More than all buffers on the way hold, in both directions at once.
    let backend = Backend::start(|caller| {
        caller.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"));
        let mut left = LARGE;
        while left > 0 {
            let Ok(part) = caller.wire().exactly(left.min(MIB)) else { break };
            left -= part.len();
            caller.send(&part);
        }
        caller.close();
    });
    let mut bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send(format!("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {LARGE}\r\n\r\n"));
    let body = text(LARGE).into_bytes();
    let (socket, sending) = (client.wire().socket().upgrade().unwrap(), body.clone());
    let sender = thread::spawn(move || (&*socket).write_all(&sending));
    assert!(client.answer().expect(200).bytes() == body);
    sender.join().unwrap().unwrap();
    let peak = bramble.program().peak_rss_kib();
    assert!(peak < RSS_KIB, "{peak} KiB");
}

#[test]
fn a_body_that_its_backend_does_not_take_is_not_taken_for_a_request() {
    let backend = Backend::start(|caller| {
        caller.pause(900);
        caller.close();
    });
    let times = "[timeouts]\nbody_ms = 300\nfirst_byte_ms = 300";
    let bramble = Config::balancer(&[&backend]).with(times).run();
    let body = get("/smuggled").repeat(LARGE / get("/smuggled").len());
    // Sends as much of it as a body of this length has; tells how many answers came, and whether
    // the first says that nothing of the body is left, but for what was to be written last.
    let put = |len: usize| {
        let mut client = bramble.client();
        client.send(format!("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {len}\r\n\r\n"));
        let socket = client.wire().socket().upgrade().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| (&*socket).write_all(&body.as_bytes()[..len]));
            let first = client.try_answer();
            client.wire().patience(Duration::from_millis(700));
            let answers = usize::from(first.is_ok()) + usize::from(client.try_answer().is_ok());
            client.wire().reset_at_the_end();
            let _ = socket.shutdown(std::net::Shutdown::Both);
            (answers, first.is_ok_and(|answer| answer.field("Connection") == Some("keep-alive")))
        })
    };
    let put = &put;
    let taken: Vec<usize> = thread::scope(|scope| {
        let steps = (1..=32).map(|step| step * 32 * 1024);
        let puts: Vec<_> = steps.map(|len| scope.spawn(move || (len, put(len).1))).collect();
        let ended = puts.into_iter().map(|put| put.join().unwrap());
        ended.filter_map(|(len, is_taken)| is_taken.then_some(len)).collect()
    });
    let held = taken.into_iter().max().unwrap_or_default();
    assert!((2 * 32 * 1024..32 * 32 * 1024).contains(&held), "the kernel holds {held} bytes");
    // One whose last piece, which may have 16 KiB, is the one that the kernel does not take.
    thread::scope(|scope| {
        for more in 0..24 {
            let len = held - 16 * 1024 + more * 2 * 1024;
            scope.spawn(move || assert_eq!(put(len).0, 1, "{more}"));
        }
    });
    assert!(backend.requests().iter().all(|head| head.start.starts_with("PUT")));
}

#[test]
fn a_malformed_body_gets_no_second_answer_in_the_middle_of_one() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n0123456789");
        caller.pause(2000);
        caller.close();
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
    assert_eq!(client.wire().head().unwrap().start, "HTTP/1.1 200 OK");
    assert_eq!(client.wire().exactly(10).unwrap(), b"0123456789");
    client.send("zz\r\n");
    assert!(client.wire().rest().unwrap_or_default().is_empty(), "more than the answer");
}

#[test]
fn a_client_that_stalls_is_not_held_against_its_backend() {
    let reads = Backend::start(|caller| {
        if caller.target() == "/" {
            return caller.respond(200, "reads");
        }
        caller.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        let _ = caller.try_body();
        caller.close();
    });
    let other = Backend::start(|caller| {
        caller.respond(200, "other");
        caller.close();
    });
    let config = Config::balancer(&[&reads, &other]).with("[timeouts]\nbody_ms = 200");
    let bramble = config.run();
    for _ in 0..8 {
        let mut client = bramble.client();
        client.send("PUT /stall HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nhalf");
        assert!(client.wire().head().unwrap().start.starts_with("HTTP/1.1 200 "));
        client.wire().rest().unwrap_or_default();
    }
    assert!(reads.count() >= 3);
    let answers: Vec<_> = (0..4).map(|_| bramble.get("/").text()).collect();
    assert!(answers.contains(&"reads".to_owned()), "{answers:?}");
}

#[test]
fn the_backends_turn_begins_with_the_end_of_the_body() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let _ = caller.try_body();
        caller.pause(350);
        caller.send("4\r\ndone\r\n0\r\n\r\n");
    });
    let bramble = Config::balancer(&[&backend]).with("[timeouts]\nbody_ms = 500").run();
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\na");
    thread::sleep(Duration::from_millis(350));
    client.send("b").answer().expect(200).body("done");
}

#[test]
fn a_client_may_send_all_of_its_body_before_it_reads() {
    let backend = Backend::start(|caller| {
        let large = "x".repeat(8 * MIB);
        caller.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", large.len()));
        let wire = caller.wire().socket().upgrade().unwrap();
        let sender = thread::spawn(move || (&*wire).write_all(large.as_bytes()));
        let _ = caller.try_body();
        let _ = sender.join().unwrap();
    });
    let limits = "[timeouts]\nbody_ms = 300\n[limits]\nbody_bytes_per_s = 10";
    let bramble = Config::balancer(&[&backend]).with(limits).run();
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 20\r\n\r\n");
    for _ in 0..20 {
        thread::sleep(Duration::from_millis(60));
        client.send("x");
    }
    assert_eq!(client.answer().expect(200).bytes().len(), 8 * MIB);
}

#[test]
fn interim_answers_are_passed_on_before_and_during_a_body() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
        let body = caller.body();
        caller.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
        caller.respond(200, &body);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..2 {
        client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\none");
        client.answer().expect(103).has("Link", "</a.css>").lacks("Connection");
        client.send("two");
        client.answer().expect(102);
        client.answer().expect(200).body("onetwo").lacks("Connection");
    }
}

#[test]
fn a_body_that_is_cut_while_its_answer_comes_is_cut_for_the_backend_too() {
    let cut = Arc::new(AtomicUsize::new(0));
    let count = cut.clone();
    let backend = Backend::start(move |caller| {
        caller.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        count.fetch_add(usize::from(caller.try_body().is_err()), Ordering::Relaxed);
        caller.close();
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\nthe beginning");
    assert_eq!(client.wire().head().unwrap().start, "HTTP/1.1 200 OK");
    client.wire().half_close();
    eventually("the backend sees it cut", || cut.load(Ordering::Relaxed) == 1);
    let rest = client.wire().rest().unwrap_or_default();
    assert!(!rest.ends_with(b"0\r\n\r\n"), "the answer seems whole");
}

#[test]
fn a_small_body_after_an_early_answer_of_ours_is_not_taken_for_a_request() {
    let folder = bramble_tests::Folder::with(&[("index.html", "home")]);
    let bramble = bramble_tests::files(&folder);
    let mut client = bramble.client();
    // As CVE-2025-4366: the body is a request that must never be answered.
    client.post("/", &get("/smuggled")).expect(405).has("Allow", "GET, HEAD, OPTIONS");
    match client.send(get("/")).try_answer() {
        Ok(answer) => drop(answer.expect(200).body("home")),
        Err(broken) => assert_eq!(broken, bramble_tests::Broken::Closed),
    }
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_body_leaves_no_request_behind() {
    let backend = Backend::start(|caller| match caller.try_body() {
        Ok(_) => caller.respond(200, "whole"),
        Err(_) => caller.close(),
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\nthe beginning");
    eventually("the head arrives", || backend.count() == 1);
    drop(client);
    bramble.get("/").expect(200).body("whole");
    assert_eq!((backend.count(), backend.connections()), (2, 2));
}

#[test]
fn many_clients_at_once_get_their_own_answers() {
    let backend = Backend::start(|caller| {
        let target = caller.target().to_owned();
        caller.respond(200, &target.repeat(300));
    });
    let bramble = balancer(&[&backend]);
    thread::scope(|scope| {
        for i in 0..8 {
            let bramble = &bramble;
            scope.spawn(move || {
                let mut client = bramble.client();
                for j in 0..50 {
                    let target = format!("/{i}/{j}");
                    client.get(&target).expect(200).body(target.repeat(300));
                }
            });
        }
    });
}
