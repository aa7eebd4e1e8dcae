use std::sync::Arc;

use super::{Counts, Lanes, OwnLane};

fn counts(in_flight: u32, waiting: u32) -> Counts {
    Counts { in_flight, waiting }
}

fn joined(lanes: &Arc<Lanes>, own: usize) -> OwnLane {
    let lane = OwnLane::default();
    lane.join(lanes, own, Counts::default());
    lane
}

#[test]
fn each_sees_what_the_others_have() {
    let lanes = Lanes::of(3, None);
    let cores: Vec<_> = (0..3).map(|own| joined(&lanes, own)).collect();
    cores[0].publish(|| counts(5, 1));
    cores[1].publish(|| counts(7, 2));
    cores[1].publish(|| counts(6, 2));
    assert_eq!(cores[0].others(), counts(6, 2));
    assert_eq!(cores[1].others(), counts(5, 1));
    assert_eq!(cores[2].others(), counts(11, 3));
}

#[test]
fn who_is_alone_tells_nobody() {
    let alone = joined(&Lanes::of(1, None), 0);
    alone.publish(|| unreachable!());
    assert_eq!((alone.is_shared.get(), alone.others()), (false, Counts::default()));
    let nowhere = OwnLane::default();
    nowhere.publish(|| unreachable!());
    assert_eq!(nowhere.others(), Counts::default());
}

#[test]
fn there_are_never_fewer_lanes() {
    let two = Lanes::of(2, None);
    assert!(Arc::ptr_eq(&Lanes::of(1, Some(&two)), &two));
    assert!(Arc::ptr_eq(&Lanes::of(2, Some(&two)), &two));
    assert!(!Arc::ptr_eq(&Lanes::of(3, Some(&two)), &two));
}

#[test]
fn counts_go_on_in_more_lanes() {
    let (two, three) = (Lanes::of(2, None), Lanes::of(3, None));
    let (a, b) = (joined(&two, 0), joined(&two, 1));
    a.publish(|| counts(4, 4));
    a.join(&three, 0, counts(4, 4));
    b.join(&three, 1, Counts::default());
    assert_eq!(b.others(), counts(4, 4));
    // Behind the last lane nobody counts.
    let beyond = joined(&two, 2);
    assert!(!beyond.is_shared.get());
}
