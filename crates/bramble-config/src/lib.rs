//! What an operator declares: text → raw → checked → plan.
//!
//! [`load`] reads TOML and gives a checked [`Config`], or every fault with its place in the
//! text and what would be right. [`Config::plan`] compiles it for one stand-alone process; the
//! manager compiles the plans of a cluster's nodes from the same parts. An [`Edit`] changes the
//! text itself, for who does not want to open an editor.
//!
//! Knows serde, text and spans. Must not know files, sockets or async: relative paths stay
//! relative, and the caller resolves them (a site's `root` against the config file's folder).

pub mod apache;
mod check;
mod compile;
mod config;
mod diff;
mod edit;
mod error;
mod explain;
pub mod plan;
mod raw;
mod reference;
mod suggest;

pub use compile::PlanError;
pub use config::{Config, DEFAULT_TEXT, Site};
pub use edit::{Change, Edit, EditError, NoSetting, Setting};
pub use error::{ConfigError, ConfigErrors};
pub use reference::reference;

/// Reads and checks a configuration; `file` is what messages call it.
///
/// Nothing is taken from a text with any fault in it.
///
/// # Errors
/// All the faults that were found, in the text's order, at most 20 of them.
pub fn load(text: &str, file: &str) -> Result<Config, ConfigErrors> {
    let mut findings = error::Findings::default();
    let config = raw::read(text, &mut findings).map(|raw| check::check(&raw, &mut findings));
    match config {
        Some(config) if findings.is_empty() => Ok(config),
        _ => Err(findings.into_errors(text, file)),
    }
}

#[cfg(test)]
mod tests;
