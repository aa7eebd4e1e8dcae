use super::hundredths;

#[track_caller]
fn check(factor: &str, expected: Option<&str>) {
    assert_eq!(hundredths(factor).as_deref(), expected, "{factor}");
}

#[test]
fn load_factors_are_cut_as_httpd_cuts_them() {
    check("1", Some("1.0"));
    check("1.5", Some("1.5"));
    check("1.15", Some("1.14"));
    check("2.3", Some("2.29"));
    check("8.2", Some("8.19"));
    check("1.999", Some("1.99"));
    check("100.009", Some("100.0"));
}

#[test]
fn others_are_refused() {
    check("0.99", None);
    check("100.01", None);
    check("NaN", None);
    check("heavy", None);
}
