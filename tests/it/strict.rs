//! Requests that others have fallen for: each is answered, the connection is closed, and no
//! backend ever sees a byte. The faults are those of CVE lists and of RFC 9112's allowances.

use std::time::Duration;

use bramble_tests::{Backend, Bramble, Broken, balancer, get, respond};

/// A balancer before one backend that must stay untouched.
struct Untouched {
    bramble: Bramble,
    backend: Backend,
}

impl Untouched {
    fn start() -> Self {
        let backend = Backend::start(respond(200, "one"));
        Self { bramble: balancer(&[&backend]), backend }
    }

    /// The bytes are refused with `status`, and so is whatever follows them.
    #[track_caller]
    fn refuses(&self, status: u16, bytes: impl AsRef<[u8]>) {
        let shown = String::from_utf8_lossy(bytes.as_ref()).into_owned();
        let shown = shown.chars().take(200).collect::<String>();
        let mut client = self.bramble.client();
        client.send(&bytes).send(get("/smuggled"));
        let answer = client.try_answer().unwrap_or_else(|broken| panic!("{broken:?}: {shown:?}"));
        assert_eq!(answer.status, status, "{shown:?}");
        answer.has("Connection", "close");
        client.wire().half_close();
        assert_eq!(client.wire().rest(), Ok(Vec::new()), "{shown:?}");
        assert_eq!(self.backend.connections(), 0, "{shown:?}");
    }

    /// A request whose field lines are these is refused.
    #[track_caller]
    fn refuses_fields(&self, status: u16, lines: &str) {
        self.refuses(status, format!("GET / HTTP/1.1\r\nHost: a.test\r\n{lines}\r\n\r\n"));
    }
}

#[test]
fn request_lines() {
    let t = Untouched::start();
    for line in [
        "GET  / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        " GET / HTTP/1.1",
        "GET /",
        "GET / ",
        "GET / HTTP/1.1 ",
        "GET / HTTP/1.1x",
        "GET / HTTP/11",
        "GET / http/1.1",
        "GET / HTTP/1.1\rX: y",
        "GET /a b HTTP/1.1",
        "GET /a\tb HTTP/1.1",
        "GET /\0 HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET /caf\u{e9} HTTP/1.1",
        "GET a HTTP/1.1",
        "GET * HTTP/1.1",
        "GET a.test:80 HTTP/1.1",
        "GET http:///path HTTP/1.1",
        "GET http://user@a.test/ HTTP/1.1",
        "GET ftp://a.test/ HTTP/1.1",
        "(GET) / HTTP/1.1",
        "\r\nGET / HTTP/1.1",
    ] {
        t.refuses(400, format!("{line}\r\nHost: a.test\r\n\r\n"));
    }
}

#[test]
fn a_fragment_in_the_target() {
    // CVE-2023-45539.
    let t = Untouched::start();
    t.refuses(400, "GET /a#b HTTP/1.1\r\nHost: a.test\r\n\r\n");
    t.refuses(400, "GET http://a.test/#b HTTP/1.1\r\nHost: a.test\r\n\r\n");
}

