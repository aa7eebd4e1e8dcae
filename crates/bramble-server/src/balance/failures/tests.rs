use super::*;

const SECOND: u64 = 1_000_000_000;

fn count(all: u32, failed: u32) -> Count {
    Count { all, failed }
}

/// Requests in turn, each `.` or `x`, which failed.
fn failures(requests: &str) -> Failures {
    let mut failures = Failures::default();
    requests.chars().for_each(|request| failures.add(request == 'x', SECOND));
    failures
}

#[test]
fn half_of_enough_is_too_bad() {
    let check = |requests: &str, expected| {
        let failures = failures(requests);
        for others in [count(0, 0), count(100, 0), count(u32::MAX, 0)] {
            let is_too_bad = failures.count(SECOND).is_too_bad(others);
            assert_eq!(is_too_bad, expected, "{requests}, {others:?}");
        }
    };
    check("", false);
    check(&"x".repeat(19), false);
    check(&"x".repeat(20), true);
    check(&".x".repeat(9), false);
    check(&".x".repeat(10), true);
    check(&"..x".repeat(20), false);
    // However good it was before.
    check(&(".".repeat(500) + &".x".repeat(9)), false);
    check(&(".".repeat(500) + &".x".repeat(10)), true);
    check(&(".x".repeat(500) + &".".repeat(2)), false);
}

#[test]
fn what_fails_everywhere_is_no_backends_own_fault() {
    let check = |others, expected| {
        let failures = failures(&".x".repeat(10));
        assert_eq!(failures.count(SECOND).is_too_bad(others), expected, "{others:?}");
    };
    check(count(400, 100), true);
    check(count(400, 101), false);
    check(count(400, 400), false);
    check(count(u32::MAX, u32::MAX), false);
}

#[test]
fn all_that_is_remembered_is_counted() {
    let check = |requests: &str, expected| {
        assert_eq!(failures(requests).count(SECOND), expected, "{requests}");
    };
    check("", count(0, 0));
    check("x", count(1, 1));
    check("x.x.", count(4, 2));
    check(&".x".repeat(10), count(20, 10));
    check(&".x".repeat(1000), count(20, 10));
    assert_eq!(count(3, 2).and(count(5, 1)), count(8, 3));
}

#[test]
fn it_fades_with_time() {
    let mut failures = failures(&".x".repeat(8));
    let check = |failures: Failures, at_s: u64, expected: Count| {
        assert_eq!(failures.count(at_s * SECOND), expected, "{at_s}");
    };
    check(failures, 4, count(16, 8));
    check(failures, 8, count(16, 8));
    check(failures, 9, count(0, 0));
    check(failures, 1000, count(0, 0));
    failures.add(true, 5 * SECOND);
    check(failures, 5, count(17, 9));
    check(failures, 9, count(1, 1));
    check(failures, 13, count(0, 0));
}

#[test]
fn parts_of_time_may_come_round() {
    let mut failures = Failures::default();
    failures.add(true, u64::MAX);
    assert_eq!(failures.count(0), count(1, 1));
}
