//! Names of files: a name says a subject; a drawer has none.

use super::Finding;
use super::tree::File;

const DRAWERS: [&str; 8] =
    ["common", "helper", "helpers", "lib2", "misc", "shared", "util", "utils"];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files.iter().filter(|file| file.is(".rs") && has_drawer(&file.path)).map(finding).collect()
}

fn has_drawer(path: &str) -> bool {
    let parts = path.split('/').map(|part| part.trim_end_matches(".rs"));
    parts.into_iter().any(|part| DRAWERS.contains(&part))
}

fn finding(file: &File) -> Finding {
    Finding {
        file: file.path.clone(),
        line: 1,
        rule: "file names",
        what: "the name says no subject".to_owned(),
        remedy: "name it by what it holds, or move its parts to where they are used".to_owned(),
    }
}
