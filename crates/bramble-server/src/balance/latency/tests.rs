use std::time::Duration;

use super::Latency;

/// The estimate after `rounds` times these.
fn p95(latency: &mut Latency, rounds: usize, ms: &[u64]) -> u128 {
    for _ in 0..rounds {
        ms.iter().for_each(|ms| latency.add(Duration::from_millis(*ms)));
    }
    latency.p95().as_millis()
}

#[test]
fn it_is_near_the_95th_percentile() {
    let hundred: Vec<u64> = (1..=100).map(|i| i * 37 % 101).collect();
    let estimate = p95(&mut Latency::default(), 20, &hundred);
    assert!((85..=105).contains(&estimate), "{estimate}");
}

#[test]
fn a_few_slow_answers_do_not_move_it_far() {
    let mut latency = Latency::default();
    p95(&mut latency, 100, &[10]);
    let estimate = p95(&mut latency, 3, &[1000]);
    assert!(estimate < 15, "{estimate}");
}

#[test]
fn it_follows_a_pool_that_gets_slow_within_a_hundred_answers() {
    let mut latency = Latency::default();
    p95(&mut latency, 100, &[5]);
    let estimate = p95(&mut latency, 110, &[700]);
    assert!((600..=800).contains(&estimate), "{estimate}");
}
