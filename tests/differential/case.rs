//! Cases: a seed and an index give the bytes of one, always the same.

use std::fmt::Write;

use crate::draft::Draft;
use crate::mutations::{self, Mutation};
use crate::rng::Rng;

/// Spoiled bytes with what is needed to judge what becomes of them.
pub(crate) struct Case {
    pub index: usize,
    /// The first thing done to it.
    pub kind: &'static str,
    pub bytes: Vec<u8>,
    pub asked: Asked,
    /// Whether the backend closes behind the answer.
    pub closes: bool,
}

/// How an answer was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    ByGet,
    ByHead,
    InHttp10,
}

/// A request that a client sends.
pub(crate) fn request(seed: u64, index: usize) -> Case {
    let mut rng = Rng::of_case(seed, index);
    let draft = sound_request(index, &mut rng);
    spoiled(index, draft, &mutations::of_requests(), &mut rng)
}

/// An answer that a backend gives.
pub(crate) fn answer(seed: u64, index: usize) -> Case {
    let mut rng = Rng::of_case(!seed, index);
    let draft = sound_answer(index, &mut rng);
    spoiled(index, draft, &mutations::of_answers(), &mut rng)
}

/// Targets of a case: `case` of its request, `hidden` of the one in or behind it, `next` and
/// `again` of those that look what is left of it, on another connection and on the same.
pub(crate) fn target(role: &str, index: usize) -> String {
    format!("/{role}/{index:05}")
}

/// What the hidden answer of a case says.
pub(crate) fn hidden(index: usize) -> String {
    format!("smuggled {index:05}")
}

fn sound_request(index: usize, rng: &mut Rng) -> Draft {
    let second = format!("GET {} HTTP/1.1\r\nHost: site.test\r\n\r\n", target("hidden", index));
    let method = rng.pick(&["GET", "GET", "POST", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]);
    let mut draft = Draft::new([method, &target("case", index), "HTTP/1.1"], second.into());
    draft.field("Host").value = b"site.test".to_vec();
    if rng.percent(30) {
        draft.field("X-Test").value = b"a value".to_vec();
    }
    let bodies = if matches!(method, "POST" | "PUT") { 5 } else { 2 };
    give_body(&mut draft, rng.below(bodies) + usize::from(bodies == 5));
    if rng.percent(50) {
        draft.tail = draft.second.clone();
    }
    draft
}

fn sound_answer(index: usize, rng: &mut Rng) -> Draft {
    let text = hidden(index);
    let second = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    let mut draft = Draft::new(["HTTP/1.1", "200", "OK"], second.into());
    if rng.percent(30) {
        draft.field("X-Test").value = b"a value".to_vec();
    }
    let body = 1 + rng.below(5);
    give_body(&mut draft, body);
    if rng.percent(20) {
        draft.tail = draft.second.clone();
    }
    draft
}

fn give_body(draft: &mut Draft, which: usize) {
    let second = draft.second.clone();
    match which {
        0 => {}
        1 => draft.plain(b"hello"),
        2 => draft.plain(&second),
        3 => draft.chunked(&[b"hello"]),
        4 => draft.chunked(&[&second]),
        _ => draft.chunked(&[b"hello", &second]),
    }
}

/// Every mutation has its turn; some cases get a second one, some a blind one, few none.
fn spoiled(index: usize, mut draft: Draft, all: &[Mutation], rng: &mut Rng) -> Case {
    let kinds = all.len() + mutations::OF_BYTES.len() + 1;
    let turn = index % kinds;
    let mut kind = "none";
    if let Some((name, mutate)) = all.get(turn) {
        mutate(&mut draft, rng);
        kind = name;
    }
    if rng.percent(20) {
        rng.pick(all).1(&mut draft, rng);
    }
    let mut bytes = draft.bytes();
    let blind = turn.checked_sub(all.len()).and_then(|at| mutations::OF_BYTES.get(at));
    if let Some((name, mutate)) = blind {
        bytes = mutate(bytes, rng);
        kind = name;
    } else if rng.percent(5) {
        bytes = rng.pick(mutations::OF_BYTES).1(bytes, rng);
    }
    let asked = rng.pick(&[Asked::ByGet, Asked::ByGet, Asked::ByHead, Asked::InHttp10]);
    Case { index, kind, bytes, asked, closes: rng.percent(70) }
}

impl Asked {
    pub(crate) fn method(self) -> &'static str {
        if self == Self::ByHead { "HEAD" } else { "GET" }
    }

    /// The request for a target.
    pub(crate) fn request(self, target: &str) -> String {
        let version = if self == Self::InHttp10 { "HTTP/1.0" } else { "HTTP/1.1" };
        format!("{} {target} {version}\r\nHost: site.test\r\n\r\n", self.method())
    }
}

/// Bytes as one can read and type them.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for part in bytes.utf8_chunks() {
        text.extend(part.valid().chars().flat_map(|c| match c {
            ' '..='~' if c != '\\' => vec![c],
            c if c.is_ascii() => std::ascii::escape_default(c as u8).map(char::from).collect(),
            c => vec![c],
        }));
        for byte in part.invalid() {
            // Writing to a String can't fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    match text.char_indices().nth(1500) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], bytes.len()),
        None => text,
    }
}
