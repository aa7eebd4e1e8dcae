use super::*;

fn rule(keys: &str) -> HealthCheck {
    let text = format!(
        "listener = [{{ name = 'web', address = '127.0.0.1:1' }}]\n[[pool]]\nname = 'a'\n\
         backend = [{{ address = '127.0.0.1:2' }}]\n[pool.health]\npath = '/up'\n{keys}"
    );
    let config = bramble_config::load(&text, "test").unwrap();
    config.pools()[0].health.clone().unwrap()
}

/// The verdict on an answer after which the connection is closed: `passed`, or why not.
fn judged(rule: &HealthCheck, parts: &[&[u8]]) -> String {
    let mut judge = Judge::new(rule);
    for part in parts {
        match judge.read(part) {
            Ok(true) => return "passed".to_owned(),
            Ok(false) => {}
            Err(why) => return why,
        }
    }
    judge.end()
}

/// Whatever the parts in which it comes.
fn check(keys: &str, answer: &str, expected: &str) {
    let (rule, answer) = (rule(keys), answer.as_bytes());
    for at in 0..=answer.len() {
        let (one, two) = answer.split_at(at);
        assert_eq!(judged(&rule, &[one, two]), expected, "split at {at}");
    }
    let bytes: Vec<&[u8]> = answer.chunks(1).collect();
    assert_eq!(judged(&rule, &bytes), expected, "byte by byte");
}

const FINE: &str = "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn what_is_asked() {
    assert!(question(&rule("")).unwrap().starts_with("GET /up HTTP/1.1\r\nHost: localhost\r\n"));
    assert!(question(&rule("method = 'HEAD'")).unwrap().starts_with("HEAD /up HTTP/1.1\r\n"));
    assert!(question(&rule("method = 'OPTIONS'")).unwrap().starts_with("OPTIONS /up HTTP/1.1\r\n"));
    let tcp = HealthCheck { method: CheckMethod::Tcp, ..HealthCheck::default() };
    assert_eq!(question(&tcp), None);
}

#[test]
fn what_is_said_of_the_load_is_heard() {
    let check = |fields: &str, expected: Option<u32>| {
        let answer = format!("HTTP/1.1 200 Fine\r\n{fields}Content-Length: 0\r\n\r\n");
        let rule = rule("");
        let mut judge = Judge::new(&rule);
        assert_eq!(judge.read(answer.as_bytes()), Ok(true));
        assert_eq!(judge.report().map(|report| report.in_flight), expected, "{fields}");
    };
    assert!(question(&rule("")).unwrap().contains("\r\nBramble-Load: ask\r\n"));
    check("", None);
    check("Bramble-Load: in_flight=3\r\n", Some(3));
    check("Bramble-Load: in_flight=three\r\n", None);
}

#[test]
fn a_status_as_expected_passes() {
    check("", FINE, "passed");
    check("", "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "passed");
    check("", "HTTP/1.1 404 No\r\n\r\n", "GET /up was answered with 404");
    check("status = ['404', '500-503']", "HTTP/1.1 502 No\r\n\r\n", "passed");
    check("status = ['404']", FINE, "GET /up was answered with 200");
    let early = "HTTP/1.1 103 Early\r\n\r\n";
    check("", &format!("{early}{early}{FINE}"), "passed");
}

#[test]
fn an_answer_to_head_has_no_body() {
    check("method = 'HEAD'", "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\n", "passed");
    let refused = "HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\n";
    check("method = 'HEAD'", refused, "HEAD /up was answered with 405");
}

#[test]
fn what_is_no_answer_fails() {
    let cut = "closed the connection before its answer was whole";
    check("", "", cut);
    check("", "HTTP/1.1 200 Fi", cut);
    let talk = judged(&rule(""), &[b"hello, I am no web server\r\n\r\n"]);
    assert!(talk.starts_with("not a valid answer: "), "{talk}");
    let endless = format!("HTTP/1.1 200 Fine\r\nA: {}", "a".repeat(HEAD_BYTES));
    let long = judged(&rule(""), &[endless.as_bytes()]);
    assert!(long.starts_with("not a valid answer: "), "{long}");
}

#[test]
fn a_body_that_holds_the_text_passes() {
    let lacks = "the answer to GET /up does not hold \"ok\"";
    check("body = 'ok'", FINE, "passed");
    check("body = 'ok'", "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nko", lacks);
    check("body = 'ok'", "HTTP/1.1 200 Fine\r\n\r\nall is ok here", "passed");
    check("body = 'ok'", "HTTP/1.1 200 Fine\r\n\r\nall is o", lacks);
    check("body = 'ok'", "HTTP/1.1 204 None\r\n\r\n", lacks);
    let chunked = "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n";
    check("body = 'ok'", &format!("{chunked}1\r\no\r\n1\r\nk\r\n0\r\n\r\n"), "passed");
    check("body = 'ok'", &format!("{chunked}2\r\nko\r\n0\r\n\r\n"), lacks);
    let cut = "closed the connection before its answer was whole";
    check("body = 'ok'", "HTTP/1.1 200 Fine\r\nContent-Length: 9\r\n\r\nko", cut);
    check("body = 'ok'", "HTTP/1.1 500 No\r\n\r\nok", "GET /up was answered with 500");
}

#[test]
fn the_text_is_looked_for_in_the_start_of_the_body() {
    let (rule, head) = (rule("body = 'ok'"), "HTTP/1.1 200 Fine\r\n\r\n");
    let after = |bytes: usize| format!("{head}{}ok", ".".repeat(bytes));
    assert_eq!(judged(&rule, &[after(BODY_BYTES - 2).as_bytes()]), "passed");
    let lacks = "the answer to GET /up does not hold \"ok\"";
    assert_eq!(judged(&rule, &[after(BODY_BYTES - 1).as_bytes()]), lacks);
}
