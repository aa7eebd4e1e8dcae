use super::Rng;

const DRAWS: u32 = 100_000;

fn mean(mut draw: impl FnMut(&mut Rng) -> f64) -> f64 {
    let mut rng = Rng::of(7, 1);
    (0..DRAWS).map(|_| draw(&mut rng)).sum::<f64>() / f64::from(DRAWS)
}

#[test]
fn means_are_what_was_asked_for() {
    assert!((mean(Rng::unit) - 0.5).abs() < 0.01);
    assert!((mean(|rng| rng.exponential(10.0)) - 10.0).abs() < 0.2);
    assert!((mean(|rng| rng.log_normal(10.0, 0.3)) - 10.0).abs() < 0.2);
}

#[test]
fn a_seed_says_it_all() {
    let of = |seed, stream| Rng::of(seed, stream).next();
    assert_eq!(of(1, 1), of(1, 1));
    assert_ne!(of(1, 1), of(1, 2));
    assert_ne!(of(1, 1), of(2, 1));
}
