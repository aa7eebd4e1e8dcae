use super::*;

const DRAWS: u32 = 20_000;

fn mean_s(mut draw: impl FnMut(&mut Rng) -> Duration) -> f64 {
    let mut rng = Rng::new(7);
    (0..DRAWS).map(|_| draw(&mut rng).as_secs_f64()).sum::<f64>() / f64::from(DRAWS)
}

#[test]
fn siege_d1_thinks_zero_or_one_second() {
    let mut rng = Rng::new(1);
    let pauses: Vec<_> = (0..1000).map(|_| Think::Siege { max_s: 1 }.draw(&mut rng)).collect();
    assert!(pauses.iter().all(|p| [0, 1000].contains(&p.as_millis())));
    let ones = pauses.iter().filter(|p| !p.is_zero()).count();
    assert!((450..550).contains(&ones), "{ones}");
}

#[test]
fn means_are_what_they_say() {
    for think in [Think::None, Think::Siege { max_s: 3 }, Think::Uniform { max_ms: 800 }] {
        let mean = mean_s(|rng| think.draw(rng));
        assert!((mean - think.mean_s()).abs() <= 0.02 * think.mean_s(), "{think:?}: {mean}");
    }
}

#[test]
fn first_requests_are_spread_as_in_the_middle_of_a_run() {
    // E[X²] / 2E[X]: the mean rest of a pause that is met at a random instant.
    let expected = [
        (Think::Siege { max_s: 1 }, 0.5),
        (Think::Siege { max_s: 2 }, 5.0 / 6.0),
        (Think::Uniform { max_ms: 900 }, 0.3),
    ];
    for (think, rest) in expected {
        let mean = mean_s(|rng| think.first(rng));
        assert!((mean - rest).abs() <= 0.02 * rest, "{think:?}: {mean}");
    }
}

#[test]
fn siege_without_pause_is_allowed() {
    let mut rng = Rng::new(1);
    assert!(Think::Siege { max_s: 0 }.first(&mut rng).is_zero());
    assert!(Think::Siege { max_s: 0 }.draw(&mut rng).is_zero());
}

#[test]
fn equal_gaps_do_not_drift() {
    let mut gaps = Gaps::new(3.0, false);
    let mut rng = Rng::new(1);
    let last = (0..3000).map(|_| gaps.next_due_us(&mut rng)).last();
    assert!((999_999_000..=1_000_000_001).contains(&last.unwrap()));
}

#[test]
fn random_gaps_keep_the_rate() {
    let mut gaps = Gaps::new(1000.0, true);
    let mut rng = Rng::new(5);
    let last = (0..100_000).map(|_| gaps.next_due_us(&mut rng)).last().unwrap();
    assert!((last as f64 / 1e6 - 100.0).abs() < 1.5, "{last}");
}

#[test]
fn users_of_one_seed_differ_and_repeat() {
    let draw = |seed, user| Rng::of_user(seed, user).next_u64();
    assert_eq!(draw(1, 2), draw(1, 2));
    assert_ne!(draw(1, 2), draw(1, 3));
    assert_ne!(draw(1, 2), draw(2, 2));
}
