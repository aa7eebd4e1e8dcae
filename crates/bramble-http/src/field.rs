//! Fields of a head, and the kinds that this crate or its users must know.

use crate::{Span, scan};

/// One field line, checked: the name is a token, the value holds no control character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name as it was sent.
    pub name: Span,
    /// The value without the whitespace around it.
    pub value: Span,
    /// Which field it is.
    pub kind: Kind,
}

impl Field {
    /// From the name to the line's end, if it is laid out as usual.
    #[inline]
    pub(crate) fn line(&self) -> Span {
        Span::new(self.name.start(), self.value.end() + 2)
    }

    /// Whether `line`, the bytes at [`Field::line`], are exactly name, `: `, value and CRLF.
    #[inline]
    pub(crate) fn is_plain(&self, line: &[u8]) -> bool {
        self.value.start() == self.name.end() + 2
            && line.get(self.name.len() + 1) == Some(&b' ')
            && line.ends_with(b"\r\n")
    }
}

/// Which field a name means; names are compared without case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Accept,
    AcceptEncoding,
    Authorization,
    BrambleLoad,
    BrambleRelease,
    /// Any other `Bramble-*`: ours alone, so it never crosses the edge.
    Bramble,
    CacheControl,
    Connection,
    ContentEncoding,
    ContentLength,
    ContentType,
    Cookie,
    Date,
    ETag,
    Expect,
    Forwarded,
    Host,
    Http2Settings,
    IfMatch,
    IfModifiedSince,
    IfNoneMatch,
    IfRange,
    IfUnmodifiedSince,
    KeepAlive,
    LastModified,
    Location,
    MaxForwards,
    Origin,
    /// The header that CGI turns into `HTTP_PROXY` (httpoxy).
    Proxy,
    ProxyAuthenticate,
    ProxyAuthenticationInfo,
    ProxyAuthorization,
    ProxyConnection,
    Range,
    Referer,
    RetryAfter,
    Server,
    SetCookie,
    Te,
    Trailer,
    TransferEncoding,
    Upgrade,
    UserAgent,
    Vary,
    Via,
    XForwardedFor,
    XForwardedHost,
    XForwardedProto,
    /// Any other `X-Forwarded-*`, such as `-Port` and `-Prefix`: as easily forged as the rest.
    XForwarded,
    XRealIp,
    /// Named in `Connection`, so it is for this hop only and goes no further.
    NamedHop,
    /// Anything else.
    Other,
}

impl Kind {
    /// Whether the field speaks of this connection only and never goes on
    /// (RFC 9110 section 7.6.1). Framing fields count too: they are built anew.
    pub fn is_hop_by_hop(self) -> bool {
        matches!(
            self,
            Kind::Connection
                | Kind::ContentLength
                | Kind::Http2Settings
                | Kind::KeepAlive
                | Kind::NamedHop
                | Kind::ProxyAuthenticate
                | Kind::ProxyAuthenticationInfo
                | Kind::ProxyAuthorization
                | Kind::ProxyConnection
                | Kind::Te
                | Kind::Trailer
                | Kind::TransferEncoding
                | Kind::Upgrade
        )
    }

    /// Whether the field tells a backend who the client is, so that it must come from us.
    pub fn is_identity(self) -> bool {
        matches!(
            self,
            Kind::Forwarded
                | Kind::XForwarded
                | Kind::XForwardedFor
                | Kind::XForwardedHost
                | Kind::XForwardedProto
                | Kind::XRealIp
        )
    }

    /// Whether it is one of those that only nodes say to each other.
    pub fn is_ours(self) -> bool {
        matches!(self, Kind::Bramble | Kind::BrambleLoad | Kind::BrambleRelease)
    }

    /// The kind of a field called `name`.
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Kind {
        Kind::known(name).unwrap_or_else(|| Kind::of_family(name))
    }

    /// The kind of a field whose name has one of its own. Such a name is a token without `_`.
    #[inline]
    pub(crate) fn known(name: &[u8]) -> Option<Kind> {
        // Known names of one length seldom share a first letter, which is cheap to compare.
        let first = name.first()? | 0x20;
        candidates(name.len())
            .iter()
            .find(|(known, _)| known.first() == Some(&first) && scan::is_word(name, known))
            .map(|(_, kind)| *kind)
    }