#[test]
fn other_protocols_and_tunnels() {
    let t = Untouched::start();
    t.refuses(505, "GET / HTTP/1.2\r\nHost: a.test\r\n\r\n");
    t.refuses(505, "GET / HTTP/0.9\r\nHost: a.test\r\n\r\n");
    t.refuses(505, "GET / HTTP/2.0\r\nHost: a.test\r\n\r\n");
    t.refuses(501, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    // HTTP/2's preface, to a backend that would take it for one (found by tests/differential).
    t.refuses(501, "PRI /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");
    t.refuses(501, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    t.refuses(501, format!("{} / HTTP/1.1\r\nHost: a.test\r\n\r\n", "G".repeat(33)));
    t.refuses(400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
}

#[test]
fn line_ends() {
    let t = Untouched::start();
    t.refuses(400, "GET / HTTP/1.1\nHost: a.test\n\n");
    t.refuses(400, "GET / HTTP/1.1\r\nHost: a.test\n\r\n");
    t.refuses(400, "GET / HTTP/1.1\r\nHost: a.test\r\n\n");
    t.refuses(400, "GET / HTTP/1.1\r\nHost: a.test\r\rX: y\r\n\r\n");
    t.refuses_fields(400, "X: a\rb");
    t.refuses_fields(400, "X: a\nContent-Length: 5");
}

#[test]
fn field_lines() {
    let t = Untouched::start();
    // CVE-2023-25725: an empty name.
    t.refuses_fields(400, ": x");
    t.refuses_fields(400, "X : y");
    t.refuses_fields(400, " X: y");
    t.refuses_fields(400, "X: y\r\n folded");
    t.refuses_fields(400, "X: y\r\n\tfolded");
    t.refuses_fields(400, "no colon");
    t.refuses_fields(400, "X(: y");
    t.refuses_fields(400, "X\u{e9}: y");
    t.refuses_fields(400, "X: a\0b");
    t.refuses_fields(400, "X: a\x0bb");
    t.refuses_fields(400, "X: a\x7fb");
    // Apps read it as `X-Forwarded-For`.
    t.refuses_fields(400, "X_Forwarded_For: 10.0.0.1");
    t.refuses_fields(417, "Expect: something");
}

#[test]
fn hosts() {
    let t = Untouched::start();
    t.refuses(400, "GET / HTTP/1.1\r\n\r\n");
    t.refuses_fields(400, "Host: b.test");
    for host in
        ["", "a b", "a/b", "a,b", "u@a.test", "a.test:x", "a.test:", "a:99999", "[::1", "a..b"]
    {
        t.refuses(400, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    }
}

#[test]
fn content_lengths() {
    // CVE-2023-40225: empty; the others are read differently by different programs.
    let t = Untouched::start();
    for length in ["", "+5", "-5", "5, 5", "5 5", "0x5", "5.0", "five", "9999999999999999999"] {
        t.refuses_fields(400, &format!("Content-Length: {length}"));
    }
    t.refuses_fields(400, "Content-Length: 5\r\nContent-Length: 5");
    t.refuses_fields(400, "Content-Length: 5\r\ncontent-length: 6");
    t.refuses_fields(413, "Content-Length: 999999999999999999");
}

#[test]
fn transfer_encodings() {
    // CVE-2026-2835 and the many ways to hide `chunked` from one of two readers.
    let t = Untouched::start();
    for coding in
        ["", "chunked, chunked", "chunked, gzip", ",chunked,", "chunked;q=1", "\"chunked\""]
    {
        t.refuses_fields(400, &format!("Transfer-Encoding: {coding}"));
    }
    for coding in ["identity", "xchunked", "gzip", "gzip, identity"] {
        t.refuses_fields(501, &format!("Transfer-Encoding: {coding}"));
    }
    t.refuses_fields(400, "Transfer-Encoding: \x0bchunked");
    t.refuses_fields(400, "Transfer-Encoding : chunked");
    t.refuses_fields(400, "Transfer-Encoding\r\n : chunked");
    t.refuses_fields(400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity");
    t.refuses_fields(400, "Transfer-Encoding: chunked\r\nContent-Length: 5");
    t.refuses_fields(400, "Content-Length: 5\r\nTransfer-Encoding: chunked");
    t.refuses(400, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
}

#[test]
fn limits() {
    let t = Untouched::start();
    t.refuses(414, format!("GET /{} HTTP/1.1\r\nHost: a.test\r\n\r\n", "a".repeat(8192)));
    t.refuses_fields(431, &vec!["X: y"; 100].join("\r\n"));
    t.refuses_fields(431, &format!("X: {}", "y".repeat(33_000)));
    // CVE-2021-40346: a name whose length overflows where it is kept in few bits.
    t.refuses_fields(431, &format!("Content-Length0{}: ", "a".repeat(66_000)));
}

#[test]
fn the_largest_that_is_allowed_is_served() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.get(&format!("/{}", "a".repeat(8191))).expect(200);
    client.get_with("/", &["X: y"; 99]).expect(200);
    client.get_with("/", &[&format!("X: {}", "y".repeat(32_000))]).expect(200);
}

/// After the head, which goes on at once, a chunk line that is not exactly right: the client is
/// refused, and the backend never sees the body's end, so that it has no request to act on.
#[track_caller]
fn refuses_chunks(body: &[u8]) {
    let backend = Backend::start(|caller| match caller.try_body() {
        Ok(_) => caller.respond(200, "acted"),
        Err(broken) => assert!(matches!(broken, Broken::Cut | Broken::Reset), "{broken:?}"),
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n").send(body);
    client.send(get("/smuggled"));
    let shown = String::from_utf8_lossy(body).into_owned();
    let answer = client.try_answer().unwrap_or_else(|broken| panic!("{broken:?}: {shown:?}"));
    assert_eq!(answer.status, 400, "{shown:?}");
    client.wire().half_close();
    assert_eq!(client.wire().rest(), Ok(Vec::new()), "{shown:?}");
    assert!(backend.count() <= 1, "{shown:?}");
    bramble.get("/").expect(200);
}

/// Bodies in chunks that are not exactly right.
pub(crate) const FUNKY_CHUNKS: [&[u8]; 19] = [
    b"5\nhello\r\n0\r\n\r\n",
    b"5\rhello\r\n0\r\n\r\n",
    b"5;a\nhello\r\n0\r\n\r\n",
    b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    b"5;\x00\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\n0\r\n\r\n",
    b"5\r\nhelloX\r\n0\r\n\r\n",
    b"5\r\nhello0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"+5\r\nhello\r\n0\r\n\r\n",
    b" 5\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"\r\nhello\r\n0\r\n\r\n",
    b";a\r\nhello\r\n0\r\n\r\n",
    b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX : y\r\n\r\n",
    b"5\r\nhello\r\n0\r\n: y\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX: y\n\r\n",
    b"5\r\nhello\r\n0\r\n\n",
];

#[test]
fn funky_chunks() {
    FUNKY_CHUNKS.iter().for_each(|body| refuses_chunks(body));
}

#[test]
fn endless_chunk_extensions() {
    refuses_chunks(format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(300)).as_bytes());
    let lines = format!("1;{}\r\nx\r\n", "a".repeat(250)).repeat(70);
    refuses_chunks(format!("{lines}0\r\n\r\n").as_bytes());
}

#[test]
fn a_refusal_reaches_a_client_that_goes_on_sending() {
    let t = Untouched::start();
    let mut client = t.bramble.client();
    client.send("GET / HTTP/1.1\r\nBad Field: x\r\n\r\n");
    for _ in 0..20 {
        client.send(vec![b'x'; 1000]);
        std::thread::sleep(Duration::from_millis(5));
    }
    client.answer().expect(400);
}
