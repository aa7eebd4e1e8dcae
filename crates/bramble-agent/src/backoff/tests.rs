use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

#[test]
fn it_doubles_to_its_last_and_starts_over() {
    let mut backoff = Backoff::new(MS(100), MS(500));
    let delays: Vec<_> = (0..5).map(|_| backoff.delay()).collect();
    assert_eq!(delays, [MS(100), MS(200), MS(400), MS(500), MS(500)]);
    backoff.reset();
    assert_eq!(backoff.delay(), MS(100));
}

#[test]
fn chance_spreads_over_the_upper_half() {
    let mut spread = Spread::new(Backoff::new(MS(100), MS(100)), 7);
    let delays: Vec<_> = (0..1000).map(|_| spread.delay()).collect();
    assert!(delays.iter().all(|delay| (MS(50)..=MS(100)).contains(delay)));
    assert!(delays.iter().any(|delay| *delay < MS(55)));
    assert!(delays.iter().any(|delay| *delay > MS(95)));
}

#[test]
fn nodes_of_different_seeds_come_apart() {
    let first = |seed| Spread::new(Backoff::new(MS(100), MS(100)), seed).delay();
    assert_eq!(first(1), first(1));
    assert_ne!(first(1), first(2));
}
