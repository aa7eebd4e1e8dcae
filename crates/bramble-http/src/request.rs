//! Reading a request's head.

use crate::{
    Body, Field, Kind, Limits, Method, Parsed, Reject, Span, Target, Version,
    build::PSEUDONYM,
    connection::{Connection, Upgrade},
    field,
    framing::Framing,
    head::{self, Reader, Stop},
    parse_authority, scan,
};

/// A method longer than this is none that anybody implements (RFC 9110 section 15.6.2).
const METHOD_BYTES_MAX: usize = 32;

/// Begins HTTP/2's connection preface and is reserved for that (RFC 9113 section 11.6): a backend
/// that knows both versions must never see it from us.
const PREFACE: &[u8] = b"PRI";

/// A checked request head. Its spans point into the buffer that was parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    /// Bytes of the head with its empty line; the body begins there.
    pub len: usize,
    /// What is asked for.
    pub method: Method,
    /// Of what. It is a value to route by, never an address to connect to.
    pub target: Target,
    /// The client's version.
    pub version: Version,
    /// The authority: an absolute target's, else the `Host` field's. An HTTP/1.0 request may
    /// have none.
    pub host: Option<Span>,
    /// All fields in order.
    pub fields: Vec<Field>,
    /// How the body ends.
    pub body: Body,
    /// Whether the client would send another request on this connection.
    pub keep_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub expect_continue: bool,
    /// Whether the client asks how much there is to do (`Bramble-Load`).
    pub asks_load: bool,
    /// Whether the client asks to switch to WebSocket (RFC 6455 section 4.1). Any other switch
    /// is ignored, which is always allowed: `h2c` above all, which would carry requests past
    /// whoever reads HTTP/1.
    pub upgrade: bool,
}

impl RequestHead {
    /// The value of the first field of `kind`.
    pub fn value<'a>(&self, buf: &'a [u8], kind: Kind) -> Option<&'a [u8]> {
        field::value(&self.fields, buf, kind)
    }

    /// The values of all fields of `kind`, in order.
    pub fn values<'a>(&self, buf: &'a [u8], kind: Kind) -> impl Iterator<Item = &'a [u8]> {
        field::values(&self.fields, buf, kind)
    }

    /// How many more hops a TRACE or OPTIONS may take; at 0 it is to be answered here. With other
    /// methods, or as anything but a number, it has no meaning (RFC 9110 section 7.6.2).
    pub fn max_forwards(&self, buf: &[u8]) -> Option<u64> {
        if !matches!(self.method, Method::Options | Method::Trace) {
            return None;
        }
        let value = self.value(buf, Kind::MaxForwards)?;
        let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        // A larger number is as good as our largest.
        let number = || std::str::from_utf8(value).ok()?.parse().ok().or(Some(u64::MAX));
        is_number.then(number).flatten()
    }

    /// How often `Via` says that it came by one of our name, this or another
    /// (RFC 9110 section 7.6.3).
    pub fn rounds(&self, buf: &[u8]) -> usize {
        let hops = self.values(buf, Kind::Via).flat_map(|value| value.split(|&byte| byte == b','));
        let is_ours = |hop: &&[u8]| {
            let words = hop.split(|byte| matches!(byte, b' ' | b'\t'));
            words.filter(|word| !word.is_empty()).nth(1) == Some(PSEUDONYM)
        };
        hops.filter(is_ours).count()
    }

    fn clear(&mut self) {
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        *self = RequestHead { fields, ..RequestHead::default() };
    }
}

/// Reads a request head from the start of `buf` into `head`, whose memory is reused.
pub fn parse_request(
    buf: &[u8],
    limits: &Limits,
    head: &mut RequestHead,
) -> Result<Parsed, Reject> {
    head.clear();
    head::parsed(read(buf, limits, head), buf, limits)
}

