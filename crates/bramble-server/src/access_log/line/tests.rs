use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const TIME: &[u8] = b"now";

fn asked() -> Asked<'static> {
    Asked {
        method: b"GET",
        target: b"/a?b",
        version: "1.1",
        host: Some(b"site.test"),
        user_agent: Some(b"\"me\""),
        ..Asked::unread(IpAddr::V4(Ipv4Addr::new(10, 0, 200, 3)), "web")
    }
}

fn ended() -> Ended<'static> {
    Ended {
        status: 200,
        bytes_out: 1234,
        number: 1,
        pool: Some("site:a"),
        backend: Some("b1"),
        attempts: 2,
        reason: "",
        times: Times { head_us: 7, total_us: 7, ..Times::default() },
    }
}

fn json_line(asked: &Asked<'_>, ended: &Ended<'_>) -> String {
    let mut out = Vec::new();
    json(&mut out, TIME, asked);
    end_json(&mut out, ended);
    String::from_utf8(out).unwrap()
}

fn common_line(asked: &Asked<'_>, ended: &Ended<'_>) -> String {
    let mut out = Vec::new();
    common(&mut out, TIME, asked);
    end_common(&mut out, ended);
    String::from_utf8(out).unwrap()
}

fn combined_line(asked: &Asked<'_>, ended: &Ended<'_>) -> String {
    let mut text = Vec::new();
    let middle = combined(&mut text, TIME, asked);
    let mut out = text[..middle].to_vec();
    end_common(&mut out, ended);
    out.extend_from_slice(&text[middle..]);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_line_of_each_format() {
    assert_eq!(
        json_line(&asked(), &ended()),
        "{\"time\":\"now\",\"client\":\"10.0.200.3\",\"listener\":\"web\",\"method\":\"GET\",\
         \"target\":\"/a?b\",\"version\":\"1.1\",\"host\":\"site.test\",\
         \"user_agent\":\"\\\"me\\\"\",\"number\":1,\"status\":200,\"bytes_out\":1234,\
         \"pool\":\"site:a\",\"attempts\":2,\"backend\":\"b1\",\"head_us\":7,\"total_us\":7}\n"
    );
    let common = "10.0.200.3 - - [now] \"GET /a?b HTTP/1.1\" 200 1234";
    assert_eq!(common_line(&asked(), &ended()), common);
    assert_eq!(combined_line(&asked(), &ended()), format!("{common} \"-\" \"\\\"me\\\"\""));
}

#[test]
fn what_was_not_understood_is_left_out() {
    let unread = Asked::unread(IpAddr::V6(Ipv6Addr::LOCALHOST), "web");
    let ended = Ended { status: 0, pool: None, backend: None, ..ended() };
    assert_eq!(
        json_line(&unread, &ended),
        "{\"time\":\"now\",\"client\":\"::1\",\"listener\":\"web\",\"number\":1,\"status\":0,\
         \"bytes_out\":1234,\"head_us\":7,\"total_us\":7}\n"
    );
    assert_eq!(common_line(&unread, &ended), "::1 - - [now] \"-\" 000 1234");
}

#[test]
fn numbers() {
    for number in [0, 9, 10, 99, 100, 65_535, u64::MAX] {
        let mut out = Vec::new();
        decimal::push(&mut out, number);
        assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..300),
        "[ -~]{1,300}".prop_map(String::into_bytes),
        "\\PC{1,80}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_one_line_that_says_them(
        method in bytes(), target in bytes(), host in bytes(), agent in bytes(), pool in "\\PC{0,20}",
    ) {
        let plain: Value = serde_json::from_str(&json_line(&asked(), &ended())).unwrap();
        let asked = Asked {
            method: &method,
            target: &target,
            host: Some(&host),
            user_agent: Some(&agent),
            ..asked()
        };
        let ended = Ended { pool: Some(&pool), ..ended() };
        let line = json_line(&asked, &ended);
        prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
        let read: Value = serde_json::from_str(&line).unwrap();
        let expected = [("method", &method), ("target", &target), ("host", &host), ("user_agent", &agent)];
        for (name, bytes) in expected {
            let whole = String::from_utf8_lossy(bytes);
            prop_assert!(whole.starts_with(read[name].as_str().unwrap()), "{}", name);
        }
        prop_assert_eq!(read["pool"].as_str(), Some(&*pool));
        let keys = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        prop_assert_eq!(keys(&read), keys(&plain));
        for line in [common_line(&asked, &ended), combined_line(&asked, &ended)] {
            prop_assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let open = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
            prop_assert!(open == 2 || open == 6, "{}", line);
        }
    }
}
