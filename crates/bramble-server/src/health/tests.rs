use bramble_config::plan::HealthCheck;

use super::{Streak, Verdict};

/// Runs checks (`+` passed, `-` failed) and writes the verdicts: up, down or ? for checking.
fn check(from: Verdict, checks: &str, expected: &str) {
    let rule = HealthCheck { passes: 2, fails: 3, ..HealthCheck::default() };
    let (mut streak, mut verdict, mut seen) = (Streak::default(), from, String::new());
    for c in checks.chars() {
        verdict = streak.observe(verdict, c == '+', &rule);
        seen.push(match verdict {
            Verdict::Checking => '?',
            Verdict::Down => 'd',
            Verdict::Up => 'u',
        });
    }
    assert_eq!(seen, expected, "{checks}");
}

#[test]
fn a_newcomer_is_up_with_its_first_pass() {
    check(Verdict::Checking, "-+", "?u");
    check(Verdict::Checking, "---", "??d");
}

#[test]
fn failures_in_a_row_take_a_backend_out() {
    check(Verdict::Up, "--+---", "uuuuud");
}

#[test]
fn passes_in_a_row_bring_it_back() {
    check(Verdict::Down, "+-++", "dddu");
}