fn read(buf: &[u8], limits: &Limits, head: &mut RequestHead) -> Result<(), Stop> {
    let mut reader = Reader::new(buf, limits);
    head.method = method(&mut reader, buf)?;
    let raw = target(&mut reader, limits)?;
    let (target, authority) = Target::parse(buf, raw, head.method)?;
    head.target = target;
    head.version = version(&mut reader)?;
    reader.line_end(Reject::InvalidVersion)?;

    let mut seen = Seen::default();
    while let Some(field) = reader.field(scan::NAME)? {
        if head.fields.len() >= limits.fields {
            return Err(Reject::TooManyFields.into());
        }
        head.fields.push(field);
        seen.add(field.kind, field.value, buf, head)?;
    }
    head.len = reader.at();
    Ok(seen.finish(buf, limits, authority, head)?)
}

fn method(reader: &mut Reader<'_>, buf: &[u8]) -> Result<Method, Stop> {
    let name = reader.run(scan::TOKEN);
    if name.len() > METHOD_BYTES_MAX {
        return Err(Reject::MethodNotImplemented.into());
    }
    match reader.peek()? {
        b' ' if !name.is_empty() => reader.expect(b' ', Reject::InvalidMethod)?,
        _ => return Err(Reject::InvalidMethod.into()),
    }
    if name.of(buf) == PREFACE {
        return Err(Reject::MethodNotImplemented.into());
    }
    match Method::parse(buf, name) {
        Method::Connect => Err(Reject::MethodNotImplemented.into()),
        method => Ok(method),
    }
}

fn target(reader: &mut Reader<'_>, limits: &Limits) -> Result<Span, Stop> {
    let raw = reader.run(scan::TARGET);
    if raw.len() > limits.target_bytes {
        return Err(Reject::TargetTooLong.into());
    }
    match reader.peek()? {
        b' ' if !raw.is_empty() => reader.expect(b' ', Reject::InvalidTarget)?,
        b'#' => return Err(Reject::FragmentInTarget.into()),
        b'\r' | b'\n' => return Err(Reject::InvalidVersion.into()),
        _ => return Err(Reject::InvalidTarget.into()),
    }
    Ok(raw)
}

pub(crate) fn version(reader: &mut Reader<'_>) -> Result<Version, Stop> {
    match &reader.array::<8>()? {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            Err(Reject::VersionNotSupported.into())
        }
        _ => Err(Reject::InvalidVersion.into()),
    }
}

/// What the fields said so far that the whole head must agree on.
#[derive(Default)]
struct Seen {
    host: Option<Span>,
    framing: Framing,
    connection: bool,
    upgrade: Upgrade,
}

impl Seen {
    #[inline]
    fn add(
        &mut self,
        kind: Kind,
        value: Span,
        buf: &[u8],
        head: &mut RequestHead,
    ) -> Result<(), Reject> {
        match kind {
            Kind::Host if self.host.is_some() => return Err(Reject::RepeatedHost),
            Kind::Host => {
                parse_authority(value.of(buf)).ok_or(Reject::InvalidHost)?;
                self.host = Some(value);
            }
            Kind::ContentLength | Kind::TransferEncoding => {
                self.framing.add(kind, value.of(buf), head.version)?;
            }
            Kind::BrambleLoad => head.asks_load = true,
            Kind::Connection => self.connection = true,
            Kind::Upgrade => self.upgrade.add(value.of(buf)),
            Kind::Expect if value.of(buf).eq_ignore_ascii_case(b"100-continue") => {
                // An HTTP/1.0 client cannot mean it (RFC 9110 section 10.1.1).
                head.expect_continue = head.version == Version::Http11;
            }
            Kind::Expect => return Err(Reject::ExpectationFailed),
            _ => {}
        }
        Ok(())
    }

    fn finish(
        self,
        buf: &[u8],
        limits: &Limits,
        authority: Option<Span>,
        head: &mut RequestHead,
    ) -> Result<(), Reject> {
        if self.host.is_none() && head.version == Version::Http11 {
            return Err(Reject::MissingHost);
        }
        // RFC 9112 section 3.2.2: the target's authority wins over Host.
        head.host = authority.or(self.host);
        head.body = self.framing.body(Body::None, limits)?;
        let connection = match self.connection {
            true => Connection::read(buf, &mut head.fields)?,
            false => Connection::default(),
        };
        head.keep_alive = connection.persists(head.version);
        head.upgrade = self.upgrade.is_websocket()
            && connection.upgrade
            && head.version == Version::Http11
            && head.method == Method::Get
            && head.body == Body::None;
        head.expect_continue &= head.body != Body::None;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
