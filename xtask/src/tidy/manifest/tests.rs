use super::*;

fn check(text: &str, expected: &[&str]) {
    let files = [File { path: "crates/a/Cargo.toml".to_owned(), text: text.to_owned() }];
    let found: Vec<String> = super::check(&files)
        .into_iter()
        .map(|finding| format!("{}: {}", finding.line, finding.what))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn versions_stand_in_the_workspace() {
    let lints = "[lints]\nworkspace = true\n";
    check(&format!("[dependencies]\na.workspace = true\n{lints}"), &[]);
    check(&format!("[dev-dependencies]\na = {{ workspace = true }}\n{lints}"), &[]);
    let own = "2: `a = \"1\"` has a version of its own";
    check(&format!("[dependencies]\na = \"1\"\n{lints}"), &[own]);
}

#[test]
fn lints_are_taken_over() {
    check("[package]\nname = \"a\"\n", &["1: the workspace's lints are not taken over"]);
}

#[test]
fn a_workspace_apart_pins_its_own() {
    check("[package]\nname = \"a\"\n\n[workspace]\n\n[dependencies]\na = \"1\"\n", &[]);
}
