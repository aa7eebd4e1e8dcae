//! The TOML reader's faults in an operator's words.

use crate::error::Finding;
use crate::suggest;

/// Rust's names of types say nothing to somebody who writes a configuration.
const TYPES: [(&str, &str); 6] = [
    ("expected i64", "expected a whole number"),
    ("expected f64", "expected a number"),
    ("expected a sequence", "expected a list"),
    ("expected a map", "expected a table"),
    ("invalid type: map", "invalid type: table"),
    ("invalid type: sequence", "invalid type: list"),
];

pub(crate) fn finding(error: &toml::de::Error) -> Finding {
    let (said, span) = (error.message(), error.span().unwrap_or_default());
    let quoted: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    match quoted.as_slice() {
        [key, known @ ..] if said.starts_with("unknown field") => {
            suggestion(Finding::new(span, format!("unknown key `{key}`")), key, known)
        }
        [value, known @ ..] if said.starts_with("unknown variant") => {
            suggestion(Finding::new(span, format!("`{value}` is not allowed here")), value, known)
        }
        [key] if said.starts_with("missing field") => {
            Finding::new(span, format!("`{key}` is missing")).help(format!("add `{key} = …`"))
        }
        _ => Finding::new(span, plain_types(said)),
    }
}

fn suggestion(finding: Finding, word: &str, known: &[&str]) -> Finding {
    match suggest::help(word, known) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

fn plain_types(message: &str) -> String {
    TYPES.iter().fold(message.to_owned(), |text, (rust, plain)| text.replace(rust, plain))
}
