use super::*;

fn check(values: &[f64], median: f64, low: f64, high: f64) {
    let expected = Figure { median, low, high, repeats: values.len() };
    assert_eq!(Figure::of(values), Some(expected));
}

#[test]
fn few_repeats_span_from_the_smallest_to_the_largest() {
    check(&[3.0], 3.0, 3.0, 3.0);
    check(&[3.0, 1.0], 2.0, 1.0, 3.0);
    check(&[6.0, 1.0, 2.0, 5.0, 3.0, 4.0], 3.5, 1.0, 6.0);
}

#[test]
fn more_repeats_cut_off_outliers() {
    // 9 repeats: second smallest to second largest hold the median with 96.1 %.
    let values: Vec<f64> = (1..=9).map(f64::from).collect();
    check(&values, 5.0, 2.0, 8.0);
}

#[test]
fn nothing_has_no_figure() {
    assert_eq!(Figure::of(&[]), None);
}

#[test]
fn a_ratio_around_one_is_a_tie() {
    assert!(Figure::of(&[0.9, 1.1]).unwrap().is_tie());
    assert!(!Figure::of(&[0.8, 0.9]).unwrap().is_tie());
}
