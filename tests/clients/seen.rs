//! What a client saw of one case: named values that must be the same whichever way it came.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Fields that differ from one answer to the next, or that belong to one hop (RFC 9110 section
/// 7.6.1): a balancer has its own.
const OF_THE_HOP: [&str; 6] =
    ["connection", "date", "keep-alive", "transfer-encoding", "upgrade", "via"];

/// Characters of a difference.
const SHOWN: usize = 300;

/// Named values.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// For the table.
    pub gist: String,
    values: BTreeMap<String, String>,
}

impl Seen {
    /// With this for the table, which counts like any other value.
    pub fn of(gist: impl Into<String>) -> Self {
        Self { gist: gist.into(), values: BTreeMap::new() }
    }

    /// Adds a value. Where it came from is taken out of it.
    pub fn value(mut self, name: &str, value: &str, from: SocketAddr) -> Self {
        let value = value.replace(&format!(":{}", from.port()), ":PORT");
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Adds the heads of answers, as curl dumps them: order of fields means nothing.
    pub fn heads(mut self, dump: &str, from: SocketAddr) -> Self {
        for (i, head) in dump.split("\r\n\r\n").filter(|head| !head.is_empty()).enumerate() {
            let mut fields: Vec<_> = head.split("\r\n").filter(|line| counts(line)).collect();
            fields[1..].sort_unstable();
            self = self.value(&format!("head {i}"), &fields.join("\n"), from);
        }
        self
    }

    /// Adds all files below a folder, by length and hash.
    pub fn files(mut self, name: &str, folder: &Path, from: SocketAddr) -> Self {
        for (file, path) in below(folder) {
            self.values.insert(format!("{name} {file}"), digest(&path, from));
        }
        self
    }

    /// What differs, or nothing.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.gist != other.gist {
            return Some(format!("{:?} but {:?}\n{self:#?}\n{other:#?}", self.gist, other.gist));
        }
        let names = self.values.keys().chain(other.values.keys());
        names.into_iter().find_map(|name| {
            let [mine, theirs] = [self, other].map(|seen| seen.values.get(name));
            (mine != theirs).then(|| format!("{name}: {}", apart(mine, theirs)))
        })
    }
}

/// Where two values part, and what comes then.
fn apart(mine: Option<&String>, theirs: Option<&String>) -> String {
    let (Some(mine), Some(theirs)) = (mine, theirs) else {
        return format!("{mine:?} but {theirs:?}");
    };
    let same = mine.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
    let [mine, theirs] = [mine, theirs].map(|value| {
        value.chars().skip(same.saturating_sub(SHOWN / 2)).take(SHOWN).collect::<String>()
    });
    format!("at {same}, {mine:?} but {theirs:?}")
}

fn counts(line: &str) -> bool {
    let name = line.split(':').next().unwrap().to_ascii_lowercase();
    !OF_THE_HOP.contains(&name.as_str())
}

/// Files below a folder: names relative to it, and paths.
fn below(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                found.push((path.strip_prefix(folder).unwrap().display().to_string(), path));
            }
        }
    }
    found
}

/// Length and hash of a file; pages may name the address that they came from.
fn digest(path: &Path, from: SocketAddr) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut hasher = DefaultHasher::new();
    hasher.write(&replace(&bytes, format!(":{}", from.port()).as_bytes(), b":PORT"));
    format!("{} bytes, {:016x}", bytes.len(), hasher.finish())
}

/// The bytes with each `old` in them become `new`.
pub fn replace(mut bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::new();
    while let Some(at) = bytes.windows(old.len()).position(|window| window == old) {
        replaced.extend_from_slice(&bytes[..at]);
        replaced.extend_from_slice(new);
        bytes = &bytes[at + old.len()..];
    }
    replaced.extend_from_slice(bytes);
    replaced
}

/// Bytes without a pattern, the same each time.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    });
    let mut bytes: Vec<u8> =
        words.by_ref().take(length.div_ceil(8)).flat_map(u64::to_le_bytes).collect();
    bytes.truncate(length);
    bytes
}
