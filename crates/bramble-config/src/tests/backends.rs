//! What single backends have of their own.

use super::*;
use crate::plan::{Backend, Plan};

/// A pool of one backend with these keys.
fn with(keys: &str) -> String {
    format!("pool = [{{ name = 'app', backend = [{{ address = '127.0.0.1:1', {keys} }}] }}]")
}

fn backend(keys: &str) -> Backend {
    let config = right(&with(keys));
    config.pools().first().unwrap().backends.first().unwrap().clone()
}

/// What the one fault of such a text says, and what would be right.
#[track_caller]
fn check_fault(keys: &str, message: &str, help: &str) {
    let errors = wrong(&format!("{BASE}{}", with(keys)));
    let [error] = errors.errors() else { panic!("one fault: {errors}") };
    assert_eq!((error.message(), error.help()), (message, Some(help)), "{keys}");
}

#[test]
fn times_and_host_are_taken() {
    let keys = "connect_ms = 1, first_byte_ms = 2, retry_ms = 3, host = 'app.internal:8080'";
    let taken = backend(keys);
    let times = (taken.connect_ms, taken.first_byte_ms, taken.retry_ms);
    assert_eq!(times, (Some(1), Some(2), Some(3)));
    assert_eq!(taken.host.as_deref(), Some("app.internal:8080"));
    let plan = right(&with(keys)).plan().unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}

#[test]
fn one_of_an_older_plan_has_none() {
    let older = r#"{"name":"a","address":"127.0.0.1:1","weight":100,"admin":"enabled",
        "link":"plain"}"#;
    let older: Backend = serde_json::from_str(older).unwrap();
    assert_eq!(older, backend("name = 'a'"));
    let times = (older.connect_ms, older.first_byte_ms, older.retry_ms);
    assert_eq!((times, older.host), ((None, None, None), None));
}

#[test]
fn times_have_a_range() {
    for key in ["connect_ms", "first_byte_ms", "retry_ms"] {
        let message = format!("`{key}` is 0");
        check_fault(&format!("{key} = 0"), &message, "give a number from 1 to 86400000");
    }
}

#[test]
fn hosts_are_what_can_be_sent() {
    for host in ["a", "a_b.example", "10.0.0.1", "10.0.0.1:8080", "[::1]", "[::1]:1", "A.b:65535"] {
        assert_eq!(backend(&format!("host = '{host}'")).host.as_deref(), Some(host));
    }
    let help = "give a name or address, and a port if it needs one, as in \"app.internal:8080\"";
    let no_names = ["", ":80", "a b", "*.a", "a..b", ".a", "a/b", "http://a", "u@a", "a\u{e9}"];
    let no_ports = ["a:", "a:0", "a:080", "a:65536", "a:8o", "a:+1", "a::1"];
    let no_addresses = ["::1", "[::1", "[a]", "[[::1]]"];
    for host in [&no_names[..], &no_ports, &no_addresses].concat() {
        let message = format!("`{host}` is no host that could be sent");
        check_fault(&format!("host = '{host}'"), &message, help);
    }
    // A line's end would begin another field.
    let message = "`a\r\nX: y` is no host that could be sent";
    check_fault(r#"host = "a\r\nX: y""#, message, help);
}
