//! Names and lists: what may be a name, none twice, none too long.

use std::collections::HashSet;

use toml::Spanned;

use crate::error::{Finding, Findings};

const NAME_BYTES: usize = 64;

/// Checks one list's names: `what` is `pool`, `site` …
pub(crate) fn check<'a>(
    what: &str,
    names: impl IntoIterator<Item = &'a Spanned<String>>,
    findings: &mut Findings,
) {
    let mut seen = HashSet::new();
    for name in names {
        check_one(what, name, findings);
        if !seen.insert(name.as_ref()) {
            let message = format!("two {what}s are named `{}`", name.as_ref());
            let help = format!("give each {what} a name of its own");
            findings.add(Finding::new(name.span(), message).label("second of the name").help(help));
        }
    }
}

/// A list has a limit, so that a generated file can't exhaust a small board.
pub(crate) fn at_most<T>(key: &str, list: &[Spanned<T>], limit: usize, findings: &mut Findings) {
    if let Some(surplus) = list.get(limit) {
        let message = format!("{} entries in `{key}`, at most {limit} are allowed", list.len());
        findings.add(Finding::new(surplus.span(), message).label("first one too many"));
    }
}

fn check_one(what: &str, name: &Spanned<String>, findings: &mut Findings) {
    let text: &str = name.as_ref();
    if text.is_empty()
        || text.len() > NAME_BYTES
        || !text.bytes().all(is_name_byte)
        || starts_badly(text)
    {
        let message = format!("`{text}` can't be the name of a {what}");
        let help = format!(
            "use 1 to {NAME_BYTES} letters, digits, `-`, `_` or `.`, a letter or digit first"
        );
        findings.add(Finding::new(name.span(), message).label("not a name").help(help));
    }
}

/// Site names become folder names: no `.`, no `..`, no hidden folder, nothing like an option.
fn starts_badly(text: &str) -> bool {
    text.starts_with(['.', '-', '_'])
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}
