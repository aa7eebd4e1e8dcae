use super::*;

fn text(text: &[u8]) -> String {
    String::from_utf8(text.to_vec()).unwrap()
}

fn json(time: &str) -> String {
    format!("{{\"time\":\"{time}\",\"client\":\"")
}

fn check(format: LogFormat, unix_s: u64, expected: &str) {
    let mut written = [0; TIME_BYTES];
    write_second(&mut written, format, unix_s).unwrap();
    assert_eq!(text(&written[..expected.len()]), expected);
    assert!(written[expected.len()..].iter().all(|byte| *byte == 0));
}

#[test]
fn days_are_those_of_the_calendar() {
    check(LogFormat::Json, 0, &json("1970-01-01T00:00:00.000Z"));
    check(LogFormat::Json, 951_782_399, &json("2000-02-28T23:59:59.000Z"));
    check(LogFormat::Json, 951_782_400, &json("2000-02-29T00:00:00.000Z"));
    check(LogFormat::Json, 951_868_800, &json("2000-03-01T00:00:00.000Z"));
    check(LogFormat::Common, 1_767_225_599, " - - [31/Dec/2025:23:59:59 +0000] \"");
    check(LogFormat::Combined, 1_767_225_600, " - - [01/Jan/2026:00:00:00 +0000] \"");
}

#[test]
fn an_instant_is_told_by_the_wall_clock() {
    let mut clock = Clock::new(LogFormat::Json);
    clock.wall_ns = 1_767_225_599_995 * MS_NS;
    let at = |clock: &mut Clock, ms| {
        let instant = clock.steady + Duration::from_millis(ms) - Duration::from_millis(5);
        text(clock.at(instant))
    };
    assert_eq!(at(&mut clock, 5), json("2025-12-31T23:59:59.995Z"));
    assert_eq!(at(&mut clock, 0), json("2025-12-31T23:59:59.990Z"));
    assert_eq!(at(&mut clock, 10), json("2026-01-01T00:00:00.000Z"));
}

#[test]
fn a_text_holds_for_its_millisecond() {
    let mut clock = Clock::new(LogFormat::Json);
    clock.wall_ns = 1_767_225_599_994_500_000;
    let after = |clock: &Clock, us| clock.steady + Duration::from_micros(us);
    let now = |clock: &mut Clock, us| text(clock.now(after(clock, us)));
    let said = |ms| json(&format!("2025-12-31T23:59:59.{ms}Z"));
    let texts = [300, 499, 500, 1499, 1500].map(|us| now(&mut clock, us));
    assert_eq!(texts, ["994", "994", "995", "995", "996"].map(said));
    // In between, one is asked for that is long past.
    let past = after(&clock, 0);
    assert_eq!(text(clock.at(past)), said("994"));
    assert_eq!(now(&mut clock, 1600), said("996"));
}

#[test]
fn a_common_text_holds_for_its_second() {
    let mut clock = Clock::new(LogFormat::Common);
    clock.wall_ns = 1_767_225_599_100 * MS_NS;
    let now = |clock: &mut Clock, ms| text(clock.now(clock.steady + Duration::from_millis(ms)));
    let texts = [0, 899, 900, 1899, 1900].map(|ms| now(&mut clock, ms));
    let seconds = texts.map(|text| text["- - [01/Jan/2026:".len()..].get(7..9).unwrap().to_owned());
    assert_eq!(seconds, ["59", "59", "00", "00", "01"]);
}

#[test]
fn the_wall_clock_is_followed() {
    let mut clock = Clock::new(LogFormat::Json);
    clock.wall_ns = 0;
    let now = clock.steady;
    assert_eq!(text(clock.now(now)), json("1970-01-01T00:00:00.000Z"));
    clock.set();
    let now = clock.steady;
    assert_ne!(text(clock.now(now)), json("1970-01-01T00:00:00.000Z"));
}
