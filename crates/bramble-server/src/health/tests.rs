use std::sync::Arc;

use bramble_config::plan::HealthCheck;

use super::{Finding, Health, Streak, Verdict};

fn finding(c: char) -> Finding {
    match c {
        '+' => Finding::Passed,
        '-' => Finding::Wrong,
        'x' => Finding::Unreachable,
        _ => Finding::Nothing,
    }
}

fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Checking => '?',
        Verdict::Down => 'd',
        Verdict::Up => 'u',
    }
}

/// Runs checks (`+` passed, `-` wrong, `x` unreachable, `.` says nothing) and writes the verdicts:
/// up, down or ? for checking.
fn check(from: Verdict, checks: &str, expected: &str) {
    let rule = HealthCheck { passes: 2, fails: 3, ..HealthCheck::default() };
    let (mut streak, mut verdict, mut seen) = (Streak::default(), from, String::new());
    for c in checks.chars() {
        verdict = streak.observe(verdict, finding(c), true, &rule);
        seen.push(letter(verdict));
    }
    assert_eq!(seen, expected, "{checks}");
}

#[test]
fn a_newcomer_is_up_with_its_first_pass() {
    check(Verdict::Checking, "-+", "?u");
    check(Verdict::Checking, "---", "??d");
    check(Verdict::Checking, "...", "???");
}

#[test]
fn failures_in_a_row_take_a_backend_out() {
    check(Verdict::Up, "--+---", "uuuuud");
    check(Verdict::Up, "-x-", "uud");
}

#[test]
fn passes_in_a_row_bring_it_back() {
    check(Verdict::Down, "+-++", "dddu");
}

#[test]
fn what_says_nothing_changes_nothing() {
    check(Verdict::Up, "-.-.-", "uuuud");
    check(Verdict::Up, "....", "uuuu");
    check(Verdict::Down, "+.+", "ddu");
}

/// Each text is one round of checks, a letter a backend; answers the verdicts after the last.
fn round(rule: &HealthCheck, from: &str, rounds: &[&str]) -> String {
    let verdict = |c| match c {
        'u' => Verdict::Up,
        'd' => Verdict::Down,
        _ => Verdict::Checking,
    };
    let pool: Vec<_> = from.chars().map(|c| Arc::new(Health::new(verdict(c)))).collect();
    for round in rounds {
        for (health, c) in pool.iter().zip(round.chars()) {
            health.observe(finding(c), &pool, rule);
        }
    }
    pool.iter().map(|health| letter(health.verdict())).collect()
}

#[test]
fn wrong_answers_take_out_half_at_most() {
    let rule = HealthCheck { fails: 1, ..HealthCheck::default() };
    let after = |from, rounds: &[&str]| round(&rule, from, rounds);
    assert_eq!(after("u", &["-", "-"]), "u");
    assert_eq!(after("uu", &["--", "--"]), "du");
    assert_eq!(after("uuu", &["---", "---"]), "duu");
    assert_eq!(after("uuuu", &["----", "----"]), "dduu");
    // One more may go when another is back.
    assert_eq!(after("uu", &["--", "+-"]), "ud");
}

#[test]
fn who_can_not_be_reached_is_out_whoever_is_left() {
    let rule = HealthCheck { fails: 1, ..HealthCheck::default() };
    let after = |from, rounds: &[&str]| round(&rule, from, rounds);
    assert_eq!(after("uuu", &["xxx"]), "ddd");
    // Of the others half stay.
    assert_eq!(after("uuuu", &["xx--", "xx--"]), "dddu");
    assert_eq!(after("uuuu", &["x---", "x---"]), "dduu");
}

#[test]
fn newcomers_are_no_half() {
    let rule = HealthCheck { fails: 1, ..HealthCheck::default() };
    assert_eq!(round(&rule, "??uu", &["..--", "..--"]), "??du");
    assert_eq!(round(&rule, "??", &["--"]), "dd");
}

#[test]
fn who_gets_no_requests_anyway_is_out_whoever_is_left() {
    let rule = HealthCheck { fails: 1, ..HealthCheck::default() };
    let (disabled, other) = (Health::new(Verdict::Up), Arc::new(Health::new(Verdict::Up)));
    assert_eq!(disabled.observe(Finding::Wrong, &[other], &rule), Verdict::Down);
}
