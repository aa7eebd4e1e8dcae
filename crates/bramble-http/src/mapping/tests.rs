use super::*;
use crate::{Asked, Limits, ResponseHead, Version, build, parse_response};

#[track_caller]
fn forward(prefix: &str, base: &str, raw: &str, expected: &str) {
    let mut out = Vec::new();
    Mapping::new(prefix, base).forward(&mut out, raw.as_bytes());
    assert_eq!(String::from_utf8(out).unwrap(), expected, "{prefix} → {base}: {raw}");
}

#[test]
fn a_prefix_is_taken_off_or_replaced() {
    for (raw, stripped, replaced) in [
        ("/app", "/", "/base"),
        ("/app/", "/", "/base/"),
        ("/app/x", "/x", "/base/x"),
        ("/app/x/", "/x/", "/base/x/"),
        ("/app/a%2Fb%20c", "/a%2Fb%20c", "/base/a%2Fb%20c"),
        ("/%61pp/x", "/x", "/base/x"),
    ] {
        forward("/app", "/", raw, stripped);
        forward("/app", "/base", raw, replaced);
    }
    forward("/", "/base", "/", "/base/");
    forward("/", "/base", "/x", "/base/x");
    forward("/a/b", "/c", "/a/b/d", "/c/d");
}

#[test]
fn nothing_climbs_out_of_the_base() {
    for raw in ["/app/../app/x", "/x/../app/x", "//app//x", "/app/./x", "/%2e%2E/app/%2e/x"] {
        forward("/app", "/base", raw, "/base/x");
    }
    forward("/app", "/base", "/app/y/..", "/base/");
    forward("/app", "/base", "/app/x/../..", "/base/");
    forward("/app", "/base", "/app/...", "/base/...");
}

/// The head of an answer with this field, as it goes to the client.
fn back(prefix: &str, base: &str, field: &str) -> String {
    let input = format!("HTTP/1.1 302 Found\r\nDate: x\r\n{field}\r\nContent-Length: 0\r\n\r\n");
    let mut head = ResponseHead::default();
    let limits = Limits::default();
    parse_response(input.as_bytes(), &limits, Asked::default(), &mut head).unwrap();
    let mapping = Mapping::new(prefix, base);
    let hidden = [&b"10.0.0.1:8080"[..], b"app.internal"];
    let how = build::ForwardResponse {
        date: "",
        keep_alive: true,
        client_version: Version::Http11,
        request_was_head: false,
        back: Some(Back { mapping: &mapping, hidden, seen: b"site.example" }),
        extra: &[],
    };
    let mut out = Vec::new();
    build::forward_response(&mut out, input.as_bytes(), &head, &how);
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = out.split("\r\n").collect();
    lines[2].to_owned()
}

#[track_caller]
fn check(field: &str, stripped: &str, replaced: &str) {
    assert_eq!(back("/app", "/", field), stripped, "{field}, /app → /");
    assert_eq!(back("/app", "/base", field), replaced, "{field}, /app → /base");
}

#[track_caller]
fn stays(field: &str) {
    check(field, field, field);
}

#[test]
fn places_of_the_backend_are_mapped_back() {
    check("Location: /x", "Location: /app/x", "Location: /x");
    check("Location: /base/x?/y#z", "Location: /app/base/x?/y#z", "Location: /app/x?/y#z");
    check("location: /", "location: /app/", "location: /");
    check("Location: /base", "Location: /app/base", "Location: /app");
    check("Content-Location: /base/x", "Content-Location: /app/base/x", "Content-Location: /app/x");
    let url = "Location: http://10.0.0.1:8080/base/x";
    check(url, "Location: /app/base/x", "Location: /app/x");
    let url = "Location: https://Site.Example/base/x";
    check(url, "Location: https://Site.Example/app/base/x", "Location: https://Site.Example/app/x");
    assert_eq!(
        back("/app", "/", "Location: http://10.0.0.1:8080"),
        "Location: http://10.0.0.1:8080"
    );
}

#[test]
fn names_of_the_backend_are_nothing_to_visitors() {
    let url = "Location: http://APP.internal/base/x?y";
    check(url, "Location: /app/base/x?y", "Location: /app/x?y");
    // Mounted as visitors know it, but under its own name.
    let url = "Content-Location: http://app.internal/app/x";
    check(url, "Content-Location: /app/x", url);
    stays("Location: http://app.internal:8080/x");
}

#[test]
fn where_paths_are_the_same_only_names_are_mapped() {
    for prefix in ["/", "/app"] {
        let check = |field: &str, expected: &str| {
            assert_eq!(back(prefix, prefix, field), expected, "{prefix}");
        };
        check("Location: http://app.internal/app/x", "Location: /app/x");
        check("Location: //10.0.0.1:8080/app?y", "Location: /app?y");
        let url = "Location: http://site.example/app/x";
        check(url, url);
        check("Set-Cookie: a=b; path=/app/", "Set-Cookie: a=b; path=/app/");
        check("Location: /app/x", "Location: /app/x");
    }
    stays("Location: http://app.internal");
    let url = "Location: http://app.internal/other";
    assert_eq!(back("/app", "/app", url), url);
    assert_eq!(back("/", "/", url), "Location: /other");
}

#[test]
fn other_places_stay() {
    stays("Location: http://other.example/base/x");
    stays("Location: //other.example/base/x");
    stays("Location: x/y");
    stays("Location: ?q");
    stays("Location: ");
    stays("Location: mailto:a@b");
    stays("X-Location: /base/x");
    check("Location: /app/x", "Location: /app/x", "Location: /app/x");
    check("Location: /basement", "Location: /app/basement", "Location: /basement");
}

#[test]
fn cookies_hold_below_the_prefix() {
    let cookie = "Set-Cookie: a=b; Path=/base; Secure";
    check(cookie, "Set-Cookie: a=b; Path=/app/base; Secure", "Set-Cookie: a=b; Path=/app; Secure");
    let cookie = "Set-Cookie: a=b; path=/;HttpOnly";
    check(cookie, "Set-Cookie: a=b; Path=/app;HttpOnly", "Set-Cookie: a=b; path=/;HttpOnly");
    stays("Set-Cookie: path=/base");
    stays("Set-Cookie: a=/base; Domain=x");
}

#[test]
fn a_base_below_the_root_can_be_the_root_itself() {
    assert_eq!(back("/", "/base", "Location: /base/x"), "Location: /x");
    assert_eq!(back("/", "/base", "Location: /base"), "Location: /");
    assert_eq!(back("/", "/base", "Set-Cookie: a=b; Path=/base"), "Set-Cookie: a=b; Path=/");
}
