use super::*;

/// Checks which links of a page lead nowhere, when only `docs/here.md` exists.
fn check(path: &str, text: &str, expected: &[&str]) {
    let page = File { path: path.to_owned(), text: text.to_owned() };
    let found = dead_links(&page, |path| path == Path::new("docs/here.md"));
    let found: Vec<String> =
        found.iter().map(|finding| format!("{}:{}", finding.line, finding.what)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_link_is_relative_to_its_page() {
    check("README.md", "see [it](docs/here.md) and [it](docs/here.md#part)", &[]);
    check("docs/a.md", "[it](here.md)", &[]);
    check("README.md", "\n[it](here.md)", &["2:`here.md` leads nowhere"]);
}

#[test]
fn only_files_of_ours_are_looked_for() {
    check("README.md", "[a](https://example.org/x) [b](#part) [c](mailto:a@example.org)", &[]);
    check("README.md", "```\n[x](gone.md)\n```", &[]);
}
