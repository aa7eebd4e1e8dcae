//! Documents: links lead to files that exist, generated pages are in step with their source.

use std::path::Path;

use anyhow::Result;

use super::Finding;
use super::tree::File;
use crate::step::{cargo, output, root};

const REFERENCE: &str = "docs/reference.md";
const EXAMPLE: &str = "run --quiet --release --package bramble-config --example reference";

pub(super) fn check(files: &[File]) -> Result<Vec<Finding>> {
    let pages = files.iter().filter(|file| file.is(".md"));
    let mut findings: Vec<Finding> =
        pages.flat_map(|page| dead_links(page, |path| root().join(path).exists())).collect();
    findings.extend(reference(files)?);
    Ok(findings)
}

fn reference(files: &[File]) -> Result<Option<Finding>> {
    let expected = output(&mut cargo(EXAMPLE))?;
    let page = files.iter().find(|file| file.path == REFERENCE);
    let in_step = page.is_some_and(|page| page.text == expected);
    Ok((!in_step).then(|| Finding {
        file: REFERENCE.to_owned(),
        line: 1,
        rule: "docs in step",
        what: "differs from the field table of bramble-config".to_owned(),
        remedy: format!("make it anew: cargo {EXAMPLE} > {REFERENCE}"),
    }))
}

fn dead_links(page: &File, exists: impl Fn(&Path) -> bool) -> Vec<Finding> {
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let mut is_code = false;
    let mut findings = Vec::new();
    for (number, line) in page.lines() {
        is_code ^= line.trim_start().starts_with("```");
        let links = if is_code { Vec::new() } else { links(line) };
        let dead =
            links.into_iter().filter(|link| is_local(link) && !exists(&folder.join(file(link))));
        findings.extend(dead.map(|link| Finding {
            file: page.path.clone(),
            line: number,
            rule: "links",
            what: format!("`{link}` leads nowhere"),
            remedy: "correct the path, relative to this page".to_owned(),
        }));
    }
    findings
}

/// Targets of `[text](target)` in a line.
fn links(line: &str) -> Vec<&str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter_map(|target| target.split_whitespace().next()).collect()
}

fn is_local(link: &str) -> bool {
    !link.contains(':') && !link.starts_with('#')
}

/// The link without the place in the file.
fn file(link: &str) -> &str {
    link.split('#').next().unwrap_or(link)
}

#[cfg(test)]
mod tests;
