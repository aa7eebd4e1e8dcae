use super::put;

#[track_caller]
fn check(head: &str, host: &str, expected: &str) {
    let mut bytes = head.as_bytes().to_vec();
    put(&mut bytes, host.as_bytes());
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn the_host_becomes_another_and_all_else_stays() {
    let head = |host: &str| format!("GET /?Host: x HTTP/1.1\r\nHost: {host}\r\nA: Host: y\r\n\r\n");
    for (from, to) in [("site.example", "b"), ("b", "site.example:8080"), ("", "b"), ("b", "")] {
        check(&head(from), to, &head(to));
    }
}

#[test]
fn what_has_none_there_stays() {
    check("GET / HTTP/1.1\r\nVia: x\r\n\r\n", "b", "GET / HTTP/1.1\r\nVia: x\r\n\r\n");
}
