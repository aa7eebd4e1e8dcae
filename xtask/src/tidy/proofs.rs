//! Proofs: where a page says which test shows something, as `file::test`, there is that test.

use super::Finding;
use super::tree::File;

/// Pages that name tests.
const PAGES: [&str; 1] = ["docs/security.md"];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let pages = files.iter().filter(|file| PAGES.contains(&file.path.as_str()));
    pages.flat_map(|page| missing(page, files)).collect()
}

fn missing(page: &File, files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in page.lines() {
        let gone = tests(line).filter(|(file, test)| !exists(files, file, test));
        findings.extend(gone.map(|(file, test)| Finding {
            file: page.path.clone(),
            line: number,
            rule: "proofs",
            what: format!("there is no test `{file}::{test}`"),
            remedy: "name the test that shows it now, or write one".to_owned(),
        }));
    }
    findings
}

/// What stands between backticks and looks like `file::test`.
fn tests(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::"))
}

fn exists(files: &[File], name: &str, test: &str) -> bool {
    let (end, function) = (format!("/{name}.rs"), format!("fn {test}("));
    let of_tests = |file: &&File| file.path.contains("tests/") && file.is(&end);
    files.iter().filter(of_tests).any(|file| file.text.contains(&function))
}

#[cfg(test)]
mod tests;
