use super::*;

/// Checks the faults of a text, one a line: `line:column message | help`.
fn check(text: &str, expected: &str) {
    let text = format!("{BASE}{text}");
    let errors = wrong(&text);
    let lines: Vec<String> = errors.errors().iter().map(line).collect();
    assert_eq!(lines.join("\n"), expected, "in: {text}");
}

fn line(error: &crate::ConfigError) -> String {
    let (line, column) = error.position();
    let help = error.help().map(|help| format!(" | {help}")).unwrap_or_default();
    format!("{line}:{column} {}{help}", error.message())
}

#[test]
fn an_error_shows_place_line_caret_and_help() {
    let text = "\
[[listener]]
name = \"web\"
address = \"127.0.0.1:8080\"

[[pool]]
name = \"app\"
backend = [{ address = \"127.0.0.1:9001\" }]

[[route]]
pool = \"ap\"
";
    let expected = "\
test.toml:10:8: error: there is no pool `ap`
   |
10 | pool = \"ap\"
   |        ^^^^ unknown pool
help: did you mean `app`?";
    assert_eq!(wrong(text).to_string(), expected);
}

#[test]
fn several_errors_come_in_the_order_of_the_text() {
    let text = "\
threads = 0

[[site]]
name = \"..\"

[timeouts]
head_ms = -1
";
    let expected = "\
test.toml:1:1: error: there is no listener: nothing would be accepted
  |
1 | threads = 0
  | ^ no [[listener]] in this file
help: add [[listener]] with name = \"web\" and address = \"127.0.0.1:8080\"

test.toml:1:11: error: `threads` is 0
  |
1 | threads = 0
  |           ^ out of range
help: give a number from 1 to 256

test.toml:4:8: error: `..` can't be the name of a site
  |
4 | name = \"..\"
  |        ^^^^ not a name
help: use 1 to 64 letters, digits, `-`, `_` or `.`, a letter or digit first

test.toml:7:11: error: `head_ms` is -1
  |
7 | head_ms = -1
  |           ^^ out of range
help: give a number from 1 to 86400000";
    assert_eq!(wrong(text).to_string(), expected);
}

#[test]
fn at_most_twenty_errors_are_shown() {
    let text = "[[site]]\nname = '-'\n".repeat(30);
    let errors = wrong(&text);
    assert_eq!(errors.errors().len(), 20);
    assert!(errors.to_string().ends_with("\n\n40 more errors are not shown"), "{errors}");
}

#[test]
fn a_text_that_is_no_toml() {
    check("pool = ", "2:8 string values must be quoted, expected literal string");
    check("[[site]\n", "2:8 unclosed array table, expected `]`");
    check("[[site]]\nname = 'a'\nname = 'b'\n", "4:1 duplicate key");
}

#[test]
fn keys_and_types() {
    check("lisener = 1", "2:1 unknown key `lisener` | did you mean `listener`?");
    check(
        "[limits]\nhead = 1",
        "3:1 unknown key `head` | there is: `head_bytes`, `fields`, `target_bytes`, `chunk_extension_line_bytes`, `chunk_extension_body_bytes`, `informational`, `body_bytes`, `body_bytes_per_s`, `connections`, `connections_per_client`, `requests_per_connection`, `requests_per_s_per_client`, `request_burst_per_client`, `idle_backend_connections`, `drain_bytes`, `memory_bytes`",
    );
    check("threads = 'two'", "2:11 invalid type: string \"two\", expected a whole number");
    check("[[site]]\nhosts = []", "2:1 `name` is missing | add `name = …`");
    check(
        "[[pool]]\nname = 'a'\nmethod = 'whoever'",
        "4:10 `whoever` is not allowed here | there is: `adaptive`, `by_busyness`, \
         `by_requests`, `by_traffic`, `first`, `hash`, `heartbeat`, `least_requests`, `random_two`",
    );
    check(
        "[[pool]]\nname = 'a'\nmethod = 'bytraffic'",
        "4:10 `bytraffic` is not allowed here | did you mean `by_traffic`?",
    );
}

#[test]
fn addresses() {
    let check = |address: &str, expected: &str| {
        let text = format!("listener = [{{ name = 'a', address = '{address}' }}]");
        let errors = wrong(&text);
        assert_eq!(line(&errors.errors()[0]), expected);
    };
    check(
        "127.0.0.1",
        "1:37 `127.0.0.1` is no address | give a port too, as \"127.0.0.1:8080\" or \"[::1]:8080\"",
    );
    check(
        "8080",
        "1:37 `8080` is no address | give the address too, as \"0.0.0.0:8080\" for all of this machine's",
    );
    check(
        "http://127.0.0.1:80",
        "1:37 `http://127.0.0.1:80` is no address | give an address without a scheme, as \"127.0.0.1:8080\"",
    );
    check(
        "localhost:80",
        "1:37 `localhost:80` is no address | give an IP address and a port from 1 to 65535, as \"127.0.0.1:8080\" or \"[::1]:8080\"; names are not resolved",
    );
    check(
        "127.0.0.1:0",
        "1:37 `127.0.0.1:0` has port 0 | give an IP address and a port from 1 to 65535, as \"127.0.0.1:8080\" or \"[::1]:8080\"; names are not resolved",
    );
}

#[test]
fn a_listener_address_is_used_once() {
    let text = "\
[[listener]]
name = 'a'
address = '127.0.0.1:80'
[[listener]]
name = 'b'
address = '127.0.0.1:80'
";
    let errors = wrong(text);
    assert_eq!(
        line(&errors.errors()[0]),
        "6:11 listener `a` has 127.0.0.1:80 already | an address accepts once: change the port or leave this listener out"
    );
}

#[test]
fn names() {
    let taken = "[[site]]\nname = 'a'\nhosts = ['a']\n[[site]]\nname = 'a'\nhosts = ['b']";
    check(taken, "6:8 two sites are named `a` | give each site a name of its own");
    let help = "use 1 to 64 letters, digits, `-`, `_` or `.`, a letter or digit first";
    for name in ["", "a/b", "..", "é", "-a"] {
        let expected = format!("3:8 `{name}` can't be the name of a site | {help}");
        check(&format!("[[site]]\nname = '{name}'"), &expected);
    }
}

#[test]
fn hosts() {
    let check = |host: &str, help: &str| {
        let shown = host.to_lowercase();
        let expected = format!("2:32 `{shown}` is no host name | {help}");
        check(&format!("site = [{{ name = 'a', hosts = ['{host}'] }}]"), &expected);
    };
    check("*", "leave `hosts` out to match any host");
    check("A:80", "leave out the port: a host matches on every listener");
    check("a.*.b", "a `*` stands only at the start, for whole labels: \"*.example.org\"");
    check(
        "https://a.b",
        "give the name alone, as in \"example.org\"; paths go into a route's `path_prefix`",
    );
    check("a..b", "use letters, digits, `-` and `.`, as in \"www.example.org\"");
    check("a.", "use letters, digits, `-` and `.`, as in \"www.example.org\"");
}

#[test]
fn mapped_prefixes() {
    let pool = "[[pool]]\nname = 'a'\n[[pool.backend]]\naddress = '10.0.0.1:80'\n[[route]]\n";
    let refuses = |keys: &str, expected: &str| check(&format!("{pool}{keys}"), expected);
    refuses(
        "pool = 'a'\npath_prefix = '/x'\nstrip_prefix = true\nreplace_prefix = '/y'",
        "10:18 the prefix is taken off and replaced | keep one of them",
    );
    refuses(
        "pool = 'a'\nstrip_prefix = true",
        "8:16 the prefix can't become another | leave it out, or give a `path_prefix`",
    );
    refuses(
        "pool = 'a'\n[[route]]\npath_prefix = '/x'\nrespond = { status = 200 }\nstrip_prefix = true",
        "11:16 the prefix can't become another | leave it out",
    );
    refuses(
        "pool = 'a'\npath_prefix = '/x'\nreplace_prefix = '/y/'",
        "9:18 `/y/` is no path prefix | leave out the last `/`: \"/app\" matches \"/app\", \"/app/\" and all below",
    );
}

#[test]
fn a_host_belongs_to_one_site() {
    check(
        "[[site]]\nname = 'a'\nhosts = ['x.org']\n[[site]]\nname = 'b'\nhosts = ['X.org', 'y.org']",
        "7:10 `X.org` is a host of site `a` already | leave it out of one; to split a host by path use [[route]]",
    );
}

#[test]
fn pools() {
    check(
        "[[pool]]\nname = 'a'",
        "3:8 pool `a` has no backend | add [[pool.backend]] with address = \"127.0.0.1:9001\" below it",
    );
    check(
        "[[pool]]\nname = 'a'\nretries = 8\n[[pool.backend]]\naddress = '0.0.0.0:80'\nset = 100",
        "4:11 `retries` is 8 | give a number from 0 to 7\n\
         6:11 nobody can connect to 0.0.0.0:80 | give the address that the backend has\n\
         7:7 `set` is 100 | give a number from 0 to 99",
    );
    check(
        "[[pool]]\nname = 'a'\nbackend = [{ address = '[::1]:80' }, { address = '[::1]:80' }]",
        "4:50 [::1]:80 is a backend of this pool already | leave one out; for more requests to it raise its `weight`",
    );
}

#[test]
fn weights() {
    let check = |weight: &str, expected: &str| {
        let backend = format!("{{ address = '[::1]:80', weight = {weight} }}");
        check(&format!("[[pool]]\nname = 'a'\nbackend = [{backend}]"), expected);
    };
    check("0.99", "4:45 `weight` is 0.99 | give a number from 1.00 to 100.00");
    check("100.01", "4:45 `weight` is 100.01 | give a number from 1.00 to 100.00");
    check("nan", "4:45 `weight` is NaN | give a number from 1.00 to 100.00");
    check("1.005", "4:45 `weight` is 1.005: it has more than two decimals | write 1.00");
    check("'1'", "4:45 invalid type: string \"1\", expected a number");
}

#[test]
fn health() {
    let pool = "[[pool]]\nname = 'a'\nbackend = [{ address = '[::1]:80' }]\n[pool.health]\n";
    check(
        &format!("{pool}path = 'up'\nhost = 'a b'\nfails = 0"),
        "6:8 `up` can't be asked for | a path starts with `/` and has no space, as \"/health\"\n\
         7:8 `a b` is no host name | use letters, digits, `-` and `.`, as in \"www.example.org\"\n\
         8:9 `fails` is 0 | give a number from 1 to 1000",
    );
    check(
        &format!("{pool}method = 'get'\n"),
        "6:10 `get` is not allowed here | did you mean `GET`?",
    );
    check(
        &format!("{pool}status = ['2xx', '99', '300-200', '600', '0200', '200']\n"),
        "6:11 `2xx` names no statuses | give a status from 200 to 599, as \"200\", or a range, as \"200-399\"\n\
         6:18 `99` names no statuses | give a status from 200 to 599, as \"200\", or a range, as \"200-399\"\n\
         6:24 `300-200` names no statuses | give a status from 200 to 599, as \"200\", or a range, as \"200-399\"\n\
         6:35 `600` names no statuses | give a status from 200 to 599, as \"200\", or a range, as \"200-399\"\n\
         6:42 `0200` names no statuses | give a status from 200 to 599, as \"200\", or a range, as \"200-399\"",
    );
    check(
        &format!("{pool}status = []\nbody = ''"),
        "6:10 no status is expected: no answer would do | give some, as [\"200-399\"]\n\
         7:8 `body` has 0 bytes | give a number from 1 to 1024",
    );
}

#[test]
fn a_check_has_no_key_without_an_effect() {
    let pool = "[[pool]]\nname = 'a'\nbackend = [{ address = '[::1]:80' }]\n[pool.health]\n";
    let leave_out = "leave it out, or check with `method = \"GET\"`";
    check(
        &format!("{pool}method = 'TCP'\npath = '/up'\nstatus = ['200']\nfails = 1"),
        &format!(
            "7:8 `path` says nothing where the check is by TCP | {leave_out}\n\
             8:10 `status` says nothing where the check is by TCP | {leave_out}"
        ),
    );
    check(
        &format!("{pool}method = 'HEAD'\nbody = 'ok'"),
        &format!("7:8 `body` says nothing where the check is by HEAD | {leave_out}"),
    );
}

#[test]
fn site_paths_stay_inside() {
    check(
        "[[site]]\nname = 'a'\nroot = ''\nindex = ['a/b', '..']\nnot_found = '/etc/passwd'\nrate_per_s = 0",
        "4:8 `root` names no folder | name a folder, as \"public\"; it is looked for beside this file\n\
         5:10 `a/b` can't be an index file | name a file of the folder itself, as \"index.html\"\n\
         5:17 `..` can't be an index file | name a file of the folder itself, as \"index.html\"\n\
         6:13 `/etc/passwd` is not inside the site | name a file relative to the site's folder, as \"404.html\"\n\
         7:14 `rate_per_s` is 0 | give a number from 1 to 1000000",
    );
}

#[test]
fn error_pages_are_for_what_is_answered() {
    check(
        "[[site]]\nname = 'a'\nnot_found = 'a.html'\n[site.error_pages]\n404 = 'b.html'\n500 = '../c.html'\n418 = 'd.html'\n0404 = 'e.html'",
        "6:7 404 has two pages | keep this one or `not_found`\n\
         7:7 `../c.html` is not inside the site | name a file relative to the site's folder, as \"404.html\"\n\
         8:7 a site answers no request with `418` | give pages for 400, 404, 405, 412, 416, 500 or 503\n\
         9:8 a site answers no request with `0404` | give pages for 400, 404, 405, 412, 416, 500 or 503",
    );
}

#[test]
fn a_route_leads_to_one_thing_that_exists() {
    let one = "a route leads to exactly one of `pool`, `site`, `redirect`, `respond` | keep one of the four, as pool = \"app\"";
    check("[[route]]", &format!("2:1 {one}"));
    check(
        "[[route]]\nsite = 'a'\nrespond = { status = 200 }\n[[site]]\nname = 'a'",
        &format!("2:1 {one}"),
    );
    check("[[route]]\nsite = 'blog'", "3:8 there is no site `blog` | declare it with [[site]]");
    check(
        "[[site]]\nname = 'blog'\n[[route]]\nsite = 'blgo'",
        "5:8 there is no site `blgo` | there is: `blog`",
    );
}

#[test]
fn path_prefixes() {
    let check = |path: &str, help: &str| {
        let expected = format!("2:26 `{path}` is no path prefix | {help}");
        check(
            &format!("route = [{{ path_prefix = '{path}', respond = {{ status = 200 }} }}]"),
            &expected,
        );
    };
    check("app", "a path starts with `/`, as \"/app\"");
    check("/app/", "leave out the last `/`: \"/app\" matches \"/app\", \"/app/\" and all below");
    check("/a//b", "leave out empty, `.` and `..` segments: requests are matched without them");
    check("/a/../b", "leave out empty, `.` and `..` segments: requests are matched without them");
    check(
        "/a*",
        "use visible ASCII without `?`, `#`, `%`, `\\` or `*`; a prefix matches all that is below it",
    );
}

#[test]
fn redirects_and_answers() {
    check(
        "[[route]]\nredirect = { status = 200, location = \"a\\r\\nb: c\" }",
        "3:23 `status` is 200 | give 301, 302, 303, 307 or 308\n\
         3:39 `location` is no URL | give a URL or a path of at most 8192 visible ASCII characters",
    );
    check("[[route]]\nrespond = { status = 204, body = 'x' }", "3:34 an answer 204 has no body");
    check(
        "[[route]]\nrespond = { status = 100 }",
        "3:22 `status` is 100 | give a final status from 200 to 599",
    );
}

#[test]
fn what_no_request_reaches_is_refused() {
    check(
        "",
        "1:1 there is no site, pool or route: nothing would answer | add a [[site]], or a [[pool]] with backends, or a [[route]]",
    );
    check(
        "[[route]]\npath_prefix = '/a'\nrespond = { status = 200 }\n[[route]]\nhosts = ['x']\npath_prefix = '/a/b'\nrespond = { status = 200 }",
        "5:1 no request reaches this route: route 1 takes them all | routes are tried in order: move this one up, or make the other narrower",
    );
    check(
        "[[route]]\nrespond = { status = 200 }\n[[site]]\nname = 'a'",
        "5:8 no request reaches site `a` | give it hosts of its own, or a [[route]] with site = \"a\" before the one that takes its requests",
    );
    check(
        "[[site]]\nname = 'a'\n[[pool]]\nname = 'b'\nbackend = [{ address = '[::1]:80' }]",
        "5:8 no request reaches pool `b` | give it a [[route]] with pool = \"b\" before the one that takes its requests",
    );
}

#[test]
fn limits_and_addresses_of_proxies() {
    check(
        "trusted_proxies = ['10.0.0.0/8']\n[limits]\nhead_bytes = 4096\nfields = 0",
        "2:20 `10.0.0.0/8` is no IP address | list single addresses as \"10.0.0.1\" or \"fd00::1\", without port or mask\n\
         4:14 `target_bytes` (8192) is more than `head_bytes` (4096) | the target is a part of the head: lower the one or raise the other\n\
         5:10 `fields` is 0 | give a number from 1 to 10000",
    );
    check(
        "[limits]\nrequest_burst_per_client = 0",
        "3:28 `request_burst_per_client` without `requests_per_s_per_client` | say as well how many requests a second a client may make\n\
         3:28 `request_burst_per_client` is 0 | give a number from 1 to 10000000",
    );
    check(
        "[limits]\nrequests_per_s_per_client = 0",
        "3:29 `requests_per_s_per_client` is 0 | give a number from 1 to 1000000",
    );
}

#[test]
fn access_logs() {
    let check = |keys: &str, expected: &str| {
        let errors = wrong(&format!("{BASE}site = [{{ name = 'a' }}]\naccess_log = {{ {keys} }}"));
        assert_eq!(errors.errors()[0].message(), expected, "{keys}");
    };
    check("path = ''", "`path` names no file");
    check("path = 'log/'", "`path` names no file");
    check("path = \"a\\nb\"", "`path` names no file");
    check("path = 'a', max_bytes = 65535", "`max_bytes` is 65535");
    check("path = 'a', keep = 1001", "`keep` is 1001");
    check("path = 'a', buffer_bytes = 1", "`buffer_bytes` is 1");
    check("path = 'a', format = 'jsn'", "`jsn` is not allowed here");
    check("format = 'json'", "`path` is missing");
}

#[test]
fn metrics() {
    let check = |text: &str, expected: &str| {
        let errors = wrong(&format!("{BASE}site = [{{ name = 'a' }}]\n{text}"));
        assert_eq!(errors.errors()[0].message(), expected, "{text}");
    };
    check("metrics = { address = '9180' }", "`9180` is no address");
    check("metrics = {}", "`address` is missing");
    check("metrics = { address = '127.0.0.1:8080' }", "listener `web` has 127.0.0.1:8080 already");
    let text = "listener = [{ name = 'metrics', address = '127.0.0.1:8080' }]\n\
                site = [{ name = 'a' }]\nmetrics = { address = '127.0.0.1:9180' }";
    let errors = load(text, "test.toml").unwrap_err();
    let expected = "a listener is called `metrics`, as that of `[metrics]` is";
    assert_eq!(errors.errors()[0].message(), expected);
}

#[test]
fn a_list_has_a_limit() {
    let proxies = "'10.0.0.1', ".repeat(65);
    check(
        &format!("trusted_proxies = [{proxies}]"),
        "2:788 65 entries in `trusted_proxies`, at most 64 are allowed",
    );
}

#[test]
fn a_file_has_a_limit() {
    let errors = wrong(&"#".repeat((1 << 20) + 1));
    assert_eq!(
        line(&errors.errors()[0]),
        "1:1 the file has 1048577 bytes, at most 1048576 are read"
    );
}
