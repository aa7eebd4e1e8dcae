//! The notation of bytes and of patterns that messages must match. Knows no socket.

use std::collections::HashMap;

use crate::peer::Message;

/// What `$name` stands for, once it was seen.
pub type Names = HashMap<String, Vec<u8>>;

/// A text in the notation, read.
#[derive(Clone, Debug)]
pub struct Text(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Anything,
    Bytes(Vec<u8>),
    Named(String),
}

/// What a message must be like.
#[derive(Clone, Debug)]
pub struct Pattern {
    start: String,
    /// Names in lower case, each with all its values; none: there is no such field.
    fields: Vec<(String, Vec<Text>)>,
    body: Option<Text>,
}

impl Text {
    /// Reads the notation.
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text.chars();
        while let Some(char) = rest.next() {
            let part = match char {
                '…' => Part::Anything,
                '⏎' => Part::Bytes(b"\r\n".to_vec()),
                '\\' => Part::Bytes(vec![escaped(&mut rest)]),
                '$' if rest.as_str().starts_with(|c: char| c.is_ascii_lowercase()) => {
                    Part::Named(take(&mut rest, |c| c.is_ascii_lowercase()))
                }
                '{' => Part::Bytes(repeated(&take(&mut rest, |c| c != '}'), &mut rest)),
                other => Part::Bytes(other.to_string().into_bytes()),
            };
            match (parts.last_mut(), part) {
                (Some(Part::Bytes(bytes)), Part::Bytes(more)) => bytes.extend(more),
                (_, part) => parts.push(part),
            }
        }
        Self(parts)
    }

    /// The bytes that it stands for.
    pub fn bytes(&self, names: &Names) -> Vec<u8> {
        let bytes = self.0.iter().map(|part| match part {
            Part::Anything => panic!("anything can't be sent"),
            Part::Bytes(bytes) => bytes.clone(),
            Part::Named(name) => names.get(name).expect("a name that was seen").clone(),
        });
        bytes.collect::<Vec<_>>().concat()
    }

    /// Whether `bytes` are as it says; new names are learnt.
    fn matches(&self, bytes: &[u8], names: &mut Names) -> bool {
        matches(&self.0, bytes, names)
    }
}

fn escaped(rest: &mut std::str::Chars<'_>) -> u8 {
    match rest.next() {
        Some('r') => b'\r',
        Some('n') => b'\n',
        Some('t') => b'\t',
        Some('0') => 0,
        Some('x') => {
            let digits: String = rest.take(2).collect();
            u8::from_str_radix(&digits, 16).expect("two hexadecimal digits")
        }
        Some(other) => u8::try_from(other).expect("ASCII"),
        None => panic!("a \\ before nothing"),
    }
}

/// Takes the longest run of such characters.
fn take(rest: &mut std::str::Chars<'_>, belongs: fn(char) -> bool) -> String {
    let len = rest.as_str().find(|c| !belongs(c)).unwrap_or(rest.as_str().len());
    let (taken, behind) = rest.as_str().split_at(len);
    *rest = behind.chars();
    taken.to_owned()
}

/// `abc*100`, whose brace is still to come.
fn repeated(inside: &str, rest: &mut std::str::Chars<'_>) -> Vec<u8> {
    assert_eq!(rest.next(), Some('}'), "{inside}");
    let (what, times) = inside.rsplit_once('*').expect("{what*times}");
    Text::parse(what).bytes(&Names::new()).repeat(times.parse().expect("a number"))
}

fn matches(parts: &[Part], bytes: &[u8], names: &mut Names) -> bool {
    let Some((first, rest)) = parts.split_first() else { return bytes.is_empty() };
    let known = match first {
        Part::Anything => None,
        Part::Bytes(bytes) => Some(bytes.clone()),
        Part::Named(name) => names.get(name).cloned(),
    };
    if let Some(known) = known {
        return bytes.strip_prefix(&known[..]).is_some_and(|behind| matches(rest, behind, names));
    }
    (0..=bytes.len()).any(|len| {
        let found = matches(rest, &bytes[len..], names);
        if let (true, Part::Named(name)) = (found, first) {
            names.insert(name.clone(), bytes[..len].to_vec());
        }
        found
    })
}

impl Pattern {
    /// Reads the notation.
    pub fn parse(text: &str) -> Self {
        let (head, body) = match text.split_once("⏎⏎") {
            Some((head, body)) => (head, Some(Text::parse(body))),
            None => (text, None),
        };
        let mut lines = head.split('⏎');
        let start = lines.next().unwrap_or_default().to_owned();
        let mut fields: Vec<(String, Vec<Text>)> = Vec::new();
        for line in lines {
            let field = line.split_once(": ").or(line.strip_suffix(':').map(|name| (name, "")));
            match (field, line.strip_prefix('!')) {
                (Some((name, value)), _) => add(&mut fields, name, Text::parse(value)),
                (None, Some(name)) => fields.push((name.to_lowercase(), Vec::new())),
                (None, None) => panic!("neither a field nor its absence: {line}"),
            }
        }
        Self { start, fields, body }
    }

    /// The body that it wants, if it says so.
    pub fn body(&self) -> Option<&Text> {
        self.body.as_ref()
    }

    /// What is wrong with a message's head.
    pub fn complaint(&self, message: &Message, names: &mut Names) -> Option<String> {
        let start = match self.start.parse::<u16>() {
            Ok(status) => Text::parse(&format!("HTTP/1.1 {status} …")),
            Err(_) => Text::parse(&self.start),
        };
        if !start.matches(&message.start, names) {
            return Some(format!("not `{}`", self.start));
        }
        let wrong = self.fields.iter().find(|(name, values)| {
            let found = message.values(name);
            let alike = values.iter().zip(&found).all(|(value, found)| value.matches(found, names));
            values.len() != found.len() || !alike
        });
        wrong.map(|(name, _)| format!("not so: {name}"))
    }

    /// What is wrong with its body.
    pub fn body_complaint(&self, body: &[u8], names: &mut Names) -> Option<String> {
        let wanted = self.body.as_ref()?;
        let shown = body.get(..200).unwrap_or(body).escape_ascii();
        (!wanted.matches(body, names)).then(|| format!("{} bytes of body: {shown}", body.len()))
    }
}

fn add(fields: &mut Vec<(String, Vec<Text>)>, name: &str, value: Text) {
    let name = name.to_lowercase();
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some((_, values)) => values.push(value),
        None => fields.push((name, vec![value])),
    }
}
