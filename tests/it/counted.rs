//! What was refused is counted by its reason, and the count is there to be read.

use bramble_tests::{Backend, Caller, Cluster, Config, Folder, eventually, get, respond};

/// How often the first node's balancer has refused something for this reason.
fn refused(cluster: &Cluster, reason: &str) -> u64 {
    let node = cluster.node("first").unwrap();
    let roles = node["report"]["roles"].as_array().unwrap();
    let balancer = roles.iter().find(|role| role["role"] == "balancer");
    balancer.and_then(|role| role["server"]["refused"][reason].as_u64()).unwrap_or(0)
}

#[test]
fn refusals_are_counted_by_reason() {
    let cluster = Cluster::up();
    cluster.publish(&Folder::with(&[("index.html", "home")])).expect(0);
    let reasons = [
        ("bare_lf", "GET / HTTP/1.1\nHost: a.test\n\n"),
        ("invalid_content_length", "GET / HTTP/1.1\r\nHost: a.test\r\nContent-Length: \r\n\r\n"),
        ("missing_host", "GET / HTTP/1.1\r\n\r\n"),
        ("obsolete_fold", "GET / HTTP/1.1\r\nHost: a.test\r\nX: y\r\n z\r\n\r\n"),
        (
            "transfer_encoding_in_http10",
            "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        ("version_not_supported", "GET / HTTP/2.0\r\nHost: a.test\r\n\r\n"),
    ];
    for (i, (_, bytes)) in reasons.iter().enumerate() {
        for _ in 0..=i {
            let answer = cluster.client().send(bytes).answer();
            assert!(answer.status >= 400, "{}", answer.status);
        }
    }
    for (i, (reason, _)) in reasons.iter().enumerate() {
        let times = i as u64 + 1;
        eventually(reason, || refused(&cluster, reason) == times);
    }
}

/// With these tables, what a client sends and what a backend does is refused, and the word of the
/// limit is counted and told.
#[track_caller]
fn check(
    tables: &str,
    bytes: &str,
    backend: impl Fn(&mut Caller) + Send + Sync + 'static,
    word: &str,
) {
    let backend = Backend::start(backend);
    let config = Config::balancer(&[&backend]).pool("retries = 0").with(tables);
    let mut bramble = config.run();
    let answer = bramble.client().send(bytes).answer();
    assert_eq!((answer.status >= 400, answer.field("Bramble-Reason")), (true, Some(word)));
    assert_eq!(bramble.stop_and_count(word), 1, "{word}");
}

#[test]
fn limits_of_requests_are_counted_by_name() {
    let fine = || respond(200, "fine");
    let head = |more: &str| format!("GET / HTTP/1.1\r\nHost: a.test\r\n{more}\r\n\r\n");
    check("[limits]\nbody_bytes = 2", &bramble_tests::post("/", "abc"), fine(), "body_too_large");
    check("[limits]\ntarget_bytes = 9", &get("/0123456789"), fine(), "target_too_long");
    let long = head(&format!("X: {}", "x".repeat(300)));
    let head_bytes = "[limits]\nhead_bytes = 200\ntarget_bytes = 100";
    check(head_bytes, &long, fine(), "head_too_large");
    check("[limits]\nfields = 2", &head("X: y\r\nY: z"), fine(), "too_many_fields");
    let chunk = "Transfer-Encoding: chunked\r\n\r\n1;extension\r\nx\r\n0";
    let line = "[limits]\nchunk_extension_line_bytes = 4";
    check(line, &head(chunk), fine(), "chunk_extension_too_long");
}

#[test]
fn limits_of_backends_are_counted_by_name() {
    let interim = |caller: &mut Caller| {
        caller.send("HTTP/1.1 100 Continue\r\n\r\n".repeat(4));
        caller.respond(200, "late");
    };
    check("[limits]\ninformational = 3", &get("/"), interim, "backend_interim");
    let silent = |caller: &mut Caller| caller.pause(1000);
    check("[timeouts]\nfirst_byte_ms = 100", &get("/"), silent, "backend_timeout");
    check("", &get("/"), Caller::close, "backend_closed");
    let odd = |caller: &mut Caller| caller.send_last("HTTP/1.1 200 OK\n\n");
    check("", &get("/"), odd, "backend_answer");
}

#[test]
fn a_rest_that_is_not_read_is_counted() {
    let no = "[[route]]\nrespond = { status = 403, body = \"no\" }\n";
    let rest = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 50\r\n\r\nbegin";
    for (limits, bytes, word) in [
        ("[limits]\ndrain_bytes = 10", &*bramble_tests::post("/", &"x".repeat(50)), "drain_bytes"),
        ("[timeouts]\ndrain_ms = 100", rest, "drain_timeout"),
    ] {
        let mut bramble = Config::of(&format!("{no}{limits}")).run();
        let mut client = bramble.client();
        client.send(bytes).answer().expect(403);
        client.expect_closed();
        assert_eq!(bramble.stop_and_count(word), 1);
    }
}
