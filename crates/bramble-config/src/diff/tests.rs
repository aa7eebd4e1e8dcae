use crate::load;

const BEFORE: &str = "
listener = [{ name = 'web', address = '127.0.0.1:8080' }]
[[pool]]
name = 'app'
retry_ms = 60000
[[pool.backend]]
name = 'b1'
address = '127.0.0.1:9001'
[[site]]
name = 'blog'
hosts = ['example.org']
[[route]]
path_prefix = '/app'
pool = 'app'
[[route]]
path_prefix = '/old'
redirect = { location = '/' }
";

/// Checks the lines that replacing parts of `BEFORE` gives.
fn check(replacements: &[(&str, &str)], expected: &[&str]) {
    let change = |text: String, (from, to): &(&str, &str)| {
        assert!(text.contains(from), "`{from}` is not there");
        text.replace(from, to)
    };
    let after = replacements.iter().fold(BEFORE.to_owned(), change);
    let before = load(BEFORE, "before").unwrap_or_else(|errors| panic!("{errors}"));
    let after = load(&after, "after").unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(before.diff(&after), expected);
}

#[test]
fn nothing_changes() {
    check(&[], &[]);
    check(&[("retry_ms = 60000\n", "")], &[]);
}

#[test]
fn a_field_changes() {
    check(&[("60000", "5000")], &["pool app: retry_ms 60000 → 5000"]);
    check(&[("'example.org'", "")], &["site blog: hosts example.org → any host"]);
    check(
        &[("'127.0.0.1:9001'", "'127.0.0.1:9001'\nweight = 2\nstate = 'draining'")],
        &[
            "pool app: backend b1: weight 1.00 → 2.00",
            "pool app: backend b1: state enabled → draining",
        ],
    );
    check(&[("[[pool]]", "[limits]\nfields = 5\n[[pool]]")], &["limits: fields 100 → 5"]);
    check(&[("\nlistener", "threads = 2\nlistener")], &["threads 1 → 2"]);
}

#[test]
fn what_a_backend_has_of_its_own_changes() {
    check(
        &[("'127.0.0.1:9001'", "'127.0.0.1:9001'\nretry_ms = 5\nhost = 'a'")],
        &["pool app: backend b1: retry_ms none → 5", "pool app: backend b1: host none → a"],
    );
}

#[test]
fn what_puts_a_backend_out_changes() {
    check(
        &[("60000", "60000\nfail_on_status = [500, 503]\nfail_on_timeout = true")],
        &["pool app: fail_on_status none → 500, 503", "pool app: fail_on_timeout false → true"],
    );
}

#[test]
fn what_a_redirect_keeps_changes() {
    check(
        &[("location = '/'", "location = '/', keep_path = true")],
        &["route any host /old: leads to redirect 302 / → redirect 302 / and what follows"],
    );
}

#[test]
fn an_access_log_comes_and_changes() {
    let log = "[access_log]\npath = 'a.log'\n[[pool]]";
    check(&[("[[pool]]", log)], &["access_log: added"]);
}

#[test]
fn parts_come_and_go() {
    check(&[("name = 'blog'", "name = 'shop'")], &["site blog: removed", "site shop: added"]);
    check(
        &[("name = 'b1'", "name = 'b2'")],
        &["pool app: backend b1: removed", "pool app: backend b2: added"],
    );
}

#[test]
fn a_pool_comes_with_its_backends_in_one_line() {
    check(
        &[("name = 'app'", "name = 'api'"), ("pool = 'app'", "pool = 'api'")],
        &[
            "pool app: removed",
            "route any host /app: leads to pool app → pool api",
            "pool api: added",
        ],
    );
}

#[test]
fn the_order_of_routes_is_a_change() {
    check(
        &[
            ("'/app'", "'/tmp'"),
            ("'/old'", "'/app'"),
            ("'/tmp'", "'/old'"),
            ("pool = 'app'", "redirect = { location = '/' } #"),
            ("redirect = { location = '/' }\n", "pool = 'app'\n"),
        ],
        &["routes: order changed"],
    );
}
