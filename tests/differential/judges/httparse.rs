//! httparse, which reads heads and chunk sizes, with the framing of RFC 9112 section 6.3 around
//! it. Of what that leaves open nothing is guessed.

use httparse::{EMPTY_HEADER, Header, Status};

use super::{Ask, End, Message, Reading, Side};

const FIELDS: usize = 1000;

/// Why a message was not read.
enum Stop {
    Partial,
    Refused(String),
}

/// How a message's body ends.
enum Framing {
    Chunked,
    Length(usize),
    UntilClose,
}

/// A message's head.
struct Head {
    len: usize,
    message: Message,
    framing: Framing,
    closes: bool,
    interim: bool,
}

/// What the bytes hold.
pub(super) fn read(ask: &Ask) -> Reading {
    let (mut messages, mut rest) = (Vec::new(), &ask.bytes[..]);
    let mut methods = match &ask.side {
        Side::Answers(methods) => methods.iter().copied().map(Some).collect(),
        Side::Requests => Vec::new(),
    }
    .into_iter();
    let mut method = methods.next().flatten();
    let end = loop {
        if rest.is_empty() {
            break End::Clean;
        }
        if ask.side != Side::Requests && method.is_none() {
            break End::Stopped("surplus".to_owned());
        }
        let first = first(rest, method, ask.closed);
        messages.extend(first.message);
        match first.stop {
            Some(Stop::Partial) => break End::Partial,
            Some(Stop::Refused(why)) => break End::Refused(why),
            None => rest = &rest[first.len..],
        }
        if first.closes && !rest.is_empty() {
            break End::Stopped("closed".to_owned());
        }
        if !first.interim {
            method = methods.next().flatten();
        }
    };
    Reading { messages, end }
}

/// The request at the start of the bytes, if it is there whole, and its length; or that there
/// can't be one.
pub(crate) fn whole_request(bytes: &[u8]) -> Result<Option<(Message, usize)>, String> {
    let First { message, len, stop, .. } = first(bytes, None, false);
    match stop {
        None => Ok(message.map(|message| (message, len))),
        Some(Stop::Partial) => Ok(None),
        Some(Stop::Refused(why)) => Err(why),
    }
}

/// Whether the bytes begin with a whole answer, behind interim ones.
pub(crate) fn whole_answer(mut bytes: &[u8], method: &str) -> bool {
    loop {
        match first(bytes, Some(method), false) {
            First { stop: Some(_), .. } => return false,
            First { interim: true, len, .. } => bytes = &bytes[len..],
            First { .. } => return true,
        }
    }
}

/// The message at the start of the bytes, as far as it goes.
struct First {
    message: Option<Message>,
    len: usize,
    closes: bool,
    interim: bool,
    stop: Option<Stop>,
}

fn first(bytes: &[u8], method: Option<&str>, closed: bool) -> First {
    let head = method.map_or_else(|| request(bytes), |method| answer(bytes, method));
    let Head { len, mut message, framing, closes, interim } = match head {
        Ok(head) => head,
        Err(stop) => {
            return First {
                message: None,
                len: 0,
                closes: false,
                interim: false,
                stop: Some(stop),
            };
        }
    };
    match body(&bytes[len..], &framing, closed, &mut message.body) {
        Ok(taken) => {
            message.whole = true;
            First { message: Some(message), len: len + taken, closes, interim, stop: None }
        }
        Err(stop) => First { message: Some(message), len, closes, interim, stop: Some(stop) },
    }
}

fn request(bytes: &[u8]) -> Result<Head, Stop> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let len = complete(request.parse(bytes))?;
    let message = Message {
        word: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        host: values(request.headers, "host").join(", "),
        ..Message::default()
    };
    let version = request.version.unwrap_or_default();
    let framing = framing(request.headers, version)?.unwrap_or(Framing::Length(0));
    let closes = !persists(request.headers, version);
    Ok(Head { len, message, framing, closes, interim: false })
}

