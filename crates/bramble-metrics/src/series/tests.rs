use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn counts_by_the_second() {
    let mut series = Series::new(SECOND, 10);
    series.record(0, 2_000);
    series.record(999_999, 4_000);
    series.fail(2_500_000);
    let points = series.points();
    assert_eq!(points.iter().map(|p| p.count).collect::<Vec<_>>(), [2, 0, 0]);
    assert_eq!(points.iter().map(|p| p.failed).collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!((points[0].mean_ms, points[0].max_ms, points[2].at_s), (3.0, 4.0, 2.0));
}

#[test]
fn a_full_series_doubles_its_interval() {
    let mut series = Series::new(SECOND, 4);
    (0..5).for_each(|second| series.record(second * 1_000_000, 1_000));
    let points = series.points();
    assert_eq!(points[1].at_s, 2.0);
    assert_eq!(points.iter().map(|p| p.count).collect::<Vec<_>>(), [2, 2, 1]);
}

#[test]
fn the_end_of_time_fits_too() {
    let mut series = Series::new(Duration::ZERO, 0);
    series.record(u64::MAX, u64::MAX);
    assert!(series.points().len() <= 2);
}

proptest! {
    #[test]
    fn bounded_and_nothing_lost(times in prop::collection::vec(0u64..1 << 40, 0..50)) {
        let mut series = Series::new(SECOND, 8);
        for &at_us in &times {
            series.record(at_us, 1);
            series.fail(at_us);
        }
        prop_assert!(series.points().len() <= 8);
        prop_assert_eq!(series.points().iter().map(|p| p.count).sum::<u64>(), times.len() as u64);
        prop_assert_eq!(series.points().iter().map(|p| p.failed).sum::<u64>(), times.len() as u64);
    }
}
