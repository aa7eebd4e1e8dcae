//! The access log: a line for each request, whatever becomes of it, and never in anybody's way.

mod disk;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bramble_tests::{Backend, Config, Folder, eventually, respond};
use serde_json::Value;

/// Where a scenario's log is.
struct Place {
    folder: Folder,
}

impl Place {
    fn new() -> Self {
        Self { folder: Folder::empty() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The table, with further keys.
    fn table(&self, keys: &str) -> String {
        format!("[access_log]\npath = \"{}\"\n{keys}", self.file("log/access.log").display())
    }

    /// Waits for so many lines.
    #[track_caller]
    fn lines(&self, n: usize) -> Vec<String> {
        self.lines_of("log/access.log", n)
    }

    #[track_caller]
    fn lines_of(&self, name: &str, n: usize) -> Vec<String> {
        let file = self.file(name);
        let lines = || fs::read_to_string(&file).unwrap_or_default().lines().count();
        eventually(&format!("{n} lines"), || lines() >= n);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.lines().count(), n, "{text}");
        assert!(text.ends_with('\n'), "{text}");
        text.lines().map(str::to_owned).collect()
    }

    /// Waits for so many lines of JSON.
    #[track_caller]
    fn records(&self, n: usize) -> Vec<Record> {
        self.lines(n).iter().map(|line| Record::read(line)).collect()
    }

    #[track_caller]
    fn record(&self) -> Record {
        self.records(1).remove(0)
    }
}

/// A line of JSON.
struct Record(Value);

impl Record {
    #[track_caller]
    fn read(line: &str) -> Self {
        let record = Self(serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")));
        let phases = ["head", "queue", "connect", "first_byte", "body", "client"];
        let sum: u64 = phases.iter().map(|phase| record.number(&format!("{phase}_us"))).sum();
        assert_eq!(sum, record.number("total_us"), "the phases are all of it: {line}");
        record
    }

    fn number(&self, key: &str) -> u64 {
        self.0[key].as_u64().unwrap_or(0)
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or("")
    }

    /// It has these fields as text, and nothing for those with an empty one.
    #[track_caller]
    fn expect(&self, expected: &[(&str, &str)]) -> &Self {
        for (key, text) in expected {
            let found = match &self.0[key] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            assert_eq!(found, *text, "{key} of {}", self.0);
        }
        self
    }

    /// A phase took at least so long, all others together less.
    #[track_caller]
    fn expect_time_in(&self, phase: &str, ms: u64) {
        let (time, total) = (self.number(phase), self.number("total_us"));
        // The wait begins a little later than the pause.
        assert!(time + 20_000 >= ms * 1000 && time > total / 2, "{phase} of {}", self.0);
    }
}

/// What a backend's pause takes at least, as it is told to one that waits for it.
const PAUSE_MS: u64 = 200;

fn app() -> Backend {
    Backend::start(respond(200, "fine"))
}

#[test]
fn a_request_that_is_passed_on() {
    let (place, backend) = (Place::new(), app());
    let bramble = Config::balancer(&[&backend]).with(&place.table("")).run();
    let mut client = bramble.client();
    client.get_with("/a?b=c", &["User-Agent: me/1.0", "Referer: http://other/"]).expect(200);
    client.post("/d", "some").expect(200);
    let name = backend.address().to_string();
    let records = place.records(2);
    records[0].expect(&[
        ("client", "127.0.0.2"),
        ("listener", "web"),
        ("method", "GET"),
        ("host", "site.test"),
        ("target", "/a?b=c"),
        ("version", "1.1"),
        ("referer", "http://other/"),
        ("user_agent", "me/1.0"),
        ("number", "1"),
        ("status", "200"),
        ("pool", "pool"),
        ("attempts", "1"),
        ("backend", &name),
        ("reason", ""),
    ]);
    assert!(records[0].number("bytes_out") > 50, "head and body");
    assert!(records[0].number("accept_us") + records[0].number("total_us") > 0);
    let second = [("method", "POST"), ("number", "2"), ("accept_us", ""), ("user_agent", "")];
    records[1].expect(&second);
    let time = records[0].text("time");
    assert!(time.ends_with('Z') && time.len() == "2026-01-01T00:00:00.000Z".len(), "{time}");
}

#[test]
fn files_and_fixed_answers() {
    let (place, site) = (Place::new(), Folder::with(&[("index.html", "home")]));
    let route = "[[route]]\npath_prefix = \"/no\"\nrespond = { status = 418, body = \"\" }\n";
    let config = Config::files(&site, "").with(route).with(&place.table(""));
    let bramble = config.run();
    bramble.get("/").expect(200);
    bramble.get("/missing").expect(404);
    bramble.get("/no").expect(418);
    let records = place.records(3);
    records[0].expect(&[("status", "200"), ("pool", ""), ("backend", ""), ("reason", "")]);
    records[1].expect(&[("status", "404"), ("reason", "no_such_page"), ("target", "/missing")]);
    records[2].expect(&[("status", "418"), ("reason", ""), ("attempts", "")]);
}

#[test]
fn common_and_combined() {
    let place = Place::new();
    let config = |format: &str| {
        let table = place.table(&format!("format = \"{format}\""));
        Config::of("[[route]]\nrespond = { status = 200, body = \"home\" }").with(&table)
    };
    let bramble = config("common").run();
    let fields = ["User-Agent: me \"and\" you", "Referer: /x"];
    bramble.client().get_with("/", &fields).expect(200);
    place.lines(1);
    bramble.reload(&config("combined"));
    bramble.client().get_with("/", &fields).expect(200);
    let lines = place.lines(2);
    let start = |line: &str| {
        let (start, rest) = line.split_once(" - - [").unwrap();
        let (time, rest) = rest.split_once("] ").unwrap();
        assert!(time.ends_with(" +0000") && time.len() == "01/Jan/2026:00:00:00 +0000".len());
        (start.to_owned(), rest.to_owned())
    };
    let ((client, common), (_, combined)) = (start(&lines[0]), start(&lines[1]));
    assert_eq!(client, "127.0.0.2");
    let bytes = common.strip_prefix("\"GET / HTTP/1.1\" 200 ").expect("request and status");
    assert!(bytes.parse::<u64>().unwrap() > 4, "{common}");
    assert_eq!(combined, common + r#" "/x" "me \"and\" you""#);
}

#[test]
fn where_the_time_went() {
    let place = Place::new();
    let slow = Backend::start(|caller| match caller.target() {
        "/begin" => {
            caller.pause(PAUSE_MS);
            caller.respond(200, "late");
        }
        "/upload" => {
            caller.body();
            caller.respond(200, "taken");
        }
        _ => {
            caller.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            caller.pause(PAUSE_MS);
            caller.send(vec![b'x'; 100_000]);
        }
    });
    let bramble = Config::balancer(&[&slow]).with(&place.table("")).run();
    let mut client = bramble.client();
    client.get("/begin").expect(200);
    client.get("/rest").expect(200);
    client.send("GET /begin HTTP/1.1\r\nHost:");
    std::thread::sleep(Duration::from_millis(2 * PAUSE_MS));
    client.send(" site.test\r\n\r\n").answer().expect(200);
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    std::thread::sleep(Duration::from_millis(2 * PAUSE_MS));
    client.send("cd").answer().expect(200);
    let records = place.records(4);
    records[0].expect_time_in("first_byte_us", PAUSE_MS);
    records[1].expect_time_in("body_us", PAUSE_MS);
    records[2].expect_time_in("head_us", 2 * PAUSE_MS);
    records[3].expect_time_in("client_us", 2 * PAUSE_MS);
}

#[test]
fn a_client_that_reads_slowly_and_one_that_waits_in_line() {
    let (place, site) = (Place::new(), Folder::empty());
    site.write("large.bin", vec![b'x'; 32 << 20]);
    site.write("small", "x");
    let config = Config::files(&site, "rate_per_s = 4").with(&place.table(""));
    let bramble = config.run();
    bramble.get("/small").expect(200);
    let mut client = bramble.client();
    client.send(bramble_tests::get("/large.bin"));
    // What the socket buffers hold is not waited for.
    std::thread::sleep(Duration::from_millis(3 * 250));
    client.answer().expect(200);
    let records = place.records(2);
    records[0].expect_time_in("queue_us", 240);
    records[1].expect_time_in("client_us", 300);
    assert!(records[1].number("bytes_out") > 32 << 20);
}

#[test]
fn a_retry_names_whoever_answered() {
    let (place, good) = (Place::new(), app());
    let bad = Backend::start(|caller| caller.close());
    let config = Config::balancer(&[&bad, &good]).pool("retries = 1").with(&place.table(""));
    let bramble = config.run();
    bramble.get("/").expect(200);
    let name = good.address().to_string();
    place.record().expect(&[("attempts", "2"), ("backend", &name), ("reason", "")]);
}

#[test]
fn nobody_to_ask() {
    let (place, backend) = (Place::new(), Backend::stopped(respond(200, "")));
    let bramble = Config::balancer(&[&backend]).with(&place.table("")).run();
    bramble.get("/").expect(503);
    let name = backend.address().to_string();
    let expected = [("status", "503"), ("reason", "backend_connect"), ("backend", &name)];
    place.record().expect(&expected);
}

#[test]
fn heads_that_are_refused_or_do_not_come() {
    let place = Place::new();
    let backend = app();
    let config = Config::balancer(&[&backend]).with(&place.table(""));
    let bramble = config.with("[timeouts]\nhead_ms = 300").run();
    bramble.client().send("GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").answer().expect(400);
    place.lines(1);
    bramble.client().send("G@T / HTTP/1.1\r\n\r\n").answer().expect(400);
    place.lines(2);
    bramble.client().send("GET /late HTTP/1.1\r\nHost: ").answer().expect(408);
    place.lines(3);
    bramble.client().send("GET /gone HTTP/1.1\r\nHost: ").wire().half_close();
    let records = place.records(4);
    records[0].expect(&[("status", "400"), ("method", "GET"), ("target", "/x"), ("number", "1")]);
    assert!(!records[0].text("reason").is_empty());
    records[1].expect(&[("status", "400"), ("method", ""), ("target", ""), ("pool", "")]);
    records[2].expect(&[("status", "408"), ("reason", "head_timeout"), ("target", "")]);
    records[2].expect_time_in("head_us", 300);
    records[3].expect(&[("status", "0"), ("reason", "client_gone")]);
}

#[test]
fn answers_that_break_off() {
    let place = Place::new();
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        caller.send(vec![b'x'; 100_000]);
        match caller.target() {
            "/cut" => caller.close(),
            _ => drop(caller.send(vec![b'x'; 900_000])),
        }
    });
    let bramble = Config::balancer(&[&backend]).with(&place.table("")).run();
    assert!(bramble.client().send(bramble_tests::get("/cut")).try_answer().is_err());
    place.record().expect(&[("status", "200"), ("reason", "answer_cut"), ("target", "/cut")]);
}

#[test]
fn a_client_that_goes_away() {
    let place = Place::new();
    let backend = Backend::start(|caller| {
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        while caller.send(vec![b'x'; 100_000]) {}
    });
    let bramble = Config::balancer(&[&backend]).with(&place.table("")).run();
    let mut client = bramble.client();
    client.send(bramble_tests::get("/")).wire().head().unwrap();
    client.wire().reset_at_the_end();
    drop(client);
    place.record().expect(&[("status", "200"), ("reason", "client_gone")]);
}

#[test]
fn nothing_that_a_client_sends_forges_a_line() {
    let (place, backend) = (Place::new(), app());
    let config = |format: &str| {
        Config::balancer(&[&backend]).with(&place.table(&format!("format = \"{format}\"")))
    };
    let request = b"GET /a%0a%22b HTTP/1.1\r\nHost: site.test\r\n\
        Referer: \", \"status\": 999, \"x\": \"\r\nUser-Agent: \xff\xfe\xc2\x85\xe2\x80\xa8\"\\\r\n\r\n";
    let bramble = config("json").run();
    let sent = |n: usize| {
        bramble.client().send(request).answer().expect(400);
        place.lines(n)
    };
    sent(1);
    place.record().expect(&[
        ("status", "400"),
        ("reason", "malformed_path"),
        ("target", "/a%0a%22b"),
        ("referer", "\", \"status\": 999, \"x\": \""),
        ("user_agent", "\u{fffd}\u{fffd}\u{85}\u{2028}\"\\"),
    ]);
    bramble.reload(&config("combined"));
    let lines = sent(2);
    let line = &lines[1];
    assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
    let bare = line.replace("\\\\", "").replace("\\\"", "");
    assert_eq!(bare.matches('"').count(), 6, "{line}");
}

#[test]
fn long_texts_are_cut() {
    let (place, backend) = (Place::new(), app());
    let bramble = Config::balancer(&[&backend]).with(&place.table("")).run();
    let long = "x".repeat(5000);
    bramble.client().get_with(&format!("/{long}"), &[&format!("User-Agent: {long}")]).expect(200);
    let record = place.record();
    for key in ["target", "user_agent"] {
        assert!((1000..=1024).contains(&record.text(key).len()), "{key}: {}", record.0);
    }
}

#[test]
fn a_trusted_proxy_says_who_asks() {
    let (place, backend) = (Place::new(), app());
    let config = Config::balancer(&[&backend]).with(&place.table(""));
    let bramble = config.clone().top("trusted_proxies = [\"127.0.0.2\"]").run();
    let fields = ["X-Forwarded-For: 10.1.1.1, 10.2.2.2"];
    bramble.client().get_with("/", &fields).expect(200);
    place.lines(1);
    bramble.reload(&config);
    bramble.client().get_with("/", &fields).expect(200);
    let records = place.records(2);
    records[0].expect(&[("client", "10.2.2.2")]);
    records[1].expect(&[("client", "127.0.0.2")]);
}
