//! Redirects that keep what follows their prefix.

use super::*;
use crate::plan::Action;

fn route(keys: &str) -> String {
    format!("route = [{{ path_prefix = '/old', redirect = {{ {keys} }} }}]")
}

fn check(keys: &str, status: u16, keep_path: bool) {
    let expected = Action::Redirect { status, location: "/new".to_owned(), keep_path };
    assert_eq!(right(&route(keys)).routes().first().unwrap().action, expected);
}

#[test]
fn what_follows_is_kept_where_that_is_said() {
    check("location = '/new'", 302, false);
    check("location = '/new', keep_path = false", 302, false);
    check("status = 301, location = '/new', keep_path = true", 301, true);
}

#[test]
fn nothing_goes_behind_a_query() {
    for location in ["/new?a", "/new#a"] {
        let keys = format!("location = '{location}', keep_path = true");
        let errors = wrong(&format!("{BASE}{}", route(&keys)));
        let said = errors.errors().first().unwrap().message();
        assert_eq!(said, "no path can follow a query or fragment");
        right(&route(&format!("location = '{location}'")));
    }
}

#[test]
fn one_of_an_older_plan_keeps_nothing() {
    let older = r#"{"redirect":{"status":302,"location":"/"}}"#;
    let expected = Action::Redirect { status: 302, location: "/".to_owned(), keep_path: false };
    assert_eq!(serde_json::from_str::<Action>(older).unwrap(), expected);
    assert_eq!(serde_json::to_string(&expected).unwrap(), older);
}
