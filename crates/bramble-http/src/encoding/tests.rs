use proptest::prelude::*;

use super::Coding::{Brotli, Gzip, Zstandard};
use super::*;

fn accepted(value: &str) -> Accepted {
    Accepted::read([value.as_bytes()])
}

/// What is sent when all codings are there.
#[track_caller]
fn check(value: &str, expected: Option<Coding>) {
    assert_eq!(accepted(value).best(Coding::ALL), expected, "{value}");
}

#[test]
fn without_the_field_the_plain_body_is_sent() {
    assert_eq!(Accepted::read([]).best(Coding::ALL), None);
    check("", None);
    check("identity", None);
    check("compress, deflate", None);
}

#[test]
fn what_is_listed_is_sent() {
    check("gzip", Some(Gzip));
    check("GZIP", Some(Gzip));
    check("x-gzip", Some(Gzip));
    check("zstd", Some(Zstandard));
    check("gzip, deflate, br, zstd", Some(Brotli));
    check("gzip,zstd", Some(Zstandard));
    check(" , gzip ,, deflate", Some(Gzip));
}

#[test]
fn weights_go_before_our_own_preference() {
    check("br;q=0.5, gzip;q=0.8, zstd;q=0.2", Some(Gzip));
    check("br ; q=0.001, gzip;Q=0.002", Some(Gzip));
    check("br;q=0.5, gzip;q=0.5", Some(Brotli));
    check("gzip;q=1.000, br;q=1", Some(Brotli));
    check("br;q=0, gzip", Some(Gzip));
    check("br;q=0, gzip;q=0.000", None);
}

#[test]
fn the_plain_body_can_be_preferred() {
    check("identity, gzip;q=0.5", None);
    check("identity;q=0.5, gzip;q=0.5", Some(Gzip));
    check("identity;q=0.4, gzip;q=0.5", Some(Gzip));
    check("gzip;q=0.001", Some(Gzip));
}

#[test]
fn a_star_stands_for_what_is_not_listed() {
    check("*", Some(Brotli));
    check("*;q=0.5, gzip", Some(Gzip));
    check("br;q=0, *", Some(Zstandard));
    check("*;q=0", None);
    check("*;q=0, gzip;q=0.1", Some(Gzip));
    check("identity, *;q=0.5", None);
}

#[test]
fn what_is_not_there_is_not_sent() {
    assert_eq!(accepted("gzip, br").best([Gzip]), Some(Gzip));
    assert_eq!(accepted("gzip, br").best([Zstandard]), None);
    assert_eq!(accepted("gzip, br").best([]), None);
    // Refused, but there is nothing else.
    assert_eq!(accepted("identity;q=0").best([Gzip]), None);
    assert_eq!(accepted("identity;q=0, gzip;q=0.1").best([Gzip]), Some(Gzip));
    assert_eq!(accepted("identity;q=0, *;q=0.1").best([Gzip]), Some(Gzip));
}

#[test]
fn what_is_malformed_is_left_out() {
    for value in [
        "gzip;q=",
        "gzip;q=2",
        "gzip;q=1.001",
        "gzip;q=0.1234",
        "gzip;q=.5",
        "gzip;q=-1",
        "gzip;q=a",
        "gzip;x=1",
        "gzip;q=0.5;x",
        "gzip;",
        ";q=1",
        "gz ip",
        "gzip;q =1",
    ] {
        check(value, None);
        check(&format!("{value}, br;q=0.1"), Some(Brotli));
    }
}

#[test]
fn fields_go_on_in_each_other() {
    let values = [&b"br;q=0.1"[..], b"gzip"];
    assert_eq!(Accepted::read(values).best(Coding::ALL), Some(Gzip));
}

proptest! {
    #[test]
    fn no_bytes_are_a_surprise(value: Vec<u8>) {
        Accepted::read([&value[..]]).best(Coding::ALL);
    }

    #[test]
    fn the_heaviest_is_sent(weights in [0_u16..=1000, 0..=1000, 0..=1000, 0..=1000]) {
        let [br, zstd, gzip, identity] = weights;
        let q = |weight: u16| format!("{}.{:03}", weight / 1000, weight % 1000);
        let value = format!(
            "br;q={}, zstd;q={}, gzip;q={}, identity;q={}", q(br), q(zstd), q(gzip), q(identity)
        );
        let most = br.max(zstd).max(gzip);
        let sent = accepted(&value).best(Coding::ALL);
        let weight = sent.map(|coding| match coding { Brotli => br, Zstandard => zstd, Gzip => gzip });
        prop_assert_eq!(weight, (most > 0 && most >= identity).then_some(most));
    }
}
