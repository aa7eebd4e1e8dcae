use super::*;

#[track_caller]
fn check(line: &str, expected: &[&str]) {
    assert_eq!(words(line), expected, "{line}");
}

#[test]
fn words_are_parted_by_blanks() {
    check("", &[]);
    check("  a \t b  ", &["a", "b"]);
    check("a#b # c", &["a#b", "#", "c"]);
}

#[test]
fn quotes_hold_blanks_together() {
    check("\"a b\" 'c d'", &["a b", "c d"]);
    check("\"a\\\"b\\\\c\" d", &["a\"b\\c", "d"]);
    check("'a\"b' \"c'd\"", &["a\"b", "c'd"]);
    check("a\"b c", &["a\"b", "c"]);
    check("\"open end", &["open end"]);
    check("\"\" x", &["", "x"]);
}

#[test]
fn a_backslash_keeps_itself_outside_of_quotes() {
    check("^/a\\.b$ \\\\x", &["^/a\\.b$", "\\x"]);
}

#[test]
fn known_variables_are_put_in() {
    let known = |name: &str| (name == "A").then(|| "${B}!".to_owned());
    assert_eq!(expand("x${A}y${B}z${", known), "x${B}!y${B}z${");
    assert_eq!(expand("${A", known), "${A");
}

#[test]
fn variables_cannot_blow_a_line_up() {
    let long = "x".repeat(EXPANDED_BYTES);
    let known = |_: &str| Some(long.clone());
    assert!(expand(&"${A}".repeat(1000), known).len() < 2 * EXPANDED_BYTES);
}
