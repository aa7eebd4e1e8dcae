use super::{Rng, arrivals};

#[test]
fn each_phase_has_its_rate_and_its_time() {
    let times = arrivals(&[(2.0, 1000.0), (1.0, 8000.0)], &mut Rng::of(1, 0));
    let within = |from: f64, to: f64| times.iter().filter(|at| (from..to).contains(*at)).count();
    assert!((1800..2200).contains(&within(0.0, 2.0)), "{}", within(0.0, 2.0));
    assert!((7600..8400).contains(&within(2.0, 3.0)), "{}", within(2.0, 3.0));
    assert_eq!(within(0.0, 3.0), times.len());
    assert!(times.is_sorted());
}
