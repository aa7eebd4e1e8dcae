//! Reading a table: rows with their steps. Knows no socket.

use std::fmt;

use crate::notation::{Pattern, Text};

/// One requirement and what shows it.
pub struct Row {
    /// File and line.
    pub place: String,
    /// As `9112 6.3`.
    pub section: String,
    pub level: Level,
    pub words: String,
    pub setting: Setting,
    pub steps: Vec<Step>,
    pub mark: Mark,
}

/// How much the RFC wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Must,
    MustNot,
    Should,
    ShouldNot,
    May,
}

/// Whether bramble does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    Done,
    /// Not, and this is why.
    Choice(String),
    /// Not yet.
    Gap(String),
}

/// What runs, with further keys of the configuration.
#[derive(Clone, Debug)]
pub enum Setting {
    /// Only what the keys say.
    Alone(String),
    Balancer(String),
    Site(String),
}

/// Something that an end of ours does or must see.
#[derive(Clone, Debug)]
pub struct Step {
    /// As it is written.
    pub text: String,
    pub side: Side,
    pub act: Act,
}

#[derive(Clone, Copy, Debug)]
pub enum Side {
    /// On this connection, where one is named.
    Backend(Option<usize>),
    Client,
}

#[derive(Clone, Debug)]
pub enum Act {
    End,
    Send(Text),
    See(Pattern),
    SeeCut,
    SeeEnd,
    SeeNothing,
}

/// All rows of a table, in order.
#[track_caller]
pub fn parse(name: &str, text: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut setting = Setting::Balancer(String::new());
    for (i, line) in text.lines().enumerate() {
        let place = format!("{name}.txt:{}", i + 1);
        match line.split_at_checked(2) {
            None => {}
            Some(("# ", _)) => {}
            Some(("@ ", words)) => setting = Setting::parse(words, &place),
            Some(("  ", step)) => rows.last_mut().expect("a row").add(step, &place),
            Some(_) => rows.push(Row::parse(line, place, setting.clone())),
        }
    }
    rows
}

impl Row {
    fn parse(line: &str, place: String, setting: Setting) -> Self {
        let mut columns = line.splitn(3, "  ").map(|column| column.trim().to_owned());
        let mut column = || columns.next().unwrap_or_else(|| panic!("{place}: no row: {line}"));
        let (section, level, words) = (column(), column(), column());
        let level = Level::parse(&level, &place);
        Self { place, section, level, words, setting, steps: Vec::new(), mark: Mark::Done }
    }

    fn add(&mut self, line: &str, place: &str) {
        let (sign, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{place}: no step"));
        match sign {
            "~" => self.mark = Mark::Choice(rest.trim_start().to_owned()),
            "!" => self.mark = Mark::Gap(rest.trim_start().to_owned()),
            _ => self.steps.push(Step::parse(sign, rest.trim_start(), place)),
        }
    }

    /// Whether the RFC leaves no choice.
    pub fn is_must(&self) -> bool {
        matches!(self.level, Level::Must | Level::MustNot)
    }

    /// Whether something is sent and something seen.
    pub fn shows_something(&self) -> bool {
        let sends = |step: &Step| matches!(step.act, Act::Send(_));
        let sees = |step: &Step| !matches!(step.act, Act::Send(_) | Act::End);
        self.steps.iter().any(sends) && self.steps.iter().any(sees)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} RFC {} {:?}: {}", self.place, self.section, self.level, self.words)?;
        match &self.mark {
            Mark::Done => Ok(()),
            Mark::Choice(why) | Mark::Gap(why) => write!(f, " (not: {why})"),
        }
    }
}

impl Level {
    fn parse(word: &str, place: &str) -> Self {
        match word {
            "MUST" => Self::Must,
            "MUST NOT" => Self::MustNot,
            "SHOULD" => Self::Should,
            "SHOULD NOT" => Self::ShouldNot,
            "MAY" => Self::May,
            _ => panic!("{place}: no level: {word}"),
        }
    }
}

impl Setting {
    fn parse(words: &str, place: &str) -> Self {
        let (what, keys) = words.split_once(' ').unwrap_or((words, ""));
        // One line here, one a key there.
        let keys = keys.replace("; ", "\n");
        match what {
            "alone" => Self::Alone(keys),
            "balancer" => Self::Balancer(keys),
            "site" => Self::Site(keys),
            _ => panic!("{place}: nothing that could run: {what}"),
        }
    }
}

impl Step {
    fn parse(sign: &str, what: &str, place: &str) -> Self {
        let (number, arrow) = sign.split_at(sign.find(['<', '>']).unwrap_or(0));
        let number = (!number.is_empty()).then(|| number.parse().expect("a connection's number"));
        let side = match arrow {
            ">" | "<" => Side::Client,
            ">>" | "<<" => Side::Backend(number),
            _ => panic!("{place}: no arrow: {sign}"),
        };
        let act = match (arrow, what) {
            (">" | "<<", "end") => Act::End,
            (">" | "<<", bytes) => Act::Send(Text::parse(bytes)),
            (_, "cut") => Act::SeeCut,
            (_, "end") => Act::SeeEnd,
            (_, "nothing") => Act::SeeNothing,
            (_, pattern) => Act::See(Pattern::parse(pattern)),
        };
        Self { text: format!("{sign} {what}"), side, act }
    }
}
