use super::*;

fn check(expression: &str, expected: bool) {
    assert_eq!(is_allowed(expression), expected, "{expression}");
}

#[test]
fn one_name() {
    check("MIT", true);
    check("GPL-3.0-only", false);
    check("", false);
}

#[test]
fn a_choice_needs_one_that_is_allowed() {
    check("GPL-2.0-only OR MIT", true);
    check("MIT/Apache-2.0", true);
    check("GPL-2.0-only OR AGPL-3.0-only", false);
}

#[test]
fn all_of_a_sum_must_be_allowed() {
    check("MIT AND BSD-3-Clause", true);
    check("MIT AND GPL-3.0-only", false);
    check("GPL-3.0-only AND MIT OR ISC", true);
}

#[test]
fn brackets_and_exceptions() {
    check("(MIT OR GPL-3.0-only) AND Unicode-3.0", true);
    check("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", false);
    check("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", true);
    check("GPL-2.0-only WITH Classpath-exception-2.0", false);
    check("(MIT", false);
    check("MIT MIT", false);
}
