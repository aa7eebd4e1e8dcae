//! A message in parts, so that a mutation can spoil one of them and leave the others sound.

/// A request or an answer in the making.
#[derive(Clone)]
pub(crate) struct Draft {
    /// What stands before the first line.
    pub before: Vec<u8>,
    /// Method, target, version; or version, status, reason.
    pub first: [Vec<u8>; 3],
    /// What parts those three, and what ends their line.
    pub between: [Vec<u8>; 3],
    pub fields: Vec<Field>,
    /// The empty line.
    pub head_end: Vec<u8>,
    pub body: Body,
    /// What follows the message.
    pub tail: Vec<u8>,
    /// A sound message of its own: what smugglers want a reader to find in or behind this one.
    pub second: Vec<u8>,
}

/// A field line.
#[derive(Clone)]
pub(crate) struct Field {
    pub name: Vec<u8>,
    pub colon: Vec<u8>,
    pub value: Vec<u8>,
    pub end: Vec<u8>,
}

/// What follows the head.
#[derive(Clone)]
pub(crate) enum Body {
    Chunks(Vec<Chunk>, Vec<u8>),
    Plain(Vec<u8>),
}

/// A chunk; the last one and the trailers are bytes of their own.
#[derive(Clone)]
pub(crate) struct Chunk {
    pub size: Vec<u8>,
    pub size_end: Vec<u8>,
    pub data: Vec<u8>,
    pub data_end: Vec<u8>,
}

pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

impl Field {
    pub fn new(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        let (name, value) = (name.as_ref().to_vec(), value.as_ref().to_vec());
        Self { name, colon: b": ".to_vec(), value, end: b"\r\n".to_vec() }
    }

    /// A line that need not be a field.
    pub fn raw(line: impl AsRef<[u8]>) -> Self {
        let name = line.as_ref().to_vec();
        Self { name, colon: Vec::new(), value: Vec::new(), end: b"\r\n".to_vec() }
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

impl Chunk {
    pub fn new(data: &[u8]) -> Self {
        let (size, end) = (format!("{:x}", data.len()).into_bytes(), b"\r\n".to_vec());
        Self { size, size_end: end.clone(), data: data.to_vec(), data_end: end }
    }
}

impl Draft {
    /// The sound head of a message without fields.
    pub fn new(first: [&str; 3], second: Vec<u8>) -> Self {
        Self {
            before: Vec::new(),
            first: first.map(|part| part.as_bytes().to_vec()),
            between: [b" ", b" ", &b"\r\n"[..]].map(<[u8]>::to_vec),
            fields: Vec::new(),
            head_end: b"\r\n".to_vec(),
            body: Body::Plain(Vec::new()),
            tail: Vec::new(),
            second,
        }
    }

    /// The field of that name, which is added when there is none.
    pub fn field(&mut self, name: &str) -> &mut Field {
        let at = self.fields.iter().position(|field| field.is(name));
        let at = at.unwrap_or_else(|| {
            self.fields.push(Field::new(name, ""));
            self.fields.len() - 1
        });
        &mut self.fields[at]
    }

    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|field| !field.is(name));
    }

    /// Gives it a body with its length.
    pub fn plain(&mut self, body: &[u8]) {
        self.unframed(body);
        self.field("Content-Length").value = body.len().to_string().into_bytes();
    }

    /// Gives it a body that no field announces.
    pub fn unframed(&mut self, body: &[u8]) {
        self.remove("Transfer-Encoding");
        self.remove("Content-Length");
        self.body = Body::Plain(body.to_vec());
    }

    /// Gives it a body in chunks.
    pub fn chunked(&mut self, chunks: &[&[u8]]) {
        self.remove("Content-Length");
        self.field("Transfer-Encoding").value = b"chunked".to_vec();
        let chunks = chunks.iter().map(|data| Chunk::new(data)).collect();
        self.body = Body::Chunks(chunks, LAST_CHUNK.to_vec());
    }

    /// The chunks and what follows them; a body that has none gets the second message as one.
    pub fn chunks(&mut self) -> (&mut Vec<Chunk>, &mut Vec<u8>) {
        if matches!(self.body, Body::Plain(_)) {
            let second = self.second.clone();
            self.chunked(&[&second]);
        }
        match &mut self.body {
            Body::Chunks(chunks, last) => (chunks, last),
            Body::Plain(_) => unreachable!("it was just made of chunks"),
        }
    }

    /// The body as it will be sent.
    pub fn body_bytes(&self) -> Vec<u8> {
        match &self.body {
            Body::Plain(bytes) => bytes.clone(),
            Body::Chunks(chunks, last) => {
                let parts = |c: &Chunk| [&c.size[..], &c.size_end, &c.data, &c.data_end].concat();
                [chunks.iter().flat_map(parts).collect(), last.clone()].concat()
            }
        }
    }

    /// All of it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.before.clone();
        for (part, after) in self.first.iter().zip(&self.between) {
            out.extend([&part[..], after].concat());
        }
        for Field { name, colon, value, end } in &self.fields {
            out.extend([&name[..], colon, value, end].concat());
        }
        [out, self.head_end.clone(), self.body_bytes(), self.tail.clone()].concat()
    }
}