    fn of_family(name: &[u8]) -> Kind {
        let begins = |prefix: &[u8]| {
            name.get(..prefix.len()).is_some_and(|p| p.eq_ignore_ascii_case(prefix))
        };
        match name.first() {
            Some(b'b' | b'B') if begins(b"bramble-") => Kind::Bramble,
            Some(b'x' | b'X') if begins(b"x-forwarded-") => Kind::XForwarded,
            _ => Kind::Other,
        }
    }
}

/// Bytes of the longest known name.
pub(crate) const KNOWN_BYTES_MAX: usize = 25;

/// The known names of this length: a compare or three instead of forty.
fn candidates(len: usize) -> &'static [(&'static [u8], Kind)] {
    match len {
        2 => &[(b"te", Kind::Te)],
        3 => &[(b"via", Kind::Via)],
        4 => &[
            (b"host", Kind::Host),
            (b"date", Kind::Date),
            (b"etag", Kind::ETag),
            (b"vary", Kind::Vary),
        ],
        5 => &[(b"range", Kind::Range), (b"proxy", Kind::Proxy)],
        6 => &[
            (b"accept", Kind::Accept),
            (b"cookie", Kind::Cookie),
            (b"origin", Kind::Origin),
            (b"server", Kind::Server),
            (b"expect", Kind::Expect),
        ],
        7 => {
            &[(b"referer", Kind::Referer), (b"upgrade", Kind::Upgrade), (b"trailer", Kind::Trailer)]
        }
        8 => &[
            (b"if-match", Kind::IfMatch),
            (b"if-range", Kind::IfRange),
            (b"location", Kind::Location),
        ],
        9 => &[(b"x-real-ip", Kind::XRealIp), (b"forwarded", Kind::Forwarded)],
        10 => &[
            (b"connection", Kind::Connection),
            (b"user-agent", Kind::UserAgent),
            (b"keep-alive", Kind::KeepAlive),
            (b"set-cookie", Kind::SetCookie),
        ],
        11 => &[(b"retry-after", Kind::RetryAfter)],
        12 => &[
            (b"content-type", Kind::ContentType),
            (b"max-forwards", Kind::MaxForwards),
            (b"bramble-load", Kind::BrambleLoad),
        ],
        13 => &[
            (b"cache-control", Kind::CacheControl),
            (b"if-none-match", Kind::IfNoneMatch),
            (b"last-modified", Kind::LastModified),
            (b"authorization", Kind::Authorization),
        ],
        14 => &[(b"content-length", Kind::ContentLength), (b"http2-settings", Kind::Http2Settings)],
        15 => &[
            (b"accept-encoding", Kind::AcceptEncoding),
            (b"x-forwarded-for", Kind::XForwardedFor),
            (b"bramble-release", Kind::BrambleRelease),
        ],
        16 => &[
            (b"content-encoding", Kind::ContentEncoding),
            (b"x-forwarded-host", Kind::XForwardedHost),
            (b"proxy-connection", Kind::ProxyConnection),
        ],
        17 => &[
            (b"if-modified-since", Kind::IfModifiedSince),
            (b"transfer-encoding", Kind::TransferEncoding),
            (b"x-forwarded-proto", Kind::XForwardedProto),
        ],
        18 => &[(b"proxy-authenticate", Kind::ProxyAuthenticate)],
        19 => &[
            (b"if-unmodified-since", Kind::IfUnmodifiedSince),
            (b"proxy-authorization", Kind::ProxyAuthorization),
        ],
        25 => &[(b"proxy-authentication-info", Kind::ProxyAuthenticationInfo)],
        _ => &[],
    }
}

/// The value of the first field of `kind`.
pub(crate) fn value<'a>(fields: &[Field], buf: &'a [u8], kind: Kind) -> Option<&'a [u8]> {
    values(fields, buf, kind).next()
}

/// The values of all fields of `kind`, in order.
pub(crate) fn values<'a>(
    fields: &[Field],
    buf: &'a [u8],
    kind: Kind,
) -> impl Iterator<Item = &'a [u8]> {
    fields.iter().filter(move |field| field.kind == kind).map(|field| field.value.of(buf))
}

#[cfg(test)]
mod tests;
