//! Sessions: who keeps them, who takes them over, and what they count for.

use super::{Picks, REQUESTS, say};

const COOKIE: &str = "lbmethod=byrequests stickysession=SID";
const EITHER: &str = "lbmethod=byrequests stickysession=JSESSIONID|jsessionid";
const ROUTES: [&str; 3] = ["route=a", "route=b", "route=c"];

/// A visitor's request with this cookie, if any.
fn get(path: &str, cookie: &str) -> String {
    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    format!("GET {path} HTTP/1.1\r\nHost: site.test\r\n{cookie}\r\n")
}

/// Visitors with these cookies, over and over in an order of their own.
fn visit(picks: &mut Picks, times: usize, cookies: &[&str]) {
    let mut drawn = 1_usize;
    for _ in 0..times {
        drawn = (drawn * 1103 + 12_345) % 65_536;
        picks.send(&get("/", cookies[(drawn >> 4) % cookies.len()]));
    }
}

#[track_caller]
fn check(settings: &str, members: &[&str], down: &str, cookies: &[&str]) {
    let mut picks = Picks::of(settings, members);
    for name in down.chars() {
        picks.stop(name);
    }
    visit(&mut picks, REQUESTS, cookies);
    picks.agree("");
}

/// Each request several times, and whom they come to in httpd.
#[track_caller]
fn check_each(settings: &str, members: &[&str], requests: &[(&str, &str, &str)]) {
    let mut picks = Picks::of(settings, members);
    for (path, cookie, expected) in requests {
        picks.send(&get(path, cookie));
        picks.send(&get(path, cookie));
        let last = &picks.seen[0][picks.seen[0].len() - 2..];
        assert!(expected.is_empty() || last == [*expected; 2], "{path} {cookie}: {last:?}");
    }
    picks.agree("");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn cookies_among_visitors_without() {
    check(COOKIE, &ROUTES, "", &["", "", "", "SID=x.a", "SID=.b", "a=1; SID=y.c; d=2", "SID=x.z"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn sessions_count_for_those_who_come_after() {
    let mut picks = Picks::of(COOKIE, &["route=a", "route=b loadfactor=2", "route=c"]);
    visit(&mut picks, 60, &["SID=x.b"]);
    visit(&mut picks, REQUESTS - 60, &[""]);
    picks.agree("b b b");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn sessions_count_for_all_that_are_usable() {
    let members =
        ["route=a", "route=b", "route=c", "route=d status=+R", "route=e lbset=1", "status=+D"];
    check(COOKIE, &members, "", &["", "", "SID=x.b", "SID=x.d", "SID=x.e"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn what_a_cookie_says() {
    let requests = [
        ("/", "SID=b", ""),
        ("/", "SID=.b", "b"),
        ("/", "SID=x.y.b", ""),
        ("/", "SID=x.c.b", "d"),
        ("/", "SID=x.", ""),
        ("/", "XSID=x.b", ""),
        ("/", "SIDX=x.b", ""),
        ("/", "sid=x.b", ""),
        ("/", "a=1; SID=x.b; c=d", "b"),
        ("/", "a=SID; SID=x.b", "b"),
        ("/", "SID=x.c; SID=x.b", "c"),
        ("/", "SID=x; SID=x.b", ""),
    ];
    check_each(COOKIE, &["route=a", "route=b", "route=c", "route=c.b"], &requests);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn another_separator() {
    let requests = [("/", "SID=x!b", "b"), ("/", "SID=x.b", ""), ("/", "SID=x.b!c", "c")];
    check_each(&format!("{COOKIE} stickysessionsep=!"), &ROUTES, &requests);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn what_a_parameter_says() {
    let requests = [
        ("/x?jsessionid=1.b", "", "b"),
        ("/x?y=1&jsessionid=1.c&z=2", "", "c"),
        ("/x;jsessionid=1.b", "", "b"),
        ("/x;jsessionid=1.c;y=2", "", "c"),
        ("/x;jsessionid=1.b?q=1", "", "b"),
        ("/x?jsessionid=1.c", "JSESSIONID=1.b", "c"),
        ("/x?jsessionid=1", "JSESSIONID=1.b", ""),
        ("/x?JSESSIONID=1.b", "", ""),
        ("/x?y=2", "JSESSIONID=1.b", "b"),
    ];
    check_each(&format!("{EITHER} scolonpathdelim=On"), &ROUTES, &requests);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn whose_member_is_down_goes_elsewhere() {
    check(COOKIE, &ROUTES, "b", &["", "SID=x.a", "SID=x.b", "SID=x.b"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn sessions_come_back_to_their_member() {
    let mut picks = Picks::of(COOKIE, &["route=a", "route=b retry=1", "route=c"]);
    let cookies = ["", "SID=x.b", "SID=x.c"];
    visit(&mut picks, 50, &cookies);
    picks.stop('b');
    visit(&mut picks, 100, &cookies);
    picks.listen('b').pass_retry_time();
    visit(&mut picks, REQUESTS - 150, &cookies);
    picks.agree("");
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn whose_member_is_down_gets_nothing_without_failover() {
    let settings = format!("{COOKIE} nofailover=On");
    let mut picks = Picks::of(&settings, &ROUTES);
    picks.stop('b');
    visit(&mut picks, REQUESTS, &["SID=x.b", "", "SID=x.z", "SID=x.c"]);
    picks.agree("");
    let statuses = picks.lanes.each_mut().map(|lane| lane.ask(&get("/", "SID=x.b")).status);
    assert_eq!(statuses, [503; 2]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn redirects() {
    let cookies = ["", "SID=x.a", "SID=x.b", "SID=x.b"];
    for b in ["route=b redirect=c", "route=b redirect=c status=+D"] {
        check(COOKIE, &["route=a", b, "route=c"], "b", &cookies);
    }
    let chain =
        ["route=a", "route=b redirect=c status=+D", "route=c redirect=d status=+D", "route=d"];
    check(COOKIE, &chain, "", &cookies);
    let circle = ["route=a", "route=b redirect=c status=+D", "route=c redirect=b status=+D", ""];
    check(COOKIE, &circle, "", &cookies);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn redirected_to_somebody_who_is_down_too() {
    check(COOKIE, &["route=a", "route=b redirect=c", "route=c", "route=d"], "bc", &["", "SID=x.b"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn draining_keeps_its_sessions_and_gets_no_other() {
    check(COOKIE, &["route=a", "route=b status=+N", "route=c"], "", &["", "", "SID=x.b"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn who_is_stopped_or_disabled_keeps_none() {
    for flag in ["D", "S"] {
        let b = format!("route=b status=+{flag}");
        check(COOKIE, &["route=a", &b, "route=c"], "", &["", "SID=x.b"]);
    }
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn spares_and_standbys_and_other_sets_keep_theirs() {
    let members =
        ["route=a", "route=b", "route=c status=+H", "route=d status=+R", "route=e lbset=2"];
    check(COOKIE, &members, "", &["", "", "SID=x.c", "SID=x.d", "SID=x.e"]);
    check(COOKIE, &members, "a", &["", "", "SID=x.c", "SID=x.d", "SID=x.e"]);
}

/// With bodies beside which cookies are nothing, for the one that counts bytes.
#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn sessions_of_other_methods() {
    for method in ["bytraffic", "bybusyness"] {
        let settings = COOKIE.replace("byrequests", method);
        let mut picks = Picks::with(&settings, &ROUTES, |name, caller| {
            say(name, caller, 200, &"x".repeat(20_000));
        });
        visit(&mut picks, REQUESTS, &["", "", "SID=x.b"]);
        picks.agree("");
    }
}
