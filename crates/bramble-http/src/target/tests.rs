use super::*;

fn parse(raw: &str, method: Method) -> Result<(Form, String, String, Option<String>), Reject> {
    let span = Span::new(0, raw.len());
    let text = |span: Span| String::from_utf8_lossy(span.of(raw.as_bytes())).into_owned();
    Target::parse(raw.as_bytes(), span, method).map(|(target, authority)| {
        (target.form, text(target.path), text(target.query), authority.map(text))
    })
}

fn check(raw: &str, form: Form, path: &str, query: &str, authority: Option<&str>) {
    let expected = (form, path.to_owned(), query.to_owned(), authority.map(str::to_owned));
    assert_eq!(parse(raw, Method::Get), Ok(expected), "{raw}");
}

#[test]
fn https_is_asked_for_by_absolute_targets_alone() {
    let is_https = |raw: &str, method| {
        let (target, _) = Target::parse(raw.as_bytes(), Span::new(0, raw.len()), method).unwrap();
        target.is_https(raw.as_bytes())
    };
    assert!(is_https("https://a/b", Method::Get));
    assert!(is_https("HTTPS://a", Method::Options));
    for raw in ["http://a/https://b", "/https://a", "//https://a", "/"] {
        assert!(!is_https(raw, Method::Get), "{raw}");
    }
}

#[test]
fn origin_form() {
    check("/", Form::Origin, "/", "", None);
    check("/a/b?c=d?e", Form::Origin, "/a/b", "c=d?e", None);
    check("/a?", Form::Origin, "/a", "", None);
    check("//evil.example/a", Form::Origin, "//evil.example/a", "", None);
}

#[test]
fn absolute_form() {
    check("http://a/b?c", Form::Absolute, "/b", "c", Some("a"));
    check("HTTPS://a:8080/", Form::Absolute, "/", "", Some("a:8080"));
    check("http://a", Form::Absolute, "/", "", Some("a"));
    check("http://[::1]?c/d", Form::Absolute, "/", "c/d", Some("[::1]"));
}

#[test]
fn the_asterisk_is_for_options_only() {
    let asterisk = Ok((Form::Asterisk, "*".to_owned(), String::new(), None));
    assert_eq!(parse("*", Method::Options), asterisk);
    assert_eq!(parse("*", Method::Get), Err(Reject::InvalidTarget));
    let server = |raw| parse(raw, Method::Options).map(|(form, path, ..)| (form, path));
    assert_eq!(server("http://a"), Ok((Form::Asterisk, "/".to_owned())));
    assert_eq!(server("http://a/"), Ok((Form::Absolute, "/".to_owned())));
    assert_eq!(server("http://a?"), Ok((Form::Absolute, "/".to_owned())));
}

#[test]
fn anything_else_is_refused() {
    let refused = [
        "a",
        "a:80",
        "?a",
        "**",
        "http:/a",
        "http:a",
        "http://",
        "http:///a",
        "http://u@a/",
        "http://a:/",
        "http://a:b/",
        "ftp://a/",
        "file:///etc/passwd",
        "javascript:x",
        "http//a/",
    ];
    for raw in refused {
        assert_eq!(parse(raw, Method::Get), Err(Reject::InvalidTarget), "{raw}");
    }
}
