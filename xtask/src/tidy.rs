//! `cargo xtask tidy`: what the compiler can't hold. One file a subject; each finding names the
//! place, the rule and what to do.

mod arrows;
mod docs;
mod licence;
mod manifest;
mod names;
mod packages;
mod proofs;
mod sources;
mod tree;

use std::fmt;

use anyhow::{Result, bail};

/// A breach of a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    file: String,
    line: usize,
    rule: &'static str,
    what: String,
    /// What to do about it.
    remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, rule, what, remedy } = self;
        write!(f, "{file}:{line}: {rule}: {what}\n    {remedy}")
    }
}

pub(crate) fn run() -> Result<()> {
    let files = tree::read(crate::step::root())?;
    let mut findings = arrows::check(&files)?;
    findings.extend(manifest::check(&files));
    findings.extend(packages::check()?);
    findings.extend(sources::check(&files));
    findings.extend(names::check(&files));
    findings.extend(docs::check(&files)?);
    findings.extend(proofs::check(&files));
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("tidy: {count} to mend"),
    }
}
