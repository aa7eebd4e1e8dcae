//! Methods and weights.

use bramble_tests::{get, post};

use super::{Picks, REQUESTS, say};

/// Heads would decide where bodies are alike, and ours are not as long as httpd's. By these sizes
/// 1,000 picks are the same whatever a head has between 80 and 500 bytes.
fn size(i: usize, parts: usize) -> usize {
    (1 + i * 17 % parts) * 4000
}

#[track_caller]
fn check(settings: &str, members: &[&str], begin: &str) {
    Picks::of(settings, members).ask(REQUESTS).agree(begin);
}

/// Answers of so many bytes as the path says.
fn traffic(members: &[&str]) -> Picks {
    Picks::with("lbmethod=bytraffic", members, |name, caller| {
        let size = caller.target().trim_start_matches('/').parse().unwrap_or(1);
        // As httpd counts it, all of a request is there when its answer begins.
        caller.try_body().unwrap();
        say(name, caller, 200, &"x".repeat(size));
    })
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn eight_alike_take_turns() {
    check("lbmethod=byrequests", &[""; 8], "a b c d e f g h a b c d e f g h a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn seventy_to_thirty() {
    let members = ["loadfactor=70", "loadfactor=30"];
    check("lbmethod=byrequests", &members, "a b a a a b a a b a a b");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn one_two_three() {
    let members = ["loadfactor=1", "loadfactor=2", "loadfactor=3"];
    check("lbmethod=byrequests", &members, "c b a c b c c b a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn one_and_a_half() {
    check("lbmethod=byrequests", &["loadfactor=1.5", ""], "a b a b a a b a b a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_hundred_to_one() {
    check("lbmethod=byrequests", &["loadfactor=100", ""], "a a a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn two_decimals() {
    // Of which httpd makes 1.14, 2.29, 1 and 8.19, since it cuts 100 times the number.
    let members = ["loadfactor=1.15", "loadfactor=2.3", "", "loadfactor=8.2"];
    check("lbmethod=byrequests", &members, "d b d d a d c d d b d d");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn traffic_of_answers() {
    let mut picks = traffic(&["", ""]);
    (0..REQUESTS).for_each(|i| picks.send(&get(&format!("/{}", size(i, 13)))));
    picks.agree("a b a b a a b a a b a a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn traffic_of_three() {
    let mut picks = traffic(&["", "", ""]);
    (0..REQUESTS).for_each(|i| picks.send(&get(&format!("/{}", size(i, 11)))));
    picks.agree("a b c a c c b a b c b a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn traffic_by_weight() {
    let mut picks = traffic(&["loadfactor=3", ""]);
    (0..REQUESTS).for_each(|i| picks.send(&get(&format!("/{}", size(i, 13)))));
    picks.agree("a b a a b a b a a a a a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn traffic_of_requests() {
    let mut picks = traffic(&["", ""]);
    for i in 0..REQUESTS {
        picks.send(&post("/", &"x".repeat(size(i, 13))));
    }
    picks.agree("a b a b a a b a a b a a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn nobody_is_busy() {
    check("lbmethod=bybusyness", &["loadfactor=3", ""], "a a b a a a b a");
}
