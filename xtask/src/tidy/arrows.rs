//! Arrows between crates: who may use whom, and which packages belong to whom.
//!
//! The table is the layering of ARCHITECTURE.md. A new arrow is a change of design: make it
//! there and here in one commit, and say why.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use super::tree::File;
use crate::step::{cargo, output};

const RULE: &str = "arrows between crates";

/// Crate → the crates of ours that it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("bramble-agent", &["bramble-cluster", "bramble-content", "bramble-metrics", "bramble-net"]),
    ("bramble-cluster", &["bramble-config", "bramble-metrics", "bramble-net"]),
    ("bramble-config", &[]),
    ("bramble-content", &[]),
    ("bramble-http", &[]),
    ("bramble-load", &["bramble-http", "bramble-metrics", "bramble-net"]),
    (
        "bramble-manager",
        &["bramble-cluster", "bramble-config", "bramble-content", "bramble-metrics", "bramble-net"],
    ),
    ("bramble-metrics", &[]),
    ("bramble-net", &[]),
    (
        "bramble-server",
        &["bramble-config", "bramble-content", "bramble-http", "bramble-metrics", "bramble-net"],
    ),
    ("xtask", &[]),
];

/// Crates that may use any of ours.
const TOP: [&str; 2] = ["bramble", "bramble-tests"];

/// Package → the only crates that may name it.
const BELONGS_TO: &[(&str, &[&str])] = &[
    ("anyhow", &["bramble", "bramble-tests", "xtask"]),
    ("aws-lc-rs", &["bramble-net"]),
    ("axum", &["bramble-manager"]),
    ("clap", &["bramble", "xtask"]),
    ("indicatif", &["bramble"]),
    ("rcgen", &["bramble-cluster"]),
    ("rustls", &["bramble-net"]),
    ("rustls-pki-types", &["bramble-net"]),
    ("rustls-webpki", &["bramble-net"]),
    ("sqlx", &["bramble-cluster"]),
    ("tokio-rustls", &["bramble-net"]),
];

/// Pure crates → the packages that would give them sockets, clocks or a runtime.
const MUST_NOT_NAME: &[(&str, &[&str])] = &[
    ("bramble-config", &["hyper", "rustix", "socket2", "tokio"]),
    ("bramble-content", &["axum", "hyper", "socket2", "tokio"]),
    ("bramble-http", &["hyper", "rustix", "serde", "socket2", "tokio"]),
];

pub(super) fn check(files: &[File]) -> Result<Vec<Finding>> {
    let text = output(&mut cargo("metadata --format-version 1 --no-deps"))?;
    let metadata: Value = serde_json::from_str(&text).context("reading cargo metadata")?;
    let members = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    Ok(members.iter().flat_map(|member| check_member(member, files)).collect())
}

fn check_member(member: &Value, files: &[File]) -> Vec<Finding> {
    let name = text(&member["name"]);
    let uses = member["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    // Tests may look from outside: only what is built into the crate counts.
    let built_in = uses.iter().filter(|used| text(&used["kind"]) != "dev");
    let breaches = built_in.filter_map(|used| breach(name, text(&used["name"])));
    breaches.map(|(used, why)| finding(name, used, why, files)).collect()
}

/// What is wrong with this arrow, if anything.
fn breach<'a>(from: &str, to: &'a str) -> Option<(&'a str, String)> {
    if to.starts_with("bramble") && !TOP.contains(&from) {
        let Some(allowed) = row(MAY_USE, from) else {
            return Some((to, format!("`{from}` has no row in the table of arrows")));
        };
        if !allowed.contains(&to) {
            return Some((to, format!("`{from}` must not know `{to}`")));
        }
    }
    if let Some(owners) = row(BELONGS_TO, to).filter(|owners| !owners.contains(&from)) {
        return Some((to, format!("`{to}` belongs to {} alone", owners.join(", "))));
    }
    let is_pure = row(MUST_NOT_NAME, from).is_some_and(|names| names.contains(&to));
    is_pure.then(|| (to, format!("`{from}` is pure: no sockets, clocks or runtime")))
}

fn row(table: &[(&str, &'static [&'static str])], key: &str) -> Option<&'static [&'static str]> {
    table.iter().find(|(name, _)| *name == key).map(|(_, row)| *row)
}

fn finding(member: &str, used: &str, what: String, files: &[File]) -> Finding {
    let name_line = format!("name = \"{member}\"");
    let manifest =
        files.iter().find(|file| file.is("Cargo.toml") && file.text.contains(&name_line));
    let used_line = format!("\n{used}");
    Finding {
        file: manifest.map_or_else(String::new, |file| file.path.clone()),
        line: manifest.map_or(1, |file| file.line_of(used_line.trim_start())),
        rule: RULE,
        what,
        remedy: "leave it out, or change xtask/src/tidy/arrows.rs and ARCHITECTURE.md together"
            .to_owned(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
