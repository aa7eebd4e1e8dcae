use std::cell::Cell;
use std::time::Duration;

use super::Work;
use crate::balance::Report;
use crate::lanes::Lanes;

fn report(in_flight: u32, service_us: u32, free: u32) -> Report {
    let service_us = Some(service_us).filter(|us| *us > 0);
    Report { in_flight, service_us, free: Some(free) }
}

#[test]
fn requests_are_counted_on_all_cores() {
    let lanes = Lanes::of(2, None);
    let (here, there) = (Work::default(), Work::default());
    let (mine, theirs) = (Cell::new(0), Cell::new(0));
    here.join(2, &lanes, 0, 0);
    there.join(2, &lanes, 1, 0);
    let _first = there.begin(&theirs);
    let second = here.begin(&mine);
    assert_eq!(here.report(mine.get()), report(1, 0, 1));
    let third = there.begin(&theirs);
    assert_eq!(here.report(mine.get()), report(2, 0, 0));
    assert_eq!(there.report(theirs.get()), report(2, 0, 0));
    drop(second);
    assert_eq!(there.report(theirs.get()), report(1, 0, 1));
    drop(third);
    assert_eq!((mine.get(), theirs.get()), (0, 1));
}

#[test]
fn who_serves_no_site_says_nothing() {
    let work = Work::default();
    assert!(!work.is_worker());
    work.join(1, &Lanes::of(1, None), 0, 0);
    assert!(work.is_worker());
    work.join(0, &Lanes::of(1, None), 0, 0);
    assert!(!work.is_worker());
}

#[test]
fn what_one_takes_is_followed() {
    let work = Work::default();
    work.join(1, &Lanes::of(1, None), 0, 0);
    assert_eq!(work.report(1).service_us, None);
    work.served(Duration::from_micros(100));
    assert_eq!(work.report(1).service_us, Some(100));
    work.served(Duration::from_micros(260));
    assert_eq!(work.report(1).service_us, Some(110));
    for _ in 0..200 {
        work.served(Duration::from_micros(50));
    }
    assert_eq!(work.report(1).service_us, Some(50));
    // Less than the clock tells is not nothing.
    for _ in 0..200 {
        work.served(Duration::ZERO);
    }
    assert_eq!(work.report(1).service_us, Some(1));
}
