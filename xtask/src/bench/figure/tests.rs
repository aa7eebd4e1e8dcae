use super::*;

fn check(values: &[f64], median: f64, low: f64, high: f64) {
    let figure = Figure::of(values).unwrap();
    let found = [figure.median, figure.low, figure.high];
    let near = |(found, expected): (&f64, f64)| (found - expected).abs() < 0.001;
    assert!(found.iter().zip([median, low, high]).all(near), "{figure:?}");
    assert_eq!(figure.repeats, values.len());
}

#[test]
fn few_repeats_span_from_the_smallest_to_the_largest() {
    check(&[3.0], 3.0, 3.0, 3.0);
    check(&[3.0, 1.0], 2.0, 1.0, 3.0);
    check(&[1.0, 2.0, 4.0, 3.0], 2.5, 1.0, 4.0);
}

#[test]
fn seven_repeats_all_but_cut_off_an_outlier() {
    // 98.4 % hold 1 to 7, 87.5 % hold 2 to 6: 90 % is 95.2 % of the way from the first to the second.
    check(&[7.0, 6.0, 1.0, 2.0, 5.0, 3.0, 4.0], 4.0, 1.952, 6.048);
}

#[test]
fn chances_that_fit_cut_whole_values() {
    // 8 repeats: 93.0 % hold 2 to 7, 71.1 % hold 3 to 6.
    let values: Vec<f64> = (1..=8).map(f64::from).collect();
    let Figure { low, high, .. } = Figure::of(&values).unwrap();
    assert!((2.0..2.5).contains(&low) && (6.5..=7.0).contains(&high), "{low} to {high}");
}

#[test]
fn nothing_has_no_figure() {
    assert_eq!(Figure::of(&[]), None);
}
