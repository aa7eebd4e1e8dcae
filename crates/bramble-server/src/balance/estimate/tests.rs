use std::time::Duration;

use super::Estimate;

const USUAL: f64 = 0.010;

fn after(samples: &[f64], age: Duration) -> f64 {
    let (mut estimate, now_ns) = (Estimate::default(), 1_000);
    samples.iter().for_each(|s| estimate.add(*s, USUAL, now_ns));
    estimate.get(USUAL, now_ns + u64::try_from(age.as_nanos()).unwrap())
}

#[test]
fn who_has_not_answered_is_taken_for_usual() {
    assert!((after(&[], Duration::ZERO) - USUAL).abs() < 1e-9);
}

#[test]
fn it_rises_sooner_than_it_falls() {
    let risen = after(&[0.010, 0.110], Duration::ZERO) - 0.010;
    let fallen = 0.110 - after(&[0.110, 0.010], Duration::ZERO);
    assert!(risen > 2.0 * fallen, "{risen} {fallen}");
}

#[test]
fn what_was_slow_is_forgiven_with_time() {
    let (young, old) = (Duration::from_millis(100), Duration::from_secs(8));
    assert!(after(&[0.160], young) > 0.159);
    assert!(after(&[0.160], old) < 1.1 * USUAL);
}

#[test]
fn what_was_quick_stays_so() {
    assert!(after(&[0.001], Duration::from_secs(60)) < 0.0011);
}
