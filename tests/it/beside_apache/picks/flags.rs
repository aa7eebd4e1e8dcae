//! Flags and sets of members: who may be picked, and who stands in for whom.

use super::{Picks, REQUESTS};

const METHOD: &str = "lbmethod=byrequests";

/// `down`: nothing listens there, all the time.
#[track_caller]
fn check(members: &[&str], down: &str, begin: &str) {
    let mut picks = Picks::of(METHOD, members);
    for name in down.chars() {
        picks.stop(name);
    }
    picks.ask(REQUESTS).agree(begin);
}

/// One goes and comes back, with `retry=1`.
#[track_caller]
fn check_return(members: &[&str], name: char, begin: &str) {
    let mut picks = Picks::of(METHOD, members);
    picks.ask(6).stop(name).ask(100).listen(name).pass_retry_time().ask(REQUESTS - 106);
    picks.agree(begin);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn disabled() {
    check(&["", "status=+D", ""], "", "a c a c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn stopped() {
    check(&["", "status=+S", ""], "", "a c a c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn draining_without_sessions() {
    check(&["", "status=+N", ""], "", "a c a c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn nobody_is_enabled() {
    for flag in ["status=+D", "status=+S", "status=+N"] {
        let mut picks = Picks::of(METHOD, &[flag, flag]);
        picks.ask(20).agree("- - -");
    }
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_standby_rests() {
    check(&["", "", "status=+H"], "", "a b a b");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn standbys_work_when_nobody_else_is_left() {
    check(&["", "", "status=+H", "status=+H loadfactor=3"], "ab", "d c d d d c d d");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_standby_rests_again() {
    check_return(&["retry=1", "status=+H"], 'a', "a a a a a a b b b b");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_spare_rests() {
    check(&["", "", "status=+R"], "", "a b a b");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_spare_stands_in() {
    check(&["loadfactor=3", "", "status=+R loadfactor=2"], "a", "b c c b c c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn of_two_spares_the_first_stands_in_for_one() {
    check(&["", "", "status=+R", "status=+R"], "a", "b c b c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn two_spares_stand_in_for_two() {
    check(&["", "", "status=+R", "status=+R"], "ab", "c d c d");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_spare_stands_in_for_whoever_is_not_to_be_asked() {
    for flag in ["status=+D", "status=+S", "status=+N"] {
        check(&[flag, "", "status=+R"], "", "b c b c");
    }
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_spare_that_stands_first_comes_last_among_equals() {
    check(&["status=+R", "", ""], "b", "c a c a");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_spare_rests_again() {
    let begin = "a b a b a b b c b c b c";
    check_return(&["retry=1", "", "status=+R"], 'a', begin);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_spare_comes_before_a_standby() {
    check(&["", "", "status=+R", "status=+H"], "ab", "c c c");
    check(&["", "", "status=+R", "status=+H"], "abc", "d d d");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn whoever_is_spare_and_standby_is_a_spare() {
    check(&["", "", "status=+R+H"], "a", "b c b c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn the_lowest_set_works() {
    check(&["", "", "lbset=1", "lbset=1"], "", "a b a b");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn the_next_set_works_when_nobody_is_left_in_the_lowest() {
    check(&["", "lbset=7", "lbset=7 loadfactor=2", ""], "ad", "c b c c b c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn the_lowest_set_comes_back() {
    check_return(&["retry=1", "lbset=1", "lbset=1"], 'a', "a a a a a a b c b c");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_standby_of_the_lowest_set_comes_before_the_next_set() {
    check(&["", "status=+H", "lbset=1"], "a", "b b b");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn a_spare_stands_in_in_its_own_set() {
    check(&["", "", "lbset=1 status=+R", "lbset=1"], "a", "b b b");
    check(&["status=+D", "lbset=1 status=+R", "lbset=1"], "", "c c c");
}
