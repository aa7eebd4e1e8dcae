use super::*;
use proptest::prelude::*;

fn of(latencies_us: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    latencies_us.iter().for_each(|&us| histogram.record(us));
    histogram
}

#[test]
fn empty_is_all_zero() {
    let empty = Histogram::new();
    assert!(empty.is_empty());
    assert_eq!((empty.mean_ms(), empty.percentile_ms(0.99), empty.max_ms()), (0.0, 0.0, 0.0));
}

#[test]
fn percentiles_of_a_ramp() {
    let ramp = of(&(1..=10_000).map(|i| i * 100).collect::<Vec<_>>());
    assert!((ramp.percentile_ms(0.5) - 500.0).abs() < 1.0);
    assert!((ramp.percentile_ms(0.999) - 999.0).abs() < 1.5);
    assert_eq!(ramp.max_ms(), 1000.0);
    assert_eq!(ramp.mean_ms(), 500.05);
}

#[test]
fn zero_and_endless_latencies_are_kept_in_range() {
    let odd = of(&[0, u64::MAX]);
    assert_eq!(odd.len(), 2);
    assert!(odd.percentile_ms(1.0) >= 3_600_000.0 * 0.999);
}

#[test]
fn cleared_is_empty() {
    let mut histogram = of(&[5, 6]);
    histogram.clear();
    assert!(histogram.is_empty());
    assert_eq!(histogram.max_ms(), 0.0);
}

proptest! {
    #[test]
    fn merge_equals_recording_all(a: Vec<u32>, b: Vec<u32>) {
        let [a, b] = [a, b].map(|v| v.into_iter().map(u64::from).collect::<Vec<_>>());
        let mut merged = of(&a);
        merged.merge(&of(&b));
        let all = of(&[a, b].concat());
        prop_assert_eq!(merged.len(), all.len());
        prop_assert_eq!(merged.mean_ms(), all.mean_ms());
        for quantile in [0.0, 0.5, 0.9, 0.99, 0.999, 1.0] {
            prop_assert_eq!(merged.percentile_ms(quantile), all.percentile_ms(quantile));
        }
    }

    #[test]
    fn percentiles_rise_and_end_at_the_maximum(values: Vec<u32>) {
        let histogram = of(&values.into_iter().map(u64::from).collect::<Vec<_>>());
        let percentiles = [0.0, 0.5, 0.9, 0.99, 1.0].map(|q| histogram.percentile_ms(q));
        prop_assert!(percentiles.is_sorted());
        prop_assert!(percentiles[4] <= histogram.max_ms());
    }
}
