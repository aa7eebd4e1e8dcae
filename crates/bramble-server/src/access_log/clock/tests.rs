use super::*;

fn check(format: LogFormat, unix_s: u64, expected: &str) {
    assert_eq!(String::from_utf8(second(format, unix_s)).unwrap(), expected);
}

#[test]
fn days_are_those_of_the_calendar() {
    check(LogFormat::Json, 0, "1970-01-01T00:00:00.000Z");
    check(LogFormat::Json, 951_782_399, "2000-02-28T23:59:59.000Z");
    check(LogFormat::Json, 951_782_400, "2000-02-29T00:00:00.000Z");
    check(LogFormat::Json, 951_868_800, "2000-03-01T00:00:00.000Z");
    check(LogFormat::Common, 1_767_225_599, "31/Dec/2025:23:59:59 +0000");
    check(LogFormat::Combined, 1_767_225_600, "01/Jan/2026:00:00:00 +0000");
}

#[test]
fn an_instant_is_told_by_the_wall_clock() {
    let mut clock = Clock::new(LogFormat::Json);
    clock.wall = Duration::from_millis(1_767_225_599_995);
    let at = |clock: &mut Clock, ms| {
        let instant = clock.steady + Duration::from_millis(ms) - Duration::from_millis(5);
        clock.at(instant, |text| String::from_utf8(text.to_vec()).unwrap())
    };
    assert_eq!(at(&mut clock, 5), "2025-12-31T23:59:59.995Z");
    assert_eq!(at(&mut clock, 0), "2025-12-31T23:59:59.990Z");
    assert_eq!(at(&mut clock, 10), "2026-01-01T00:00:00.000Z");
}
