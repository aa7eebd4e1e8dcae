//! Reading the head of an answer.

use crate::{
    Body, Field, Kind, Limits, Parsed, Reject, Span, Version,
    connection::{Connection, Upgrade},
    field,
    framing::Framing,
    head::{self, Reader, Stop},
    request::version,
    scan,
};

/// A checked head of an answer. Its spans point into the buffer that was parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    /// Bytes of the head with its empty line; the body begins there.
    pub len: usize,
    /// 100 to 599. Below 200 another head follows, but for 101: after it comes what is not HTTP.
    pub status: u16,
    /// The words behind the status; may be empty.
    pub reason: Span,
    /// The version of whoever answered.
    pub version: Version,
    /// All fields in order.
    pub fields: Vec<Field>,
    /// How the body ends.
    pub body: Body,
    /// The length in `Content-Length`, which an answer without a body (HEAD, 304) may have too.
    pub content_length: Option<u64>,
    /// Whether the connection may carry another request.
    pub keep_alive: bool,
    /// What it says in `Bramble-Load`, if it says that once.
    pub load: Option<Span>,
}

/// What an answer means depends on the request that it is to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// By HEAD: the answer has no body, whatever its head says.
    pub head: bool,
    /// To switch to WebSocket: 101 is an answer.
    pub upgrade: bool,
}

impl ResponseHead {
    /// The value of the first field of `kind`.
    pub fn value<'a>(&self, buf: &'a [u8], kind: Kind) -> Option<&'a [u8]> {
        field::value(&self.fields, buf, kind)
    }

    /// The values of all fields of `kind`, in order.
    pub fn values<'a>(&self, buf: &'a [u8], kind: Kind) -> impl Iterator<Item = &'a [u8]> {
        field::values(&self.fields, buf, kind)
    }

    /// Whether no other head follows to the same request.
    pub fn is_final(&self) -> bool {
        self.status >= 200 || self.status == 101
    }

    /// Whether it should say when it was made (RFC 9110 section 6.6.1), and does not.
    pub fn lacks_date(&self) -> bool {
        self.status >= 200 && self.fields.iter().all(|field| field.kind != Kind::Date)
    }

    fn clear(&mut self) {
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        *self = ResponseHead { fields, ..ResponseHead::default() };
    }
}

/// Reads the head of an answer from the start of `buf` into `head`, whose memory is reused.
///
/// Underscores in names pass here: they can forge nothing on the way to a client, and apps
/// send them.
pub fn parse_response(
    buf: &[u8],
    limits: &Limits,
    asked: Asked,
    head: &mut ResponseHead,
) -> Result<Parsed, Reject> {
    head.clear();
    head::parsed(read(buf, limits, asked, head), buf, limits)
}

/// Whether an answer with `status` ends with its head, whatever its fields say
/// (RFC 9112 section 6.3).
pub(crate) fn is_bodiless(status: u16) -> bool {
    matches!(status, 100..=199 | 204 | 304)
}

fn read(buf: &[u8], limits: &Limits, asked: Asked, head: &mut ResponseHead) -> Result<(), Stop> {
    let mut reader = Reader::new(buf, limits);
    status_line(&mut reader, asked, head)?;

    let mut framing = Framing::default();
    let (mut has_connection, mut upgrade) = (false, Upgrade::default());
    let mut loads = 0;
    while let Some(field) = reader.field(scan::TOKEN)? {
        if head.fields.len() >= limits.fields {
            return Err(Reject::TooManyFields.into());
        }
        head.fields.push(field);
        let value = field.value.of(buf);
        match field.kind {
            Kind::BrambleLoad => {
                loads += 1;
                head.load = (loads == 1).then_some(field.value);
            }
            Kind::Connection => has_connection = true,
            Kind::ContentLength | Kind::TransferEncoding => {
                framing.add(field.kind, value, head.version)?;
            }
            Kind::Upgrade => upgrade.add(value),
            _ => {}
        }
    }
    head.len = reader.at();
    head.content_length = framing.length;
    if !asked.head && !is_bodiless(head.status) {
        head.body = framing.body(Body::UntilClose, limits)?;
    }
    let connection = match has_connection {
        true => Connection::read(buf, &mut head.fields)?,
        false => Connection::default(),
    };
    if head.status == 101 && !(upgrade.is_websocket() && connection.upgrade) {
        return Err(Reject::SwitchingProtocols.into());
    }
    head.keep_alive = connection.persists(head.version) && head.body != Body::UntilClose;
    Ok(())
}

fn status_line(reader: &mut Reader<'_>, asked: Asked, head: &mut ResponseHead) -> Result<(), Stop> {
    head.version = version(reader)?;
    reader.expect(b' ', Reject::InvalidStatus)?;
    head.status = match reader.array::<3>()? {
        [a @ b'1'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            [a, b, c].iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'))
        }
        _ => return Err(Reject::InvalidStatus.into()),
    };
    if head.status == 101 && !asked.upgrade {
        return Err(Reject::SwitchingProtocols.into());
    }
    reader.expect(b' ', Reject::InvalidStatus)?;
    head.reason = reader.text();
    reader.line_end(Reject::InvalidReasonPhrase)
}

#[cfg(test)]
mod tests;
