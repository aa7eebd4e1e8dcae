use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use bramble_http::{RequestHead, parse_request};
use bramble_net::Ledger;
use proptest::prelude::*;
use serde_json::Value;

use super::super::marks::Arrival;
use super::super::opening::tests::limits;
use super::*;

/// What a line is made of.
struct Request {
    client: IpAddr,
    listener: Rc<Fragment>,
    head: Vec<u8>,
    status: u16,
    pool: Option<Rc<Fragment>>,
    backend: Option<Rc<BackendFragments>>,
    attempts: u32,
    reason: Option<Word>,
}

impl Request {
    fn new(head: &[u8]) -> Self {
        Self {
            client: IpAddr::V4(Ipv4Addr::new(10, 0, 200, 3)),
            listener: Fragment::listener("web").into(),
            head: head.to_vec(),
            status: 200,
            pool: None,
            backend: Some(BackendFragments::new("site:a", "b1").into()),
            attempts: 1,
            reason: None,
        }
    }

    fn line(&self, format: LogFormat) -> String {
        let line = Line {
            opening: self.opening(format),
            number: 1,
            status: self.status,
            bytes_out: 1234,
            pool: self.pool.clone(),
            backend: self.backend.clone(),
            attempts: self.attempts,
            reason: self.reason,
            marks: marks(),
        };
        let ended = Ended { took_us: Some(0), reading: Duration::ZERO };
        let mut memory = [0; LINE_BYTES];
        let mut room = Room::new(&mut memory);
        line.write(&mut room, format, &ended);
        let filled = room.end();
        String::from_utf8(memory[..filled].to_vec()).unwrap()
    }

    /// What is known when the head has been read as far as it can be.
    fn opening(&self, format: LogFormat) -> Opening {
        let time = match format {
            LogFormat::Json => b"{\"time\":\"2026-01-01T00:00:00.000Z\",\"client\":\"",
            _ => b" - - [01/Jan/2026:00:00:00 +0000] \"          ",
        };
        let mut read = RequestHead::default();
        let _ = parse_request(&self.head, &limits(), &mut read);
        let ledger = Ledger::unlimited();
        let mut opening = Opening::new(format, self.client, self.listener.clone(), ledger);
        opening.set_request(time, &read, &self.head);
        opening
    }

    #[track_caller]
    fn check(&self, format: LogFormat, expected: &str) {
        assert_eq!(self.line(format), format!("{expected}\n"));
    }
}

/// Its head took 7 µs.
fn marks() -> Marks {
    let read = Instant::now();
    let began = Some(read - Duration::from_micros(7));
    Marks::new(&Arrival { accepted: None, began, read })
}

const HEAD: &[u8] = b"GET /a?b HTTP/1.1\r\nHost: site.test\r\nUser-Agent: \"me\"\r\n\r\n";

const BEGIN: &str = "{\"time\":\"2026-01-01T00:00:00.000Z\",\"client\":\"10.0.200.3\",\
                     \"listener\":\"web\",\"method\":\"GET\",\"target\":\"/a?b\",\
                     \"version\":\"1.1\",\"host\":\"site.test\",\"user_agent\":\"\\\"me\\\"\",\
                     \"number\":1,\"status\":200,\"bytes_out\":1234";

const COMMON: &str = "10.0.200.3 - - [01/Jan/2026:00:00:00 +0000] \"GET /a?b HTTP/1.1\" 200 1234";

#[test]
fn a_line_of_each_format() {
    let request = Request::new(HEAD);
    request.check(
        LogFormat::Json,
        &format!(
            "{BEGIN},\"pool\":\"site:a\",\"attempts\":1,\"backend\":\"b1\",\
             \"head_us\":7,\"total_us\":7}}"
        ),
    );
    request.check(LogFormat::Common, COMMON);
    request.check(LogFormat::Combined, &format!("{COMMON} \"-\" \"\\\"me\\\"\""));
}

#[test]
fn where_it_was_passed_on() {
    let mut request = Request { attempts: 2, ..Request::new(HEAD) };
    let end = "\"head_us\":7,\"total_us\":7}";
    let backend = ",\"pool\":\"site:a\",\"attempts\":2,\"backend\":\"b1\"";
    request.check(LogFormat::Json, &format!("{BEGIN}{backend},{end}"));
    // The backend is that of a request before.
    request.attempts = 0;
    request.pool = Some(Fragment::pool("none").into());
    request.reason = Some(Word("no_backend"));
    let pool = ",\"pool\":\"none\",\"attempts\":0,\"reason\":\"no_backend\"";
    request.check(LogFormat::Json, &format!("{BEGIN}{pool},{end}"));
}

