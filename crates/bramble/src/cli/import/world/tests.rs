use super::*;

#[test]
fn patterns_mean_names() {
    for (pattern, name) in [("*.conf", "a.conf"), ("*", "x"), ("a?c*", "abc"), ("*a*b", "xaxbab")] {
        assert!(matches(pattern.as_bytes(), name), "{pattern} {name}");
    }
    for (pattern, name) in [("*.conf", "a.conf.bak"), ("*", ".hidden"), ("a?c", "ac"), ("*ab", "a")]
    {
        assert!(!matches(pattern.as_bytes(), name), "{pattern} {name}");
    }
}

#[test]
fn a_pattern_of_stars_takes_no_time() {
    assert!(!matches("*a".repeat(100).as_bytes(), &"a".repeat(99)));
}
