//! What a backend is told, what a client is told, and what neither is.

use bramble_tests::{Backend, Config, balancer, respond};

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n";

#[test]
fn a_backend_is_told_who_asks() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    client.get("/a%20b?c=d&e").expect(200).has("Via", "1.1 bramble");
    let seen = backend.last();
    assert_eq!(seen.start, "GET /a%20b?c=d&e HTTP/1.1");
    assert_eq!(seen.field("Host"), Some("site.test"));
    assert_eq!(seen.field("X-Forwarded-For"), Some("127.0.0.2"));
    assert_eq!(seen.field("X-Real-IP"), Some("127.0.0.2"));
    assert_eq!(seen.field("X-Forwarded-Host"), Some("site.test"));
    assert_eq!(seen.field("X-Forwarded-Proto"), Some("http"));
    assert_eq!(seen.field("Forwarded"), Some("for=127.0.0.2;host=\"site.test\";proto=http"),);
    assert_eq!(seen.field("Via"), Some("1.1 bramble"));
}

/// What a client may claim, and a backend must not believe.
const CLAIMS: [&str; 7] = [
    "X-Forwarded-For: 10.1.2.3",
    "X-Real-IP: 10.1.2.3",
    "X-Forwarded-Host: bank.test",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Port: 443",
    "X-Forwarded-Prefix: /admin",
    "Forwarded: for=10.1.2.3;proto=https",
];

#[test]
fn a_strangers_claims_are_replaced() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    bramble.client().get_with("/", &CLAIMS).expect(200);
    let seen = backend.last();
    assert_eq!(seen.field("X-Forwarded-For"), Some("127.0.0.2"));
    assert_eq!(seen.field("X-Real-IP"), Some("127.0.0.2"));
    assert_eq!(seen.field("X-Forwarded-Host"), Some("site.test"));
    assert_eq!(seen.field("X-Forwarded-Proto"), Some("http"));
    assert_eq!(seen.field("X-Forwarded-Port"), None);
    assert_eq!(seen.field("X-Forwarded-Prefix"), None);
    assert!(!seen.field("Forwarded").unwrap().contains("10.1.2.3"));
}

#[test]
fn a_trusted_proxys_claims_are_continued() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = Config::balancer(&[&backend]).top("trusted_proxies = [\"127.0.0.2\"]").run();
    bramble.client().get_with("/", &CLAIMS).expect(200);
    let seen = backend.last();
    assert_eq!(seen.field("X-Forwarded-For"), Some("10.1.2.3, 127.0.0.2"));
    assert_eq!(seen.field("X-Real-IP"), Some("10.1.2.3"));
    assert_eq!(seen.field("X-Forwarded-Proto"), Some("https"));
    assert_eq!(seen.field("X-Forwarded-Host"), Some("bank.test"));
}

#[test]
fn what_is_for_one_hop_stays_on_it() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let fields = [
        "Connection: keep-alive, X-Mine, Upgrade, HTTP2-Settings",
        "Keep-Alive: timeout=5",
        "X-Mine: secret",
        "Proxy-Authorization: Basic abc",
        "Proxy-Connection: keep-alive",
        "TE: trailers",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAAP__",
        "Proxy: http://evil.test",
        "Bramble-Release: abc",
        "Bramble-Anything: abc",
        "Accept: text/html",
    ];
    bramble.client().get_with("/", &fields).expect(200);
    let seen = backend.last();
    for gone in fields.iter().filter_map(|field| field.split(':').next()) {
        let expected = (gone == "Accept").then_some("text/html");
        assert_eq!(seen.field(gone), expected, "{gone}");
    }
}

#[test]
fn naming_a_field_in_connection_takes_nothing_vital_away() {
    let backend = Backend::start(|caller| {
        let body = caller.body();
        caller.respond(200, &body);
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    let names = "close, Host, Content-Length, X-Forwarded-For, Forwarded, X-Real-IP, Via";
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: site.test\r\nConnection: {names}\r\nContent-Length: 3\r\n\r\none"
    ));
    client.answer().expect(200).body("one");
    let seen = backend.last();
    for vital in ["Host", "Content-Length", "X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"] {
        assert!(seen.field(vital).is_some(), "{vital} in {seen:?}");
    }
}

