//! Bytes → directives and sections, as httpd reads a file: continued lines, comments, nesting.
//!
//! Knows no directive's meaning but that of `<`. Words are parted later, since variables stand
//! in for any part of a line.

use std::iter::Enumerate;
use std::slice::Split;

use super::words::split_word;

const FILE_BYTES: usize = 1 << 20;
const LINE_BYTES: usize = 16 * 1024;
const DEPTH: usize = 32;

/// A directive or a section, as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// The first of its lines, from 1.
    pub line: usize,
    /// As written.
    pub name: String,
    /// What follows the name, without a section's `>`.
    pub rest: String,
    /// What is in a section; none: it is a directive.
    pub inside: Option<Vec<Item>>,
}

/// Why httpd would not read the file, or we don't.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxFault {
    /// The file is no configuration that anybody wrote.
    #[error("the file has more than {FILE_BYTES} bytes")]
    FileTooLarge,
    /// The line is none that anybody wrote.
    #[error("the line has more than {LINE_BYTES} bytes")]
    LineTooLong,
    /// Sections in sections without end.
    #[error("sections are nested more than {DEPTH} deep")]
    TooDeep,
    /// `<Proxy` without `>`.
    #[error("`<{0}` lacks its `>`")]
    NoEndOfTag(String),
    /// `</Proxy>` that ends nothing, or something else.
    #[error("`</{0}>` ends no section that is open")]
    NotOpen(String),
    /// A section without its end.
    #[error("`<{0}>` has no end")]
    NotClosed(String),
}

/// Reads a whole file.
///
/// # Errors
/// The line, and what is wrong there.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Item>, (usize, SyntaxFault)> {
    if bytes.len() > FILE_BYTES {
        return Err((1, SyntaxFault::FileTooLarge));
    }
    let mut open = Open::default();
    for (number, line) in Lines::new(bytes) {
        open.add(number, &line).map_err(|fault| (number, fault))?;
    }
    open.end()
}

/// The sections that a line stands in.
#[derive(Default)]
struct Open {
    top: Vec<Item>,
    sections: Vec<(Item, Vec<Item>)>,
}

impl Open {
    fn add(&mut self, line: usize, text: &str) -> Result<(), SyntaxFault> {
        if text.len() > LINE_BYTES {
            return Err(SyntaxFault::LineTooLong);
        }
        if let Some(closing) = text.strip_prefix("</") {
            return self.close(closing.trim_end_matches('>').trim());
        }
        match text.strip_prefix('<') {
            Some(opening) => self.open(line, opening),
            None => {
                let (name, rest) = split_word(text);
                self.put(Item { line, name, rest: rest.to_owned(), inside: None });
                Ok(())
            }
        }
    }

    fn open(&mut self, line: usize, text: &str) -> Result<(), SyntaxFault> {
        let name = text.split([' ', '\t', '>']).next().unwrap_or_default().to_owned();
        let Some(inner) = text.strip_suffix('>') else {
            return Err(SyntaxFault::NoEndOfTag(name));
        };
        if self.sections.len() >= DEPTH {
            return Err(SyntaxFault::TooDeep);
        }
        let rest = inner.get(name.len()..).unwrap_or_default().trim().to_owned();
        self.sections.push((Item { line, name, rest, inside: None }, Vec::new()));
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), SyntaxFault> {
        match self.sections.pop() {
            Some((section, inside)) if section.name.eq_ignore_ascii_case(name) => {
                self.put(Item { inside: Some(inside), ..section });
                Ok(())
            }
            _ => Err(SyntaxFault::NotOpen(name.to_owned())),
        }
    }

    fn put(&mut self, item: Item) {
        self.sections.last_mut().map_or(&mut self.top, |(_, inside)| inside).push(item);
    }

    fn end(mut self) -> Result<Vec<Item>, (usize, SyntaxFault)> {
        match self.sections.pop() {
            Some((section, _)) => Err((section.line, SyntaxFault::NotClosed(section.name))),
            None => Ok(self.top),
        }
    }
}

/// Lines with a meaning, each with its number: continued ones joined, comments left out. A
/// comment can be continued, too.
struct Lines<'a> {
    rest: Enumerate<Split<'a, u8, IsEnd>>,
}

type IsEnd = fn(&u8) -> bool;

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let is_end: IsEnd = |byte| *byte == b'\n';
        Self { rest: bytes.split(is_end).enumerate() }
    }
}

impl Iterator for Lines<'_> {
    type Item = (usize, String);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (index, first) = self.rest.next()?;
            let mut joined = Vec::new();
            let mut line = Some(first);
            while let Some(bytes) = line {
                let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
                let Some(head) = bytes.strip_suffix(b"\\") else {
                    joined.extend_from_slice(bytes);
                    break;
                };
                joined.extend_from_slice(head);
                line = self.rest.next().map(|(_, next)| next);
            }
            let text = String::from_utf8_lossy(&joined);
            let text = text.trim_matches([' ', '\t', '\r', '\x0b', '\x0c']);
            if !text.is_empty() && !text.starts_with('#') {
                return Some((index + 1, text.to_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
