//! Packages of others in the tree: licences, bans, and none twice.
//!
//! Read from `cargo tree`, which shows what is really built: `cargo metadata` lists a package
//! too that only a feature nobody uses would bring.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{Finding, licence};
use crate::step::{cargo, output};

/// Package (or its start, with `*`) → why not.
const BANNED: &[(&str, &str)] = &[
    ("aws-lc-fips-sys", "needs Go to build"),
    ("bindgen", "needs clang to build; C compiler only"),
    ("jemalloc*", "aborts on the Pi 5's 16 KiB pages"),
    ("tikv-jemalloc*", "aborts on the Pi 5's 16 KiB pages"),
    ("native-tls", "brings OpenSSL"),
    ("openssl*", "TLS is rustls, crypto is aws-lc"),
    ("prost-build", "needs protoc to build"),
    ("ring", "one crypto provider in a build: aws-lc"),
];

/// Packages that others still use in two versions; take a row out when they have moved on.
const TWICE: &[&str] =
    &["base64", "cpufeatures", "getrandom", "hashbrown", "syn", "synstructure", "untrusted"];

const REMEDY: &str = "find who brings it with `cargo tree --workspace --invert ";

/// Name → version → licence.
type Packages = BTreeMap<String, BTreeMap<String, String>>;

pub(super) fn check() -> Result<Vec<Finding>> {
    let tree = "tree --workspace --edges all --prefix none --format";
    Ok(judge(&parse(&output(cargo(tree).arg("{p}|{l}"))?)))
}

fn judge(packages: &Packages) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, versions) in packages {
        findings.extend(banned(name));
        findings.extend(twice(name, versions));
        let licences: BTreeSet<&String> = versions.values().collect();
        findings.extend(licences.into_iter().filter_map(|licence| licenced(name, licence)));
    }
    findings
}

/// Lines as `serde v1.0.229 (proc-macro)|MIT OR Apache-2.0`; ours have a path and are left out.
fn parse(tree: &str) -> Packages {
    let mut packages = Packages::new();
    for (package, licence) in tree.lines().filter_map(|line| line.rsplit_once('|')) {
        let licence = licence.trim_end_matches(" (*)");
        let mut words = package.split_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        if !package.contains("(/") {
            let versions = packages.entry(name.to_owned()).or_default();
            versions.insert(version.to_owned(), licence.to_owned());
        }
    }
    packages
}

fn banned(name: &str) -> Option<Finding> {
    let is_meant = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    let (_, why) = BANNED.iter().find(|(pattern, _)| is_meant(pattern))?;
    Some(finding("bans", format!("`{name}`: {why}"), format!("{REMEDY}{name}`")))
}

fn twice(name: &str, versions: &BTreeMap<String, String>) -> Option<Finding> {
    let is_new = versions.len() > 1 && !TWICE.contains(&name);
    let listed: Vec<&str> = versions.keys().map(String::as_str).collect();
    is_new.then(|| {
        let what = format!("`{name}` is in the tree as {}", listed.join(" and "));
        finding("one version", what, format!("{REMEDY}{name}@VERSION`"))
    })
}

fn licenced(name: &str, licence: &str) -> Option<Finding> {
    (!licence::is_allowed(licence)).then(|| {
        let remedy = "use another package, or allow it in xtask/src/tidy/licence.rs";
        finding("licences", format!("`{name}` is under `{licence}`"), remedy.to_owned())
    })
}

fn finding(rule: &'static str, what: String, remedy: String) -> Finding {
    Finding { file: "Cargo.lock".to_owned(), line: 1, rule, what, remedy }
}

#[cfg(test)]
mod tests;