#[test]
fn naming_chunks_or_who_asks_in_connection_takes_neither_away() {
    let backend = Backend::start(|caller| {
        let body = caller.body();
        caller.send("HTTP/1.1 200 OK\r\nConnection: Transfer-Encoding, Content-Type\r\n");
        let length = body.len();
        caller.send(format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"));
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..2 {
        client.send(
            "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\
             Connection: Transfer-Encoding, X-Forwarded-Host, X-Forwarded-Proto, Connection\r\n\
             \r\n3\r\none\r\n0\r\n\r\n",
        );
        client.answer().expect(200).has("Transfer-Encoding", "chunked").body("one");
        let seen = backend.last();
        assert_eq!(seen.field("Transfer-Encoding"), Some("chunked"));
        assert_eq!(seen.field("X-Forwarded-Host"), Some("a.test"));
        assert_eq!(seen.field("X-Forwarded-Proto"), Some("http"));
    }
}

#[test]
fn a_coded_body_goes_on_as_it_is() {
    // What is never inflated here is no bomb here.
    const CODED: &[u8] = b"\x1f\x8b\x08\0not really gzip: nobody on the way is to look";
    let backend = Backend::start(|caller| {
        assert_eq!(caller.try_body(), Ok(CODED));
        let length = CODED.len();
        caller.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n");
        caller.send(format!("Content-Length: {length}\r\n\r\n"));
        caller.send(CODED);
    });
    let bramble = balancer(&[&backend]);
    let (mut client, length) = (bramble.client(), CODED.len());
    let fields = format!("Content-Encoding: gzip\r\nContent-Length: {length}\r\n");
    // Also for one that says it would take no gzip.
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: a.test\r\nAccept-Encoding: identity\r\n{fields}\r\n"
    ));
    client.send(CODED).answer().expect(200).has("Content-Encoding", "gzip").body(CODED);
    assert_eq!(backend.last().field("Content-Encoding"), Some("gzip"));
}

#[test]
fn the_target_decides_the_host_and_never_where_to_connect() {
    let (backend, other) = (Backend::start(respond(200, "one")), Backend::start(respond(200, "x")));
    let bramble = balancer(&[&backend]);
    let authority = other.address();
    let mut client = bramble.client();
    client.send(format!("GET http://{authority}/p?q HTTP/1.1\r\nHost: site.test\r\n\r\n"));
    client.answer().expect(200).body("one");
    let seen = backend.last();
    assert_eq!(seen.start, "GET /p?q HTTP/1.1");
    assert_eq!(seen.field("Host"), Some(authority.to_string().as_str()));
    assert_eq!(other.connections(), 0);
}

#[test]
fn an_upgrade_to_h2c_is_dropped_and_what_follows_is_a_request() {
    let backend = Backend::start(respond(200, "one"));
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    let upgrade = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA"];
    client.get_with("/", &upgrade).expect(200).body("one");
    assert_eq!(backend.last().field("Upgrade"), None);
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").answer().expect(501);
    assert_eq!(backend.count(), 1);
}

#[test]
fn an_answers_hop_by_hop_fields_stay_on_their_hop() {
    let backend = Backend::start(|caller| {
        let fields = "Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\n\
                      Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nTrailer: X\r\n\
                      Bramble-Release: 1\r\nX-Kept: yes\r\n";
        caller.send(format!("{HELLO}{fields}\r\nhello"));
    });
    let bramble = balancer(&[&backend]);
    let answer = bramble.get("/");
    answer.expect(200).body("hello").has("X-Kept", "yes").has("Via", "1.1 bramble");
    let hop =
        ["X-Mine", "Keep-Alive", "Proxy-Authenticate", "Upgrade", "Trailer", "Bramble-Release"];
    for gone in hop {
        answer.lacks(gone);
    }
}

#[test]
fn interim_answers_are_not_mistaken_for_the_answer() {
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
        caller.send("HTTP/1.1 100 Continue\r\n\r\n");
        caller.respond(200, "one");
    });
    let bramble = balancer(&[&backend]);
    let mut client = bramble.client();
    for _ in 0..2 {
        client.get("/").expect(103).has("Link", "</a.css>");
        client.answer().expect(200).body("one");
    }
    // An HTTP/1.0 client knows of none.
    client.send("GET / HTTP/1.0\r\n\r\n").answer().expect(200).body("one");
}

#[test]
fn routes_go_by_host_and_path() {
    let (shop, blog) = (Backend::start(respond(200, "shop")), Backend::start(respond(200, "blog")));
    let pool = |name: &str, backend: &Backend| {
        let address = backend.address();
        format!("[[pool]]\nname = \"{name}\"\n[[pool.backend]]\naddress = \"{address}\"\n")
    };
    let routes = "[[route]]\npath_prefix = \"/shop\"\npool = \"shop\"\n\
                  [[route]]\nhosts = [\"*.blog.test\"]\npool = \"blog\"\n\
                  [[route]]\npath_prefix = \"/gone\"\nredirect = { status = 308, location = \"/\" }\n\
                  [[route]]\npath_prefix = \"/ok\"\nrespond = { status = 200, body = \"fine\" }\n";
    let config = pool("shop", &shop) + &pool("blog", &blog) + routes;
    let bramble = Config::of(&config).run();
    let mut client = bramble.client();
    client.get("/shop/x").expect(200).body("shop");
    client.get("/shopping").expect(404);
    client.send("GET / HTTP/1.1\r\nHost: My.Blog.Test:8080\r\n\r\n").answer().body("blog");
    client.get("/gone").expect(308).has("Location", "/");
    client.get("/ok").expect(200).body("fine");
    client.get("/").expect(404);
}
