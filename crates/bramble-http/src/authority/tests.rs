use super::*;

fn check(bytes: &str, expected: Option<(&str, Option<u16>)>) {
    let expected = expected.map(|(host, port)| Authority { host: host.as_bytes(), port });
    assert_eq!(parse_authority(bytes.as_bytes()), expected, "{bytes:?}");
}

#[test]
fn names_and_addresses_with_and_without_port() {
    check("example.com", Some(("example.com", None)));
    check("example.com.", Some(("example.com.", None)));
    check("EXAMPLE.com:8080", Some(("EXAMPLE.com", Some(8080))));
    check("under_score", Some(("under_score", None)));
    check("192.0.2.7:80", Some(("192.0.2.7", Some(80))));
    check("[::1]", Some(("[::1]", None)));
    check("[2001:db8::7]:65535", Some(("[2001:db8::7]", Some(65535))));
}

#[test]
fn what_two_readers_could_take_for_different_hosts_is_refused() {
    let refused = [
        "",
        ".",
        ".a",
        "a..b",
        ":80",
        "a:",
        "a:0",
        "a:65536",
        "a:+80",
        "a:000080",
        "a:8 0",
        "a b",
        "user@a",
        "user:pass@a",
        "a/b",
        "a?b",
        "a#b",
        "a,b",
        "a%2eb",
        "a\\b",
        "::1",
        "[::1",
        "::1]",
        "[]",
        "[fe80::1%eth0]",
        "[::1]x",
        "[v1.x]",
        "[127.0.0.1]",
        "[::1]:",
        "exämple.com",
        "a\tb",
    ];
    for bytes in refused {
        check(bytes, None);
    }
}

#[test]
fn a_name_is_no_longer_than_dns_allows() {
    let name = |len| "a".repeat(len);
    assert!(parse_authority(name(254).as_bytes()).is_some());
    assert!(parse_authority(name(255).as_bytes()).is_none());
}
