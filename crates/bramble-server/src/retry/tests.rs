use std::time::{Duration, Instant};

use super::{Budget, Reached, is_allowed};

#[test]
fn what_may_have_been_acted_on_is_repeated_only_if_that_is_harmless() {
    assert!(is_allowed(Reached::Never, false));
    assert!(is_allowed(Reached::Never, true));
    assert!(is_allowed(Reached::Maybe, true));
    assert!(!is_allowed(Reached::Maybe, false));
}

#[test]
fn one_request_in_five_may_be_a_retry() {
    let now = Instant::now();
    let mut budget = Budget::new(now);
    let mut retries = 0;
    for _ in 0..1000 {
        budget.earn(now);
        retries += u32::from(budget.spend());
    }
    assert!((200..=210).contains(&retries), "{retries}");
}

/// Retries in a row that `rate` requests a second for a minute, then `quiet_s` seconds, leave.
fn burst_after(rate: u32, quiet_s: u64) -> usize {
    let mut now = Instant::now();
    let mut budget = Budget::new(now);
    for _ in 0..60 * rate {
        now += Duration::from_secs(1) / rate;
        budget.earn(now);
    }
    budget.earn(now + Duration::from_secs(quiet_s));
    (0..100_000).take_while(|_| budget.spend()).count()
}

#[test]
fn a_burst_is_bounded_by_the_traffic_of_the_last_seconds() {
    let busy = burst_after(1000, 0);
    assert!((1500..=2200).contains(&busy), "{busy}");
    assert!(burst_after(1000, 600) <= 11);
    assert!((10..=15).contains(&burst_after(1, 0)));
}
