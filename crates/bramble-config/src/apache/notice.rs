//! What an import has to say: which line, why, and what to do instead.

use std::collections::BTreeMap;
use std::fmt;

use super::expand::{Node, Place};

const KEPT: usize = 1000;

/// Words about one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Where the line is.
    pub place: Place,
    /// The line, or the part of it that is meant.
    pub text: String,
    /// What became of it.
    pub fate: Fate,
    /// Why.
    pub why: String,
    /// What to do instead.
    pub instead: String,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, text, fate, why, instead } = self;
        let fate = match fate {
            Fate::Changed => "note",
            Fate::LeftOut => "left out",
        };
        let line = format!("{place}: {text}\n  {fate}: {why}\n  instead: {instead}");
        // A file's words could steer a terminal.
        f.write_str(&line.replace(|c: char| c.is_control() && c != '\n', "?"))
    }
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the new file, in other words or with a difference.
    Changed,
    /// The new file has nothing of it.
    LeftOut,
}

/// Collects them; bounded.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    pub kept: Vec<Notice>,
    pub more: usize,
    /// Directives that nothing has to be done for, and how often they stand there.
    pub idle: BTreeMap<String, usize>,
}

impl Notices {
    pub fn left_out(&mut self, node: &Node, why: impl Into<String>, instead: impl Into<String>) {
        self.about(&node.place, &node.text, Fate::LeftOut, (why.into(), instead.into()));
    }

    pub fn changed(&mut self, node: &Node, why: impl Into<String>, instead: impl Into<String>) {
        self.about(&node.place, &node.text, Fate::Changed, (why.into(), instead.into()));
    }

    /// About a part of a line.
    pub fn about(&mut self, place: &Place, text: &str, fate: Fate, words: (String, String)) {
        let (why, instead) = words;
        if self.kept.len() >= KEPT {
            self.more += 1;
            return;
        }
        let (place, text) = (place.clone(), text.to_owned());
        self.kept.push(Notice { place, text, fate, why, instead });
    }

    /// bramble has no need of such a line.
    pub fn idle(&mut self, node: &Node) {
        let name = node.text.split_whitespace().next().unwrap_or_default();
        *self.idle.entry(name.to_owned()).or_default() += 1;
    }
}
