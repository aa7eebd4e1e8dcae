//! The property, with tables and keys that are mostly known.

use proptest::prelude::*;

use crate::{apache, properties};

const EXAMPLE: &str = include_str!("../../../../examples/balancer.toml");

const TABLES: &[&str] =
    &["listener", "pool", "pool.backend", "pool.health", "site", "route", "limits"];
const KEYS: &[&str] =
    &["name", "address", "hosts", "path_prefix", "pool", "site", "redirect", "respond"];

fn check(text: &str) {
    properties::check(text.as_bytes());
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:?}").to_lowercase()),
        "\\PC{0,12}".prop_map(|text| format!("{text:?}")),
        Just("[]".to_owned()),
        Just("{ status = 200, location = 'é' }".to_owned()),
        Just("['*.a', 'b']".to_owned()),
    ]
}

fn table() -> impl Strategy<Value = String> {
    let pair =
        (prop::sample::select(KEYS), value()).prop_map(|(key, value)| format!("{key} = {value}\n"));
    (prop::sample::select(TABLES), prop::collection::vec(pair, 0..5))
        .prop_map(|(name, pairs)| format!("[[{name}]]\n{}", pairs.concat()))
}

const LINES: &[&str] = &[
    "Listen 80",
    "<VirtualHost *:80>",
    "</VirtualHost>",
    "ServerName a.example.org",
    "ServerAlias *.example.org b",
    "<Proxy balancer://app>",
    "</Proxy>",
    "BalancerMember http://10.0.0.1:8080 loadfactor=2 status=+H",
    "BalancerMember http://10.0.0.2/inner hcmethod=GET timeout=5 retry=0",
    "BalancerMember http://[::1]:80 connectiontimeout=5",
    "ProxySet stickysession=A|b lbmethod=bytraffic failonstatus=500,503,500 failontimeout=On",
    "BalancerMember http://10.0.0.4 route=a redirect=b",
    "BalancerMember http://10.0.0.5 route=b redirect=a",
    "ProxySet stickysessionsep=off nofailover=On",
    "Header add Set-Cookie \"A=.%{BALANCER_WORKER_ROUTE}e; path=/\"",
    "ProxyPass / balancer://app/",
    "ProxyPass /app balancer://app/other",
    "ProxyPass /app !",
    "ProxyPassReverse / balancer://app/",
    "<Location /app>",
    "</Location>",
    "Require all denied",
    "ProxyPass http://10.0.0.3/",
    "Redirect 301 /x /y",
    "Redirect http://b.example/",
    "ProxyPreserveHost On",
    "DocumentRoot /var/www",
    "ErrorDocument 404 /404.html",
    "Define A /app",
    "ProxyPass ${A} http://10.0.0.${A}/",
];

fn line() -> impl Strategy<Value = String> {
    let known = prop::sample::select(LINES).prop_map(str::to_owned);
    let spoilt =
        (prop::sample::select(LINES), 0..40_usize, "\\PC{0,3}").prop_map(|(line, at, word)| {
            let at = line.floor_char_boundary(at);
            format!("{}{word}{}", &line[..at], &line[at..])
        });
    prop_oneof![3 => known, 1 => spoilt]
}

proptest! {
    #[test]
    fn any_lines_of_apache_are_carried_over_or_named(lines in prop::collection::vec(line(), 0..12)) {
        apache::check(lines.join("\n").as_bytes());
    }

    #[test]
    fn any_bytes_are_no_trouble_to_the_import(bytes in any::<Vec<u8>>()) {
        apache::check(&bytes);
    }

    #[test]
    fn any_text_is_taken_or_refused_in_words(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_tables_are_taken_or_refused_in_words(tables in prop::collection::vec(table(), 0..6)) {
        check(&tables.concat());
    }

    #[test]
    fn an_example_with_a_hole_is_taken_or_refused_in_words(
        from in 0..EXAMPLE.len(),
        length in 0..40_usize,
        filling in "\\PC{0,6}",
    ) {
        let to = EXAMPLE.floor_char_boundary(from + length);
        let from = EXAMPLE.floor_char_boundary(from);
        check(&format!("{}{filling}{}", &EXAMPLE[..from], &EXAMPLE[to..]));
    }
}