fn answer(bytes: &[u8], method: &str) -> Result<Head, Stop> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let len = complete(answer.parse(bytes))?;
    let status = answer.code.unwrap_or_default();
    let message = Message { word: status.to_string(), ..Message::default() };
    let version = answer.version.unwrap_or_default();
    let announced = framing(answer.headers, version)?.unwrap_or(Framing::UntilClose);
    let bodiless = method == "HEAD" || matches!(status, 100..=199 | 204 | 304);
    let framing = if bodiless { Framing::Length(0) } else { announced };
    let interim = matches!(status, 100..=199);
    let closes = !interim && !persists(answer.headers, version);
    Ok(Head { len, message, framing, closes, interim })
}

fn complete(parsed: httparse::Result<usize>) -> Result<usize, Stop> {
    match parsed {
        Ok(Status::Complete(len)) => Ok(len),
        Ok(Status::Partial) => Err(Stop::Partial),
        Err(error) => Err(Stop::Refused(error.to_string())),
    }
}

/// What the fields announce, if anything.
fn framing(fields: &[Header<'_>], version: u8) -> Result<Option<Framing>, Stop> {
    let refuse = |why: &str| Err(Stop::Refused(why.to_owned()));
    let (codings, lengths) =
        (values(fields, "transfer-encoding"), values(fields, "content-length"));
    match (&codings[..], &lengths[..]) {
        ([], []) => Ok(None),
        ([coding], []) if version == 1 && coding.eq_ignore_ascii_case("chunked") => {
            Ok(Some(Framing::Chunked))
        }
        ([], [length]) if !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()) => {
            let length =
                length.parse().map_err(|_| Stop::Refused("length overflows".to_owned()))?;
            Ok(Some(Framing::Length(length)))
        }
        ([], _) => refuse("Content-Length"),
        (_, []) => refuse("Transfer-Encoding"),
        _ => refuse("both"),
    }
}

/// Appends the body to `out`; tells how many bytes it took.
fn body(bytes: &[u8], framing: &Framing, closed: bool, out: &mut Vec<u8>) -> Result<usize, Stop> {
    match framing {
        Framing::Chunked => chunks(bytes, out),
        Framing::Length(length) => {
            let here = bytes.len().min(*length);
            out.extend_from_slice(&bytes[..here]);
            if here == *length { Ok(here) } else { Err(Stop::Partial) }
        }
        Framing::UntilClose => {
            out.extend_from_slice(bytes);
            if closed { Ok(bytes.len()) } else { Err(Stop::Partial) }
        }
    }
}

fn chunks(bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, Stop> {
    let mut at = 0;
    loop {
        let (len, size) = match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(Status::Complete(found)) => found,
            Ok(Status::Partial) => return Err(Stop::Partial),
            Err(_) => return Err(Stop::Refused("chunk size".to_owned())),
        };
        at += len;
        if size == 0 {
            let mut fields = [EMPTY_HEADER; FIELDS];
            return match httparse::parse_headers(&bytes[at..], &mut fields) {
                Ok(Status::Complete((len, _))) => Ok(at + len),
                Ok(Status::Partial) => Err(Stop::Partial),
                Err(error) => Err(Stop::Refused(error.to_string())),
            };
        }
        let data = &bytes[at..];
        let here = usize::try_from(size).unwrap_or(usize::MAX).min(data.len());
        out.extend_from_slice(&data[..here]);
        match &data[here..] {
            [b'\r', b'\n', ..] => at += here + 2,
            [] | [b'\r'] => return Err(Stop::Partial),
            _ => return Err(Stop::Refused("chunk's end".to_owned())),
        }
    }
}

fn persists(fields: &[Header<'_>], version: u8) -> bool {
    let options = values(fields, "connection").join(",");
    let has = |name: &str| options.split(',').any(|one| one.trim().eq_ignore_ascii_case(name));
    !has("close") && (version == 1 || has("keep-alive"))
}

fn values(fields: &[Header<'_>], name: &str) -> Vec<String> {
    let named = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
    // As Latin-1, so that each byte counts.
    let text = |field: &Header<'_>| field.value.iter().map(|&byte| char::from(byte)).collect();
    named.map(text).collect()
}
