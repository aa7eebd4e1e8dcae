use super::*;

#[track_caller]
fn check(pattern: &str, target: &str, expected: Option<(&str, &str)>) {
    let found = prefix(pattern, target);
    let expected = expected.map(|(path, target)| (path.to_owned(), target.to_owned()));
    assert_eq!(found, expected, "{pattern} {target}");
}

#[test]
fn patterns_that_are_prefixes() {
    check("^/app/(.*)$", "http://b/app/$1", Some(("/app/", "http://b/app/")));
    check("^(/app/.*)$", "http://b$1", Some(("/app/", "http://b/app/")));
    check("^/(.*)$", "balancer://a/$1", Some(("/", "balancer://a/")));
    check("^/static", "!", Some(("/static", "!")));
}

#[test]
fn patterns_that_are_none() {
    check("^/app(.*)$", "http://b/$1", None);
    check("\\.php$", "http://b/", None);
    check("^/(.*\\.php)$", "http://b/$1", None);
    check("^/[ab]/(.*)$", "http://b/$1", None);
    check("^/app$", "!", None);
    check("^/a/(.*)$", "http://b/$2", None);
    check("", "", None);
}
