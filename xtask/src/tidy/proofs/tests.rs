use super::*;

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

/// What is wrong with a page, beside one test and one function of its name elsewhere.
fn complaints(page: &str) -> Vec<String> {
    let files = [
        file("crates/a/src/strict.rs", "fn elsewhere() {}"),
        file("docs/security.md", page),
        file("tests/it/strict.rs", "#[test]\nfn hosts() {}"),
    ];
    check(&files).into_iter().map(|finding| finding.what).collect()
}

#[test]
fn a_test_that_is_there_is_no_finding() {
    assert_eq!(complaints("Shown by `strict::hosts`, see `Host` and strict::nothing."), [""; 0]);
}

#[test]
fn one_that_is_not_there_is() {
    for name in ["strict::host", "strict::elsewhere", "strikt::hosts"] {
        let expected = format!("there is no test `{name}`");
        assert_eq!(complaints(&format!("`strict::hosts`, `{name}`")), [expected], "{name}");
    }
}
