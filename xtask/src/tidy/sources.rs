//! Rust files: short enough to read, with a subject that is said at the top, no loose ends.

use super::Finding;
use super::tree::File;

const LINES: usize = 500;

/// Words for work left undone. In two parts, so that this file does not find itself.
const LOOSE_ENDS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let sources = files.iter().filter(|file| file.is(".rs"));
    sources
        .flat_map(|file| size(file).into_iter().chain(doc(file)).chain(loose_ends(file)))
        .collect()
}

fn size(file: &File) -> Option<Finding> {
    let lines = file.lines().count();
    (lines > LINES && !is_test(file)).then(|| Finding {
        file: file.path.clone(),
        line: LINES + 1,
        rule: "file size",
        what: format!("{lines} lines, at most {LINES}"),
        remedy: "split it by subject".to_owned(),
    })
}

fn doc(file: &File) -> Option<Finding> {
    (!file.text.starts_with("//!") && !is_test(file)).then(|| Finding {
        file: file.path.clone(),
        line: 1,
        rule: "module doc",
        what: "no `//!` at the top".to_owned(),
        remedy: "say what the file does and what it must not know".to_owned(),
    })
}

fn loose_ends(file: &File) -> Vec<Finding> {
    let has_loose_end = |line: &str| {
        let words = LOOSE_ENDS.iter().filter_map(|word| line.split_once(word));
        words.into_iter().any(|(_, after)| !after.starts_with("(#"))
    };
    let found = file.lines().filter(|(_, line)| has_loose_end(line));
    found
        .map(|(number, line)| Finding {
            file: file.path.clone(),
            line: number,
            rule: "loose ends",
            what: format!("`{}` names no issue", line.trim()),
            remedy: format!("do it now, or write `{}(#ISSUE)`", LOOSE_ENDS[0]),
        })
        .collect()
}

/// Unit tests in a file of their own, and integration tests.
fn is_test(file: &File) -> bool {
    file.is("/tests.rs") || file.path.contains("/tests/")
}

#[cfg(test)]
mod tests;