#[test]
fn what_was_not_understood_is_left_out() {
    let client = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let request = Request { client, status: 0, backend: None, ..Request::new(b"\x01") };
    request.check(
        LogFormat::Json,
        "{\"time\":\"2026-01-01T00:00:00.000Z\",\"client\":\"::1\",\"listener\":\"web\",\
         \"number\":1,\"status\":0,\"bytes_out\":1234,\"head_us\":7,\"total_us\":7}",
    );
    request.check(LogFormat::Common, "::1 - - [01/Jan/2026:00:00:00 +0000] \"-\" 000 1234");
}

/// They are written unseen: whoever makes the parser laxer has to look at them.
#[test]
fn what_the_parser_lets_through_needs_no_spelling() {
    for byte in 0..=u8::MAX {
        let odd = [b'a', byte, b'a'];
        let texts: [[&[u8]; 3]; 3] =
            [[&odd, b"/", b"b"], [b"PUT", &[b'/', byte], b"b"], [b"PUT", b"/", &odd]];
        for [method, target, host] in texts {
            let head = [method, b" ", target, b" HTTP/1.1\r\nHost: ", host, b"\r\n\r\n"].concat();
            let line = Request::new(&head).line(LogFormat::Json);
            assert!(line.trim_end().bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
            serde_json::from_str::<Value>(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
    }
}

#[test]
fn no_line_is_longer_than_its_room() {
    let long = |of: char| of.to_string().repeat(3 * TEXT_BYTES);
    let (a, odd, name) = (long('a'), long('\u{e9}'), long('\u{2028}'));
    let head =
        format!("GET /{a} HTTP/1.1\r\nHost: {a}\r\nReferer: {odd}\r\nUser-Agent: {odd}\r\n\r\n");
    let request = Request {
        listener: Fragment::listener(&name).into(),
        backend: Some(BackendFragments::new(&name, &name).into()),
        attempts: u32::MAX,
        reason: Some(Word("no_backend")),
        ..Request::new(head.as_bytes())
    };
    for format in [LogFormat::Combined, LogFormat::Common, LogFormat::Json] {
        let line = request.line(format);
        assert!(line.ends_with('\n') && line.len() + 512 < LINE_BYTES, "{}", line.len());
    }
    serde_json::from_str::<Value>(&request.line(LogFormat::Json)).unwrap();
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..300),
        "[ -~]{1,300}".prop_map(String::into_bytes),
        "\\PC{1,80}".prop_map(String::into_bytes),
    ]
}

proptest! {
    /// Whatever is in a head, and whether it is refused or not.
    #[test]
    fn any_bytes_are_one_line_that_says_them(
        method in bytes(), target in bytes(), host in bytes(), agent in bytes(), name in "\\PC{0,20}",
        is_right in any::<[bool; 3]>(),
    ) {
        let [method, target, host] = [(method, &b"PUT"[..]), (target, b"/a"), (host, b"b")]
            .into_iter().zip(is_right)
            .map(|((odd, plain), is_right)| if is_right { plain.to_vec() } else { odd })
            .collect::<Vec<_>>().try_into().unwrap();
        let head = [&*method, b" ", &target, b" HTTP/1.1\r\nUser-Agent: ", &agent, b"\r\nHost: ", &host, b"\r\n\r\n"]
            .concat();
        let request = Request {
            backend: Some(BackendFragments::new(&name, &name).into()),
            ..Request::new(&head)
        };
        let line = request.line(LogFormat::Json);
        prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
        let read: Value = serde_json::from_str(&line).unwrap();
        for (key, bytes) in [("method", &method), ("target", &target), ("host", &host), ("user_agent", &agent)] {
            let said = read[key].as_str().unwrap_or_default();
            prop_assert!(String::from_utf8_lossy(bytes).contains(said), "{} {}", key, line);
        }
        prop_assert_eq!(read["backend"].as_str(), Some(&*name));
        prop_assert_eq!(read["pool"].as_str(), Some(&*name));
        for format in [LogFormat::Common, LogFormat::Combined] {
            let line = request.line(format);
            prop_assert!(line.trim_end().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
            let open = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
            prop_assert!(open == 2 || open == 6, "{}", line);
        }
    }
}
