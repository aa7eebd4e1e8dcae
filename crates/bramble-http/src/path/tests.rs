use proptest::prelude::*;

use super::*;

fn check(raw: &str, expected: Result<&str, PathError>) {
    let mut out = b"left over".to_vec();
    let result = decode_path(raw.as_bytes(), &mut out).map(|()| String::from_utf8(out).unwrap());
    assert_eq!(result.as_deref().map_err(|e| *e), expected, "{raw}");
}

#[test]
fn plain_paths_stay_as_they_are() {
    for path in ["/", "/a", "/a/", "/a/b.html", "/a/.b", "/a/..b", "/a/...", "/a b"] {
        check(path, Ok(path));
    }
}

#[test]
fn escapes_are_decoded_once() {
    check("/%61%2e%7E", Ok("/a.~"));
    check("/gr%C3%BCn", Ok("/grün"));
    check("/%2561", Ok("/%61"));
    check("/%252e%252e/a", Ok("/%2e%2e/a"));
    for raw in ["/%", "/%4", "/%4g", "/%g4", "/%+1", "/a%/b", "/%2%30"] {
        check(raw, Err(PathError::InvalidEscape));
    }
}

#[test]
fn empty_and_dot_segments_are_resolved() {
    check("//a///b", Ok("/a/b"));
    check("//", Ok("/"));
    check("/a//", Ok("/a/"));
    check("/./a/.", Ok("/a/"));
    check("/a/../b", Ok("/b"));
    check("/a/b/..", Ok("/a/"));
    check("/a/..", Ok("/"));
    check("/a//../b", Ok("/b"));
    check("/a/%2E%2e/b", Ok("/b"));
}

#[test]
fn nothing_leads_above_the_root() {
    for raw in ["/..", "/../", "/../etc/passwd", "/a/../../b", "/%2e%2e/a", "/.%2e/a", "/./..//a"] {
        check(raw, Err(PathError::AboveRoot));
    }
}

#[test]
fn bytes_that_mean_something_to_a_file_system_are_refused() {
    check("/a%00.html", Err(PathError::Control));
    check("/a%0d%0ab", Err(PathError::Control));
    check("/a%09b", Err(PathError::Control));
    check("/a%7f", Err(PathError::Control));
    check("/a%2fb", Err(PathError::EncodedSlash));
    check("/..%2Fb", Err(PathError::EncodedSlash));
    check("/a\\b", Err(PathError::Backslash));
    check("/..%5cb", Err(PathError::Backslash));
    check("", Err(PathError::NotAbsolute));
    check("*", Err(PathError::NotAbsolute));
    check("a/b", Err(PathError::NotAbsolute));
}

proptest! {
    #[test]
    fn a_decoded_path_stays_below_its_root(raw in "[/.%a25eEfFcC\\\\]{0,40}") {
        let mut out = Vec::new();
        if decode_path(raw.as_bytes(), &mut out).is_ok() {
            prop_assert_eq!(out.first(), Some(&b'/'));
            let inner = out.strip_prefix(b"/").unwrap();
            let inner = inner.strip_suffix(b"/").unwrap_or(inner);
            let bad = |segment: &[u8]| matches!(segment, b"" | b"." | b"..");
            prop_assert!(inner.is_empty() || !inner.split(|b| *b == b'/').any(bad));
        }
    }
}
