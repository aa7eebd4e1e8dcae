//! Dates that `date -u -d @N` gives.

use super::rfc3339;

#[test]
fn dates() {
    let check = |unix_s, expected: &str| assert_eq!(rfc3339(unix_s), expected);
    check(0, "1970-01-01T00:00:00Z");
    check(951_782_399, "2000-02-28T23:59:59Z");
    check(951_782_400, "2000-02-29T00:00:00Z");
    check(951_868_800, "2000-03-01T00:00:00Z");
    check(1_767_225_600, "2026-01-01T00:00:00Z");
    check(1_795_409_400, "2026-11-23T04:50:00Z");
    check(4_107_542_399, "2100-02-28T23:59:59Z");
    check(4_107_542_400, "2100-03-01T00:00:00Z");
}
