use super::*;

#[test]
fn by_the_last_extension_in_any_case() {
    check("index.html", "text/html;charset=utf-8");
    check("a/b/STYLE.CSS", "text/css;charset=utf-8");
    check("photo.min.Jpeg", "image/jpeg");
    check("font.woff2", "font/woff2");
}

#[test]
fn what_is_unknown_is_bytes() {
    check("README", UNKNOWN);
    check("a.html/file", UNKNOWN);
    check("archive.xyz", UNKNOWN);
    check(".html", UNKNOWN);
    check("name.", UNKNOWN);
    check("", UNKNOWN);
}

fn check(path: &str, expected: &str) {
    assert_eq!(media_type(path), expected, "{path}");
}

#[test]
fn no_extension_stands_twice() {
    let mut all: Vec<_> = TABLE.iter().flat_map(|(extensions, _)| *extensions).collect();
    let len = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), len);
}
