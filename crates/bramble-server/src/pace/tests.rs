use std::time::{Duration, Instant};

use super::Pace;

#[test]
fn requests_are_served_one_after_the_other() {
    let start = Instant::now();
    let pace = Pace::new(100, 1, start);
    let done = |after_ms| pace.queue(start + Duration::from_millis(after_ms)) - start;
    assert_eq!(done(0).as_millis(), 10);
    assert_eq!(done(1).as_millis(), 20);
    // After a pause nothing has been saved up.
    assert_eq!(done(500).as_millis(), 510);
}

#[test]
fn threads_share_the_rate() {
    let start = Instant::now();
    let pace = Pace::new(100, 2, start);
    assert_eq!((pace.queue(start) - start).as_millis(), 20);
}
