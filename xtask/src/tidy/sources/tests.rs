use super::*;

fn check(path: &str, text: &str, expected: &[&str]) {
    let files = [File { path: path.to_owned(), text: text.to_owned() }];
    let found: Vec<String> = super::check(&files)
        .iter()
        .map(|finding| format!("{}:{}: {}", finding.file, finding.line, finding.rule))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_file_says_its_subject() {
    check("a.rs", "//! Subject.\n", &[]);
    check("a.rs", "fn main() {}\n", &["a.rs:1: module doc"]);
    check("a/tests.rs", "use super::*;\n", &[]);
    check("a.md", "text\n", &[]);
}

#[test]
fn a_file_is_short() {
    let long = format!("//! Subject.\n{}", "\n".repeat(LINES));
    check("a.rs", &long, &["a.rs:501: file size"]);
    check("a/tests/b.rs", &long, &[]);
}

#[test]
fn work_left_undone_names_its_issue() {
    let word = LOOSE_ENDS[0];
    check("a.rs", &format!("//! S.\n// {word}(#7): later\n"), &[]);
    check("a.rs", &format!("//! S.\n// {word}: later\n"), &["a.rs:2: loose ends"]);
}
