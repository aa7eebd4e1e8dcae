//! Three independent readers of HTTP/1.1, asked what they make of the same bytes.
//!
//! None of them is ours: httparse (with a few lines of framing around it, which it lacks), h11
//! and llhttp. They know nothing of proxies; whether their readings agree is decided here.

mod httparse;
mod python;

use crate::case::shown;

pub(crate) use httparse::{whole_answer, whole_request};
use python::Python;

/// What is to be read.
pub(crate) struct Ask {
    pub bytes: Vec<u8>,
    pub side: Side,
    /// The connection ended behind the bytes.
    pub closed: bool,
}

/// Of which side of a connection the bytes are.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Side {
    /// Answers to requests with these methods, in order.
    Answers(Vec<&'static str>),
    Requests,
}

/// What one judge made of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub messages: Vec<Message>,
    pub end: End,
}

/// A message as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// The method, or the status.
    pub word: String,
    /// Empty in answers.
    pub target: String,
    pub host: String,
    pub body: Vec<u8>,
    /// It was there to its end.
    pub whole: bool,
}

/// How a reading ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Behind a message, with nothing left.
    Clean,
    /// In the middle of a message.
    Partial,
    /// The bytes are not HTTP to this judge.
    Refused(String),
    /// The judge went no further, though it found nothing wrong with the bytes: behind a
    /// message that closes the connection, behind the last answer that was asked for, or before
    /// a method that is not in its list. It has no opinion about the rest.
    Stopped(String),
}

/// All three.
pub(crate) struct Judges {
    python: Vec<Python>,
}

/// What each made of the same bytes, with the judges' names.
pub(crate) type Readings = Vec<(&'static str, Reading)>;

impl Judges {
    /// Without those that need a Python: httparse alone, for every day.
    pub fn httparse_alone() -> Self {
        Self { python: Vec::new() }
    }

    pub fn all() -> Self {
        Self { python: vec![Python::start("h11"), Python::start("llhttp")] }
    }

    /// Each judge's name.
    pub fn names(&self) -> Vec<&'static str> {
        std::iter::once("httparse").chain(self.python.iter().map(Python::name)).collect()
    }

    /// What they make of each of these.
    pub fn read(&mut self, asks: &[Ask]) -> Vec<Readings> {
        let own = asks.iter().map(|ask| vec![("httparse", httparse::read(ask))]);
        let mut all: Vec<Readings> = own.collect();
        for judge in &mut self.python {
            let readings = judge.read(asks);
            all.iter_mut().zip(readings).for_each(|(all, one)| all.push((judge.name(), one)));
        }
        all
    }
}

impl Ask {
    pub fn requests(bytes: &[u8], closed: bool) -> Self {
        Self { bytes: bytes.to_vec(), side: Side::Requests, closed }
    }

    pub fn answers(bytes: &[u8], methods: &[&'static str], closed: bool) -> Self {
        Self { bytes: bytes.to_vec(), side: Side::Answers(methods.to_vec()), closed }
    }
}

impl Message {
    /// It is the same as far as both go.
    fn agrees(&self, other: &Self) -> bool {
        let head = (&self.word, &self.target, &self.host);
        let same_head = head == (&other.word, &other.target, &other.host);
        let bodies = match (self.whole, other.whole) {
            (true, true) => self.body == other.body,
            // How much of a body that breaks off was handed out is a matter of buffers.
            (false, false) => {
                self.body.starts_with(&other.body) || other.body.starts_with(&self.body)
            }
            _ => false,
        };
        same_head && bodies
    }
}

impl Reading {
    /// Both read the same messages, as far as neither stopped.
    fn agrees(&self, other: &Self) -> bool {
        let pairs = self.messages.iter().zip(&other.messages);
        let (own, others) = (self.messages.len(), other.messages.len());
        pairs.into_iter().all(|(a, b)| a.agrees(b))
            && match (&self.end, &other.end) {
                (End::Stopped(_), End::Stopped(_)) => true,
                (End::Stopped(_), _) => own <= others,
                (_, End::Stopped(_)) => others <= own,
                (a, b) => own == others && a == b,
            }
    }

    pub fn is_refused(&self) -> bool {
        matches!(self.end, End::Refused(_))
    }

    /// In a few words.
    pub fn shown(&self) -> String {
        let message = |m: &Message| {
            let cut = if m.whole { "" } else { " (breaks off)" };
            format!("{} {} host={:?} {:?}{cut}", m.word, m.target, m.host, shown(&m.body))
        };
        let messages: Vec<String> = self.messages.iter().map(message).collect();
        format!("{:?} [{}]", self.end, messages.join(" | "))
    }
}

/// The judges that don't read the bytes as messages, or not as the first that does.
pub(crate) fn dissent(readings: &Readings) -> Vec<&'static str> {
    let sound = readings.iter().find(|(_, reading)| !reading.is_refused());
    let differs = |reading: &Reading| sound.is_some_and(|(_, first)| !first.agrees(reading));
    let dissents = readings.iter().filter(|(_, r)| r.is_refused() || differs(r));
    dissents.map(|(name, _)| *name).collect()
}

/// What all of them read; none when they disagree or one refused.
pub(crate) fn agreed(readings: &Readings) -> Option<&Reading> {
    let furthest = readings.iter().max_by_key(|(_, reading)| {
        (reading.messages.len(), !matches!(reading.end, End::Stopped(_)))
    });
    dissent(readings).is_empty().then_some(furthest.map(|(_, reading)| reading)).flatten()
}

/// None of them can read even the first message.
pub(crate) fn unreadable(readings: &Readings) -> bool {
    readings.iter().all(|(_, reading)| reading.is_refused() && reading.messages.is_empty())
}
