use bramble_http::{Limits, Mapping, RequestHead, parse_request};

use super::place;

#[track_caller]
fn check(prefix: &str, location: &str, target: &str, expected: &str) {
    let input = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut head = RequestHead::default();
    parse_request(input.as_bytes(), &Limits::default(), &mut head).unwrap();
    let below = Mapping::new(prefix, location);
    let found = place(location, &below, input.as_bytes(), &head.target);
    assert_eq!(found, expected, "{prefix} → {location}: {target}");
}

#[test]
fn what_follows_the_prefix_goes_behind_the_location() {
    let check =
        |target: &str, expected: &str| check("/old", "https://b.example/new", target, expected);
    check("/old", "https://b.example/new");
    check("/old/", "https://b.example/new/");
    check("/old/a/b?c=/old", "https://b.example/new/a/b?c=/old");
    check("/old?", "https://b.example/new?");
    check("http://a/old/a?b", "https://b.example/new/a?b");
    check("/old/%2e%2e/old/a%2Fb%20c", "https://b.example/new/a%2Fb%20c");
}

#[test]
fn one_slash_is_between_them() {
    check("/", "https://b.example/", "/a", "https://b.example/a");
    check("/", "https://b.example", "/a", "https://b.example/a");
    check("/", "https://b.example/", "/", "https://b.example/");
    check("/old", "/new/", "/old/a", "/new/a");
    check("/old", "/new/", "/old", "/new/");
    check("/old", "/", "/old", "/");
}

#[test]
fn nobody_is_sent_to_a_host_of_his_own() {
    // `//evil.example` would be one.
    check("/old", "/", "/old//evil.example/a", "/evil.example/a");
    check("/old", "https://b.example", "/old/@evil.example", "https://b.example/@evil.example");
}
