use std::thread;

use proptest::prelude::*;

use super::*;

fn v4(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// The times at which requests of one client come, in milliseconds, and which of them may.
#[track_caller]
fn check(per_s: u32, burst: u32, at_ms: &[u64], expected: &str) {
    let base = Instant::now();
    let rates = Rates::of_sets(1, base);
    let take = |ms: &u64| {
        let taken = rates.take(v4(1), Rule::new(per_s, burst), base + Duration::from_millis(*ms));
        if taken.is_ok() { 'y' } else { 'n' }
    };
    assert_eq!(at_ms.iter().map(take).collect::<String>(), expected, "{at_ms:?}");
}

#[test]
fn a_burst_and_then_the_rate() {
    check(10, 1, &[0, 0, 99, 100, 150, 200], "ynnyny");
    check(10, 3, &[0, 0, 0, 0, 99, 100, 100, 300, 300, 300], "yyynnynyyn");
    check(10, 3, &[0, 0, 0, 5000, 5000, 5000, 5000], "yyyyyyn");
    check(1, 2, &[0, 0, 0, 1000, 1000, 2000], "yynyny");
}

#[test]
fn who_is_refused_is_told_when_to_come_again() {
    let base = Instant::now();
    let (rates, rule) = (Rates::of_sets(1, base), Rule::new(10, 2));
    let take = |ms| rates.take(v4(1), rule, base + Duration::from_millis(ms));
    assert_eq!((take(0), take(0)), (Ok(()), Ok(())));
    assert_eq!(take(30), Err(Duration::from_millis(70)));
    assert_eq!(take(100), Ok(()));
}

#[test]
fn ten_seconds_of_the_rate_may_come_at_once_by_default() {
    let limits = Limits { requests_per_s_per_client: Some(7), ..Limits::default() };
    let rule = Rule::of(&limits).unwrap();
    let base = Instant::now();
    let rates = Rates::of_sets(1, base);
    let taken = (0..100).filter(|_| rates.take(v4(1), rule, base).is_ok()).count();
    assert_eq!(taken, 70);
    assert!(Rule::of(&Limits::default()).is_none());
}

#[test]
fn each_client_has_its_own() {
    let base = Instant::now();
    let (rates, rule) = (Rates::of_sets(4, base), Rule::new(1, 1));
    let take = |address: &str| {
        let client = crate::clients::client(address.parse().unwrap());
        rates.take(client, rule, base).is_ok()
    };
    assert!(take("192.0.2.1") && take("192.0.2.2") && !take("192.0.2.1"));
    assert!(!take("::ffff:192.0.2.2"));
    assert!(take("2001:db8:0:1::1") && !take("2001:db8:0:1::2") && take("2001:db8:0:2::1"));
    assert!(take("::1") && !take("::1"));
}

#[test]
fn a_newcomer_takes_over_what_says_nothing_any_more() {
    let base = Instant::now();
    let (rates, rule) = (Rates::of_sets(1, base), Rule::new(10, 1));
    // Ten times as many as there are entries, one after the other.
    for i in 0..80 {
        let now = base + Duration::from_millis(20 * u64::from(i));
        assert_eq!(rates.take(v4(i), rule, now), Ok(()), "{i}");
    }
}

#[test]
fn where_all_say_something_a_newcomer_keeps_to_the_earliest() {
    let base = Instant::now();
    let (rates, rule) = (Rates::of_sets(1, base), Rule::new(1, 3));
    let often = |i, times| (0..times).filter(|_| rates.take(v4(i), rule, base).is_ok()).count();
    let all: Vec<_> = (0..8).map(|i| often(i, if i == 5 { 2 } else { 3 })).collect();
    assert_eq!(all, [3, 3, 3, 3, 3, 2, 3, 3]);
    assert_eq!(often(100, 3), 1, "what was left to the one with the earliest time");
    assert_eq!(often(5, 3), 0, "who was put out gains nothing by that");
}

#[test]
fn cores_that_ask_at_the_same_time_let_no_more_through() {
    let base = Instant::now();
    let rates = Rates::of_sets(CLIENTS / SET, base);
    let rule = Rule::new(1, 500);
    assert_eq!(rates.take(v4(1), rule, base), Ok(()));
    let taken: usize = thread::scope(|scope| {
        let ask = || (0..400).filter(|_| rates.take(v4(1), rule, base).is_ok()).count();
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, 499);
}

/// Whether one more request at `now_ns` would be too many, in any time that ends there.
fn is_too_much(taken_ns: &[u64], now_ns: u64, rule: Rule) -> bool {
    let burst = rule.ahead_ns / rule.gap_ns + 1;
    let since = |i: usize| (taken_ns.len() - i) as u64 + 1;
    let too_many = |(i, at): (usize, &u64)| since(i) > burst + (now_ns - at) / rule.gap_ns;
    taken_ns.iter().enumerate().any(too_many)
}

proptest! {
    #[test]
    fn nobody_gets_more_and_nobody_is_refused_within_it(
        per_s in 1_u32..2000,
        burst in 1_u32..20,
        gaps_us in prop::collection::vec(0_u64..3000, 1..200),
    ) {
        let rule = Rule::new(per_s, burst);
        let base = Instant::now();
        let rates = Rates::of_sets(1, base);
        let (mut now_ns, mut taken) = (0, Vec::new());
        for gap_us in gaps_us {
            now_ns += gap_us * 1000;
            let is_taken = rates.take(v4(1), rule, base + Duration::from_nanos(now_ns)).is_ok();
            prop_assert_eq!(is_taken, !is_too_much(&taken, now_ns, rule));
            if is_taken {
                taken.push(now_ns);
            }
        }
    }

    #[test]
    fn nobody_gets_more_by_being_one_of_many(
        burst in 1_u32..6,
        requests in prop::collection::vec((0_u8..20, 0_u64..3000), 1..400),
    ) {
        let rule = Rule::new(200, burst);
        let base = Instant::now();
        let rates = Rates::of_sets(1, base);
        let (mut now_ns, mut taken) = (0, vec![Vec::new(); 20]);
        for (client, gap_us) in requests {
            now_ns += gap_us * 1000;
            let now = base + Duration::from_nanos(now_ns);
            if rates.take(v4(client), rule, now).is_ok() {
                let own = &mut taken[usize::from(client)];
                prop_assert!(!is_too_much(own, now_ns, rule));
                own.push(now_ns);
            }
        }
    }
}
