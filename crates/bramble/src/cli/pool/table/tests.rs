use std::collections::BTreeMap;

use super::*;

fn facts(state: &str, requests: u64, last_error: Option<&str>) -> BackendFacts {
    BackendFacts {
        pool: "app".to_owned(),
        name: "b1".to_owned(),
        address: "127.0.0.1:9001".to_owned(),
        state: state.to_owned(),
        set: 0,
        requests,
        errors: 1,
        in_flight: 0,
        last_error: last_error.map(str::to_owned),
    }
}

/// The table's line of a backend that the operator wants like that, and balancers see like that.
fn line(state: &str, seen: &[(&str, BackendFacts)]) -> String {
    line_in_set(0, state, seen)
}

fn line_in_set(set: u8, state: &str, seen: &[(&str, BackendFacts)]) -> String {
    let seen: BTreeMap<_, _> =
        seen.iter().map(|(who, facts)| (String::from(*who), facts.clone())).collect();
    let backend = PoolBackend {
        name: "b1".to_owned(),
        address: "127.0.0.1:9001".parse().unwrap(),
        weight: 2.5,
        state: state.to_owned(),
        set,
        reserve: None,
        seen,
    };
    let text = all(&[pool(None, vec![backend])]);
    let words = text.lines().last().unwrap().split_whitespace();
    assert!(text.starts_with("pool app: by_requests\nbackend "), "{text}");
    words.collect::<Vec<_>>().join(" ")
}

fn pool(sticky: Option<&str>, backends: Vec<PoolBackend>) -> PoolStatus {
    let sticky = sticky.map(str::to_owned);
    PoolStatus { name: "app".to_owned(), method: "by_requests".to_owned(), sticky, backends }
}

#[test]
fn a_pool_with_sessions_says_so() {
    let text = all(&[pool(Some("SID"), Vec::new())]);
    assert!(text.starts_with("pool app: by_requests, sticky by SID\n"), "{text}");
}

#[test]
fn figures_of_all_balancers_are_added_up() {
    let seen = [("one", facts("up", 1000, None)), ("two", facts("up", 234, None))];
    assert_eq!(line("enabled", &seen), "b1 127.0.0.1:9001 up 2.50 1,234 2 0");
}

#[test]
fn who_says_so_is_told_where_balancers_differ() {
    let seen = [("one", facts("up", 1, None)), ("two", facts("down", 2, Some("refused")))];
    assert_eq!(
        line("enabled", &seen),
        "b1 127.0.0.1:9001 up (one), down (two) 2.50 3 2 0 refused (two)"
    );
    assert_eq!(line("draining", &seen[..1]), "b1 127.0.0.1:9001 draining 2.50 1 1 0");
}

#[test]
fn who_comes_later_is_told_apart() {
    let seen = [("one", facts("standby", 0, None))];
    assert_eq!(line("enabled", &seen), "b1 127.0.0.1:9001 standby 2.50 0 1 0");
    let set = line_in_set(3, "stopped", &seen);
    assert_eq!(set, "b1 127.0.0.1:9001 stopped, set 3 2.50 0 1 0");
}

#[test]
fn what_nobody_has_seen_is_unknown() {
    assert_eq!(line("enabled", &[]), "b1 127.0.0.1:9001 unknown 2.50 - - -");
    assert_eq!(all(&[]), "there is no pool\n");
}
