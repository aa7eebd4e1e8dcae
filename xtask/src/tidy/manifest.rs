//! Manifests of the crates: one version of each package, pinned in the workspace; lints on.

use super::Finding;
use super::tree::File;

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let manifests = files.iter().filter(|file| file.is("/Cargo.toml") && !is_apart(file));
    manifests.flat_map(|file| pins(file).into_iter().chain(lints(file))).collect()
}

/// A workspace of its own, as the fuzz targets are, can take nothing over from ours.
fn is_apart(file: &File) -> bool {
    file.lines().any(|(_, line)| line == "[workspace]")
}

fn pins(file: &File) -> Vec<Finding> {
    let mut is_dependencies = false;
    let mut findings = Vec::new();
    for (number, line) in file.lines().map(|(number, line)| (number, line.trim())) {
        if line.starts_with('[') {
            is_dependencies = line.ends_with("dependencies]");
        } else if is_dependencies && line.contains('=') && !line.contains("workspace = true") {
            findings.push(Finding {
                file: file.path.clone(),
                line: number,
                rule: "one version pins",
                what: format!("`{line}` has a version of its own"),
                remedy: "pin it under [workspace.dependencies], write `NAME.workspace = true`"
                    .to_owned(),
            });
        }
    }
    findings
}

fn lints(file: &File) -> Option<Finding> {
    (!file.text.contains("[lints]\nworkspace = true")).then(|| Finding {
        file: file.path.clone(),
        line: 1,
        rule: "lints",
        what: "the workspace's lints are not taken over".to_owned(),
        remedy: "add `[lints]` with `workspace = true`".to_owned(),
    })
}

#[cfg(test)]
mod tests;
