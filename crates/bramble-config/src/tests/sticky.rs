//! Sessions.

use super::*;
use crate::plan::{Plan, Sticky};

const POOL: &str = "[[pool]]\nname = 'a'\n";

/// Checks the faults of a pool, one a line: `line message | help`; its lines begin at the fourth.
#[track_caller]
fn check(text: &str, expected: &str) {
    let errors = wrong(&format!("{BASE}{POOL}{text}"));
    let line = |error: &crate::ConfigError| {
        let help = error.help().map(|help| format!(" | {help}")).unwrap_or_default();
        format!("{} {}{help}", error.position().0, error.message())
    };
    let lines: Vec<String> = errors.errors().iter().map(line).collect();
    assert_eq!(lines.join("\n"), expected, "in: {text}");
}

fn pool(text: &str) -> crate::plan::Pool {
    let backends = "[[pool.backend]]\nname = 'b1'\naddress = '10.0.0.1:80'\n\
                    [[pool.backend]]\naddress = '10.0.0.2:80'\nroute = 'two'\nredirect = 'b1'\n";
    right(&format!("{POOL}{backends}[pool.sticky]\n{text}")).pools()[0].clone()
}

#[test]
fn a_cookie_is_enough() {
    let two = "[[pool.backend]]\naddress = '10.0.0.1:80'\n[pool.sticky]\ncookie = 'SID'";
    let config = right(&format!("{POOL}{two}"));
    let expected = Sticky {
        cookie: "SID".to_owned(),
        parameter: "SID".to_owned(),
        separator: Some('.'),
        set: false,
        failover: true,
    };
    let pool = &config.pools()[0];
    assert_eq!(pool.sticky.as_ref(), Some(&expected));
    assert_eq!(pool.route_of(&pool.backends[0]), None);
}

#[test]
fn every_key_is_taken() {
    let keys = "cookie = 'SID'\nparameter = 'sid'\nseparator = ''\nset = true\nfailover = false";
    let pool = pool(keys);
    let expected = Sticky {
        cookie: "SID".to_owned(),
        parameter: "sid".to_owned(),
        separator: None,
        set: true,
        failover: false,
    };
    assert_eq!(pool.sticky.as_ref(), Some(&expected));
    let routes: Vec<_> = pool.backends.iter().map(|backend| pool.route_of(backend)).collect();
    assert_eq!(routes, [Some("b1"), Some("two")]);
    assert_eq!(pool.backends[1].redirect.as_deref(), Some("b1"));
}

#[test]
fn names_and_separators() {
    let backend = "backend = [{ address = '[::1]:80' }]\n[pool.sticky]\n";
    let help = "use 1 to 63 letters, digits, `-`, `_` or `.`";
    check(
        &format!("{backend}cookie = 'S;ID'\nparameter = 'a&b'\nseparator = ', '"),
        &format!(
            "6 `S;ID` can't be the name of a cookie | {help}\n\
             7 `a&b` can't be the name of a parameter | {help}\n\
             8 `, ` can't stand before a route | give one character, as \".\" or \"!\", or \"\" \
             where the value is the route"
        ),
    );
    check(&format!("{backend}set = true"), "5 `cookie` is missing | add `cookie = …`");
}

#[test]
fn a_route_is_what_a_cookie_may_hold() {
    let help = "use 1 to 95 letters, digits and signs, no blank, quote, `,`, `;` or `\\`";
    for route in ["", "a b", "a;b", "a\\b", "\u{e4}", "a\tb", &"a".repeat(96)] {
        check(
            &format!("backend = [{{ address = '[::1]:80', route = '{route}' }}]"),
            &format!("4 `{route}` can't be a route | {help}"),
        );
    }
}

#[test]
fn a_number_is_a_route_too() {
    let backends = "backend = [{ address = '[::1]:1', route = 1, redirect = 2 }, \
                    { address = '[::1]:2', route = '2' }]";
    let config = right(&format!("{POOL}{backends}"));
    let [one, two] = config.pools()[0].backends.as_slice() else { panic!("two backends") };
    assert_eq!((one.route.as_deref(), one.redirect.as_deref()), (Some("1"), Some("2")));
    assert_eq!(two.route.as_deref(), Some("2"));
    check("backend = [{ address = '[::1]:1', route = true }]", "4 expected a text");
}

#[test]
fn of_each_route_there_is_one_backend() {
    let two = |keys: &str| {
        let first = "[[pool.backend]]\naddress = '10.0.0.1:80'\n";
        format!("{first}[[pool.backend]]\naddress = '10.0.0.2:80'\n{keys}")
    };
    let second = |line: u32, route: &str| {
        format!(
            "{line} two backends of the pool have the route `{route}` | \
             give each a `route` of its own, by which sessions tell them apart"
        )
    };
    check(
        "backend = [{ address = '[::1]:1', route = 'x' }, { address = '[::1]:2', route = 'x' }]",
        &second(4, "x"),
    );
    // Its name is one where the balancer sets the cookie.
    let of_name = "route = '10.0.0.1:80'\n[pool.sticky]\ncookie = 'SID'\n";
    check(&format!("{}set = true", two(of_name)), &second(8, "10.0.0.1:80"));
    right(&format!("{POOL}{}", two(of_name)));
}

#[test]
fn a_redirect_leads_to_another_backend() {
    let pool = |redirect: &str| {
        format!(
            "backend = [{{ address = '[::1]:1', route = 'one', redirect = '{redirect}' }},\n\
             {{ address = '[::1]:2', route = 'two' }}]"
        )
    };
    check(&pool("tow"), "4 no backend of the pool has the route `tow` | there is: `two`");
    check(&pool("on"), "4 no backend of the pool has the route `on` | there is: `two`");
    check(&pool("one"), "4 a backend can't redirect its sessions to itself | there is: `two`");
    check(
        "backend = [{ address = '[::1]:1', redirect = 'x' }]",
        "4 no backend of the pool has the route `x` | give another backend of the pool a `route`",
    );
}

#[test]
fn changes_are_told() {
    let config =
        |keys: &str| right(&format!("{POOL}backend = [{{ address = '[::1]:1' }}]\n{keys}"));
    let sticky = "[pool.sticky]\ncookie = 'SID'\nset = true\nfailover = false";
    let now = "cookie SID, parameter SID, separator \".\", set here, without failover";
    assert_eq!(config("").diff(&config(sticky)), [format!("pool a: sticky none → {now}")]);
}

#[test]
fn an_older_plan_has_no_sessions() {
    let plan = right(&format!("{POOL}backend = [{{ address = '[::1]:1' }}]")).plan().unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    assert!(!json.contains("sticky") && !json.contains("redirect\""), "{json}");
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}

#[test]
fn a_plan_with_sessions_survives_json() {
    let text = "[[pool.backend]]\naddress = '[::1]:1'\nroute = 'x'\n[pool.sticky]\ncookie = 'SID'";
    let plan = right(&format!("{POOL}{text}")).plan().unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}
