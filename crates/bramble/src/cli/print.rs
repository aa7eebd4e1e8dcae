//! The one place that prints: results to standard output, progress to standard error, figures
//! in the units that people read.
//!
//! A result that can't be written, as on a full disk, is a failure of the verb: a ticket would be
//! lost. A reader that went away (`bramble status | head`) is none.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::exit::{Doing, Failure};

/// One line of a result.
///
/// # Errors
/// It can't be written.
pub fn line(text: impl Display) -> Result<(), Failure> {
    draw(format_args!("{text}\n")).map(drop)
}

/// A result that has its own ends of lines.
///
/// # Errors
/// It can't be written.
pub fn text(text: impl Display) -> Result<(), Failure> {
    draw(text).map(drop)
}

/// A text for those who look on; false: nobody does any more.
///
/// # Errors
/// It can't be written.
pub fn draw(text: impl Display) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    written(write!(out, "{text}").and_then(|()| out.flush()))
}

/// What became of a result; false: its reader has gone away.
///
/// # Errors
/// It could not be written.
pub fn written(result: io::Result<()>) -> Result<bool, Failure> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => {
            let failure = Failure::failed(format!("can't write to standard output: {error}"));
            Err(failure
                .hint("make room, or send it elsewhere; `bramble status` shows what is done"))
        }
    }
}

/// One line of what a process does that goes on whether or not it can be told.
pub fn tell(text: impl Display) {
    let _ = line(text);
}

/// Words that came from elsewhere: what could steer a terminal is shown as `?`.
pub fn clean(words: &str) -> String {
    words.replace(char::is_control, "?")
}

/// A backend's state, with its set where it is not in the first.
pub fn in_set(state: String, set: u8) -> String {
    if set == 0 { state } else { format!("{state}, set {set}") }
}

/// One line about how it goes.
pub fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Facts for programs.
///
/// # Errors
/// A value that JSON can't say, or it can't be written.
pub fn json(facts: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(facts).doing("can't write JSON")?)
}

/// Does a person look at standard output?
pub fn is_watched() -> bool {
    io::stdout().is_terminal()
}

/// A column's heading, and how its cells stand.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// To the right, so that digits stand under digits.
    Number(&'static str),
    /// To the left.
    Text(&'static str),
}

/// Rows in aligned columns.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Headings without rows.
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row, cleaned: a cell may have come from a node.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| clean(&cell)).collect());
    }

    fn widths(&self) -> Vec<usize> {
        let width_of = |(index, column): (usize, &Column)| {
            let cells = self.rows.iter().filter_map(|row| row.get(index));
            cells.map(|cell| width(cell)).max().unwrap_or(0).max(width(column.heading()))
        };
        self.columns.iter().enumerate().map(width_of).collect()
    }

    fn write_row<'a>(
        &self,
        f: &mut fmt::Formatter<'_>,
        widths: &[usize],
        cells: impl Iterator<Item = &'a str>,
    ) -> fmt::Result {
        let mut row = String::new();
        for ((cell, column), width) in cells.zip(&self.columns).zip(widths) {
            let cell = match column {
                Column::Number(_) => format!("{cell:>width$}"),
                Column::Text(_) => format!("{cell:<width$}"),
            };
            row.push_str(&cell);
            row.push_str("  ");
        }
        writeln!(f, "{}", row.trim_end())
    }
}

impl Column {
    fn heading(self) -> &'static str {
        match self {
            Self::Number(heading) | Self::Text(heading) => heading,
        }
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        self.write_row(f, &widths, self.columns.iter().map(|column| column.heading()))?;
        let mut rows = self.rows.iter();
        rows.try_for_each(|row| self.write_row(f, &widths, row.iter().map(String::as_str)))
    }
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

/// `1.2 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut units = UNITS.into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if amount < 1023.95 {
            break;
        }
        (amount, unit) = (amount / 1024.0, larger);
    }
    format!("{amount:.1} {unit}")
}

/// `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let grouped = |(index, digit): (usize, char)| {
        let comma = index > 0 && (digits.len() - index).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(grouped).collect()
}

/// `1 file`, `2 files`.
pub fn plural(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", count(number as u64)),
    }
}

/// Enough of a release's id to tell it from the others.
pub fn short(release: &str) -> &str {
    release.get(..12).unwrap_or(release)
}

#[cfg(test)]
mod tests;
