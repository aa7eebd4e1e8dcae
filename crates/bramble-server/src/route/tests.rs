use bramble_config::plan::{Action, Route};

use super::find;

fn route(hosts: &[&str], prefix: &str, pool: &str) -> Route {
    Route {
        hosts: hosts.iter().map(|h| (*h).to_owned()).collect(),
        path_prefix: prefix.to_owned(),
        replace_prefix: None,
        action: Action::Pool(pool.to_owned()),
    }
}

fn check(host: &str, path: &str, expected: Option<&str>) {
    let routes = [
        route(&["example.org"], "/app", "app"),
        route(&["example.org", "*.example.org"], "/", "site"),
        route(&["[::1]"], "/", "six"),
        route(&[], "/open", "any"),
    ];
    let found = find(&routes, host.as_bytes(), path.as_bytes());
    let found = found.map(|i| &routes[i].action);
    assert_eq!(found, expected.map(|p| Action::Pool(p.to_owned())).as_ref(), "{host}{path}");
}

#[test]
fn the_first_that_matches_answers() {
    check("example.org", "/app", Some("app"));
    check("example.org", "/app/x", Some("app"));
    check("example.org", "/", Some("site"));
}

#[test]
fn prefixes_cover_whole_segments() {
    check("example.org", "/apple", Some("site"));
    check("elsewhere", "/openly", None);
}

#[test]
fn names_are_compared_without_case_port_and_last_dot() {
    check("EXAMPLE.org:8080", "/", Some("site"));
    check("example.org.", "/", Some("site"));
    check("[::1]:80", "/", Some("six"));
}

#[test]
fn a_star_covers_names_below_but_not_the_domain_itself() {
    check("a.b.example.org", "/app", Some("site"));
    check("notexample.org", "/", None);
    check(".example.org", "/", None);
}

#[test]
fn no_host_is_any_host() {
    check("whatever", "/open/x", Some("any"));
    check("", "/open", Some("any"));
}

#[test]
fn a_path_is_routed_by_what_it_means() {
    let check = |path: &str, meaning: Option<&str>| {
        let found = super::meaning(path.as_bytes());
        assert_eq!(found.as_deref(), meaning.map(str::as_bytes), "{path}");
    };
    check("/private/a", Some("/private/a"));
    check("/x/../private/a", Some("/private/a"));
    check("//private/./a", Some("/private/a"));
    check("/%70rivate/a", Some("/private/a"));
    check("/a%2Fb%2fc", Some("/a%2Fb%2fc"));
    check("/a%252Fb", Some("/a%2Fb"));
    check("*", Some("*"));
    for nothing in ["/../a", "/a%00", "/a%4", "/a%5cb"] {
        check(nothing, None);
    }
}
