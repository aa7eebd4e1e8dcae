use proptest::prelude::*;

use super::Report;

fn check(value: &str, expected: Option<(u32, Option<u32>, Option<u32>)>) {
    let expected =
        expected.map(|(in_flight, service_us, free)| Report { in_flight, service_us, free });
    assert_eq!(Report::parse(value.as_bytes()), expected, "{value}");
}

#[test]
fn a_report_is_read() {
    check("in_flight=3, service_us=850, free=13", Some((3, Some(850), Some(13))));
    check("in_flight=0", Some((0, None, None)));
    check("free=1,in_flight=2", Some((2, None, Some(1))));
    check(" in_flight=3 ,\tfree=0 ", Some((3, None, Some(0))));
    check("in_flight=999999999", Some((999_999_999, None, None)));
    check("in_flight=007", Some((7, None, None)));
}

#[test]
fn whatever_else_is_said_is_none() {
    for value in [
        "",
        "3",
        "in_flight",
        "in_flight=",
        "in_flight=-1",
        "in_flight=+1",
        "in_flight=1.5",
        "in_flight=1000000000",
        "in_flight =1",
        "in_flight= 1",
        "In_Flight=1",
        "in_flight=1,",
        ",in_flight=1",
        "in_flight=1, in_flight=1",
        "in_flight=1; free=2",
        "in_flight=1, load=2",
        "in_flight=1, free",
        "service_us=850, free=13",
        "in_flight=\u{0661}",
    ] {
        check(value, None);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        in_flight in 0_u32..1_000_000_000,
        service_us in prop::option::of(0_u32..1_000_000_000),
        free in prop::option::of(0_u32..1_000_000_000),
    ) {
        let report = Report { in_flight, service_us, free };
        prop_assert_eq!(Report::parse(report.text().as_str().as_bytes()), Some(report));
    }

    #[test]
    fn any_bytes_are_a_report_or_none(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = Report::parse(&bytes);
    }

    #[test]
    fn nearly_a_report_is_read_as_what_it_says(
        value in "((in_flight|free|service_us|x)?=?[0-9]{0,10}[, \t;]{0,2}){0,4}",
    ) {
        if let Some(report) = Report::parse(value.as_bytes()) {
            let again = Report::parse(report.text().as_str().as_bytes());
            prop_assert_eq!(again, Some(report));
            prop_assert!(value.contains("in_flight="));
        }
    }

    #[test]
    fn any_numbers_can_be_written(
        in_flight in any::<u32>(), service_us in any::<u32>(), free in any::<u32>(),
    ) {
        let report = Report { in_flight, service_us: Some(service_us), free: Some(free) };
        let end = format!("free={free}");
        prop_assert!(report.text().as_str().ends_with(&end));
    }
}
