use proptest::prelude::*;

use super::*;

#[test]
fn bounds_belong_to_their_buckets() {
    let check = |us, expected| assert_eq!(bucket(us), expected, "{us} us");
    check(0, 0);
    check(64, 0);
    check(65, 1);
    check(96, 1);
    check(97, 2);
    check(100_663_296, BUCKETS - 1);
    check(100_663_297, BUCKETS);
    check(u64::MAX, BUCKETS);
}

#[test]
fn buckets_tell_their_bounds_and_counts() {
    let mut durations = Durations::default();
    [50, 64, 100, 200_000_000].into_iter().for_each(|us| durations.record(us));
    let counted: Vec<_> = durations.buckets().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counted, [(64e-6, 2), (128e-6, 1), (f64::INFINITY, 1)]);
    assert_eq!((durations.len(), durations.sum_s()), (4, 200.000_214));
}

proptest! {
    #[test]
    fn a_duration_is_above_the_bound_before_its_bucket_and_not_above_its_own(us: u64) {
        let bucket = bucket(us);
        prop_assert!(bucket == BUCKETS || us <= bound_us(bucket));
        prop_assert!(bucket == 0 || us > bound_us(bucket - 1));
    }

    #[test]
    fn counts_of_several_add_up_to_those_of_one(all: Vec<u32>, others: Vec<u32>) {
        let of = |all: &[u32]| {
            let mut durations = Durations::default();
            all.iter().for_each(|us| durations.record(u64::from(*us)));
            durations
        };
        let mut sum = of(&all);
        sum.add(&of(&others));
        prop_assert_eq!(sum, of(&[all, others].concat()));
    }
}
