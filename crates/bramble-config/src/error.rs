//! What is wrong in a configuration: where, what, why, and what would be right.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use thiserror::Error;

/// Faults shown at once; the rest is counted.
const SHOWN: usize = 20;
/// A line longer than this is cut around the caret.
const TERM_WIDTH: usize = 120;

/// All the faults of one text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ConfigErrors {
    errors: Vec<ConfigError>,
    left_out: usize,
}

/// One fault, with its place in the text. Displays as `file:line:column: error: …`, the line
/// with a caret, and help where there is any.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ConfigError {
    source_text: Arc<str>,
    file: Arc<str>,
    finding: Finding,
}

/// A fault without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    span: Range<usize>,
    message: String,
    label: String,
    help: Option<String>,
}

/// Collects faults while the checks run; bounded.
#[derive(Default)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    left_out: usize,
}

impl ConfigErrors {
    /// The faults in the text's order; never empty, at most 20.
    #[must_use]
    pub fn errors(&self) -> &[ConfigError] {
        &self.errors
    }
}

impl ConfigError {
    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.finding.message
    }

    /// What would be right.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.finding.help.as_deref()
    }

    /// Bytes of the text that are at fault, on character boundaries.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.finding.span.clone()
    }

    /// Line and column of the first character at fault, both from 1.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        let before = self.source_text.get(..self.finding.span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }

    fn snippet(&self) -> String {
        let annotation = AnnotationKind::Primary.span(self.span()).label(&*self.finding.label);
        let source = Snippet::source(&*self.source_text).annotation(annotation);
        let group = Group::with_level(Level::ERROR).element(source);
        Renderer::plain().term_width(TERM_WIDTH).render(&[group])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{error}")?;
        }
        match self.left_out {
            0 => Ok(()),
            more => write!(f, "\n\n{more} more errors are not shown"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.position();
        writeln!(f, "{}:{line}:{column}: error: {}", self.file, self.message())?;
        f.write_str(self.snippet().trim_end())?;
        match self.help() {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl Finding {
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: String::new(), help: None }
    }

    /// What stands beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Findings {
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub fn add(&mut self, finding: Finding) {
        if self.kept.len() < SHOWN {
            self.kept.push(finding);
        } else {
            self.left_out += 1;
        }
    }

    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.add(finding));
    }

    pub fn into_errors(mut self, text: &str, file: &str) -> ConfigErrors {
        let (source_text, file): (Arc<str>, Arc<str>) = (text.into(), file.into());
        self.kept.sort_by_key(|finding| finding.span.start);
        let with_text = |mut finding: Finding| {
            finding.span = within(text, finding.span);
            ConfigError { source_text: Arc::clone(&source_text), file: Arc::clone(&file), finding }
        };
        let errors = self.kept.into_iter().map(with_text).collect();
        ConfigErrors { errors, left_out: self.left_out }
    }
}

/// The span, cut to the text and to character boundaries.
fn within(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    start..text.floor_char_boundary(span.end).max(start)
}
