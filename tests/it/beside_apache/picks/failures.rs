//! Members that fail: when they are left alone, and for how long.

use bramble_tests::{Caller, post};

use super::{Picks, REQUESTS, say};

/// Of `a` and `b`, this status; of others 200.
fn failing(failing: &'static str, status: u16) -> impl Fn(char, &mut Caller) + Clone {
    move |name, caller| {
        let status = if failing.contains(name) { status } else { 200 };
        say(name, caller, status, "x");
    }
}

/// Longer than the second that a member may take, where it is `a`.
fn late(name: char, caller: &mut Caller) {
    if name == 'a' {
        caller.pause(1500);
    }
    say(name, caller, 200, "x");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn who_refuses_is_left_alone_for_its_retry_time() {
    let mut picks = Picks::of("lbmethod=byrequests", &["retry=1", "loadfactor=2", ""]);
    picks.ask(5).stop('a').ask(100).pass_retry_time().ask(100);
    picks.listen('a').pass_retry_time().ask(REQUESTS - 205).agree("b a c b b");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn all_are_tried_where_all_are_down() {
    let mut picks = Picks::of("lbmethod=byrequests", &["", ""]);
    picks.stop('a').stop('b').ask(20).listen('b').ask(REQUESTS - 20);
    picks.agree("- - - -");
    assert_eq!(picks.seen[1][20..], vec!["b"; REQUESTS - 20]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn nobody_is_tried_before_its_time_without_forced_recovery() {
    let members = ["retry=1", "retry=1"];
    let mut picks = Picks::of("lbmethod=byrequests forcerecovery=Off", &members);
    picks.stop('a').stop('b').ask(2).listen('b').ask(100);
    assert_eq!(picks.seen[1], vec!["-"; 102]);
    picks.pass_retry_time().ask(REQUESTS - 102).agree("- - - -");
    assert_eq!(picks.seen[1][102..], vec!["b"; REQUESTS - 102]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn without_further_attempts_each_failure_is_the_visitors() {
    let mut picks = Picks::of("lbmethod=byrequests maxattempts=0", &[""; 5]);
    picks.stop('a').stop('b').stop('c').ask(REQUESTS).agree("- - - d e d e");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn whoever_is_left_is_found() {
    let mut picks = Picks::of("lbmethod=byrequests", &["", "", "", "loadfactor=2", ""]);
    picks.stop('a').stop('b').stop('c').ask(REQUESTS).agree("d ");
}

/// Without further attempts, since bramble asks somebody else and httpd does not.
#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn errors_are_ignored_that_are_to_be() {
    let mut picks = Picks::of("lbmethod=byrequests maxattempts=0", &["status=+I", "", ""]);
    picks.stop('a').ask(REQUESTS).agree("- b c - b c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_status_counts_as_a_failure() {
    let settings = "lbmethod=byrequests failonstatus=500,501";
    let mut picks = Picks::with(settings, &["retry=1", "", ""], failing("a", 500));
    picks.ask(8).pass_retry_time().ask(REQUESTS - 8);
    picks.agree("a500 b c b c b c b c a500 b c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn another_status_does_not() {
    let settings = "lbmethod=byrequests failonstatus=501";
    let mut picks = Picks::with(settings, &["", "", ""], failing("a", 500));
    picks.ask(REQUESTS).agree("a500 b c a500 b c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_status_is_ignored_where_errors_are() {
    let settings = "lbmethod=byrequests failonstatus=500";
    let mut picks = Picks::with(settings, &["status=+I", "", ""], failing("a", 500));
    picks.ask(REQUESTS).agree("a500 b c a500 b c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_status_of_all_leaves_nobody_without_forced_recovery() {
    let settings = "lbmethod=byrequests failonstatus=500 forcerecovery=Off";
    let mut picks = Picks::with(settings, &["", ""], failing("ab", 500));
    picks.ask(REQUESTS).agree("a500 b500 - - -");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_status_of_all_counts_for_nobody_with_it() {
    let settings = "lbmethod=byrequests failonstatus=500";
    let mut picks = Picks::with(settings, &["", "", ""], failing("abc", 500));
    picks.ask(REQUESTS).agree("a500 b500 c500 c500 b500 a500 a500 b500 c500");
}

/// POST, since bramble asks somebody else as well where a GET has to wait.
#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_late_answer_counts_as_a_failure() {
    let settings = "lbmethod=byrequests failontimeout=On";
    let mut picks = Picks::with(settings, &["timeout=1", "", ""], late);
    (0..500).for_each(|_| picks.send(&post("/", "x")));
    picks.agree("- b c b c b c b c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_late_answer_does_not() {
    let mut picks = Picks::with("lbmethod=byrequests", &["timeout=1", "", ""], late);
    (0..4).for_each(|_| picks.send(&post("/", "x")));
    picks.agree("- b c -");
}
