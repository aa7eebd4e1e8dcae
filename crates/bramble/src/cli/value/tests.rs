use std::time::Duration;

use bramble_cluster::api::Role;
use bramble_load::Think;

use super::{WorkerRate, address, duration, name, role, think};

#[test]
fn durations_have_units_and_seconds_are_the_default() {
    let check = |text: &str, ms: u64| assert_eq!(duration(text), Ok(Duration::from_millis(ms)));
    check("250ms", 250);
    check("90", 90_000);
    check("1.5s", 1_500);
    check("15m", 900_000);
    check("2h", 7_200_000);
    check("7d", 604_800_000);
    check("0", 0);
}

#[test]
fn other_durations_are_refused() {
    for text in ["", "m", "-1s", "+1s", "1 s", "1e9s", "15x", "15mm", "1.2.3", "inf", "nan", "400d"]
    {
        assert!(duration(text).is_err(), "{text}");
    }
}

#[test]
fn an_address_is_one_that_others_can_reach() {
    for text in ["127.0.0.1", "192.168.1.20", "::1", "2001:db8::7"] {
        assert_eq!(address(text), Ok(text.parse().unwrap()));
    }
    let nobodys =
        ["0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1", "255.255.255.255", "berry"];
    for text in nobodys {
        assert!(address(text).is_err(), "{text}");
    }
}

#[test]
fn roles_are_three_words() {
    assert_eq!(role("worker"), Ok(Role::Worker));
    assert_eq!(role("balancer"), Ok(Role::Balancer));
    assert_eq!(role("manager"), Ok(Role::Manager));
    assert!(role("Worker").is_err());
}

#[test]
fn think_time_is_written_as_its_kind_and_its_longest_pause() {
    assert_eq!(think("none"), Ok(Think::None));
    assert_eq!(think("siege"), Ok(Think::Siege { max_s: 1 }));
    assert_eq!(think("siege:3"), Ok(Think::Siege { max_s: 3 }));
    assert_eq!(think("uniform:500"), Ok(Think::Uniform { max_ms: 500 }));
    for text in ["", "siege:x", "uniform", "uniform:-1", "none:1", "normal:3"] {
        assert!(think(text).is_err(), "{text}");
    }
}

#[test]
fn a_worker_rate_is_a_number_or_off() {
    assert_eq!("160".parse(), Ok(WorkerRate(Some(160))));
    assert_eq!("off".parse(), Ok(WorkerRate(None)));
    for text in ["", "0", "-3", "1.5", "none"] {
        assert!(text.parse::<WorkerRate>().is_err(), "{text}");
    }
}

#[test]
fn a_name_can_not_leave_its_place_in_a_path() {
    assert_eq!(name("blog-2.example_x"), Ok("blog-2.example_x".to_owned()));
    for text in ["", ".", "..", "../x", "a/b", "a?b", "-x", "a b", "ü", &"a".repeat(65)] {
        assert!(name(text).is_err(), "{text}");
    }
}
