use super::*;
use proptest::prelude::*;

fn check(url: &str, host: &str, port: u16, path: &str) {
    let target: Target = url.parse().unwrap();
    assert_eq!((target.host.as_str(), target.port, target.path.as_str()), (host, port, path));
}

fn refuse(url: &str, error: TargetError) {
    assert_eq!(url.parse::<Target>(), Err(error), "{url}");
}

#[test]
fn urls_that_work() {
    check("http://127.0.0.1:8080/a/b?c=d", "127.0.0.1", 8080, "/a/b?c=d");
    check("http://example.org", "example.org", 80, "/");
    check("HTTP://example.org?q", "example.org", 80, "/?q");
    check("http://[::1]:81/", "::1", 81, "/");
    check("http://[::1]", "::1", 80, "/");
}

#[test]
fn the_host_header_is_as_written() {
    assert_eq!("http://[::1]:81/x".parse::<Target>().unwrap().authority, "[::1]:81");
}

#[test]
fn urls_that_are_refused() {
    refuse("https://a/", TargetError::Https);
    refuse("ftp://a/", TargetError::Scheme);
    refuse("localhost:8080", TargetError::Scheme);
    refuse("http:///x", TargetError::NoHost);
    refuse("http://:80/", TargetError::NoHost);
    refuse("http://me@a/", TargetError::UserInfo);
    refuse("http://a b/", TargetError::Host("a b".into()));
    refuse("http://[::1/", TargetError::Host("[::1".into()));
    refuse("http://[::1]x/", TargetError::Host("[::1]x".into()));
    for port in ["", "0", "65536", "+80", "8o"] {
        refuse(&format!("http://a:{port}/"), TargetError::Port(port.into()));
    }
    refuse("http://a/b c", TargetError::Path("/b c".into()));
    refuse("http://a/\r\nx", TargetError::Path("/\r\nx".into()));
    refuse("http://a/#top", TargetError::Path("/#top".into()));
}

proptest! {
    #[test]
    fn never_panics_and_never_lets_a_line_end_through(rest in ".*") {
        if let Ok(target) = format!("http://{rest}").parse::<Target>() {
            let sent = format!("{}{}", target.authority, target.path);
            prop_assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
