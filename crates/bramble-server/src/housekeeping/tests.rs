use super::*;

#[test]
fn a_crowd_that_leaves_one_by_one_has_left_in_the_end() {
    let mut awake = HighWater::default();
    let fallen: Vec<u64> =
        (0..=1000).chain((0..1000).rev()).filter(|n| awake.has_fallen(*n)).collect();
    assert_eq!(fallen, [871, 742, 613, 484, 355, 226, 97]);
}

#[test]
fn a_few_more_or_less_are_no_crowd() {
    let mut awake = HighWater::default();
    assert!([500, 500 - FEWER, 500, 500 - FEWER].iter().all(|n| !awake.has_fallen(*n)));
    assert!(awake.has_fallen(499 - FEWER));
    assert!(!awake.has_fallen(499 - FEWER), "it was given back");
    let mut parked = HighWater::default();
    assert!([9000, 8000, 9000, 8000].iter().all(|n| !parked.has_fallen(*n)), "of so many");
}
