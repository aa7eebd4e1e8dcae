//! Sessions that stay with their backend: which backend a request names, and the cookie that makes
//! the next one name it. Pure.
//!
//! ```text
//!  /shop;SID=x.b1   /shop?SID=x.b1   Cookie: SID=x.b1 ──> route b1 ──> place of that backend
//! ```
//! As in Apache's mod_proxy_balancer a parameter goes before the cookie, of several the first
//! counts, and the route is what follows the first separator. Nothing is stored: a balancer that
//! has just started knows as much as one that has not, and several know the same.

use std::collections::HashMap;

use bramble_config::plan;
use bramble_http::{Kind, RequestHead};

/// A pool's sessions.
pub(crate) struct Sticky {
    cookie: Vec<u8>,
    parameter: Vec<u8>,
    separator: Option<u8>,
    /// Route → place in the pool.
    routes: HashMap<Vec<u8>, usize>,
    /// Bytes of the longest: whatever is longer is none.
    longest: usize,
    /// What is set for the backend of each place; nothing where the app sets its own.
    cookies: Vec<Cookies>,
}

/// A cookie's whole field value.
struct Cookies {
    plain: String,
    secure: String,
}

/// What is known of a request's session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Session {
    /// Place of the backend that it is with.
    pub(crate) home: Option<usize>,
    /// Its visitor came by TLS, where that matters.
    pub(crate) is_secure: bool,
}

impl Sticky {
    /// None: the pool knows no sessions.
    pub(crate) fn new(pool: &plan::Pool) -> Option<Self> {
        let sticky = pool.sticky.as_ref()?;
        let routes = pool.backends.iter().map(|backend| pool.route_of(backend).unwrap_or_default());
        let cookies =
            routes.clone().filter(|_| sticky.set).map(|route| Cookies::new(sticky, route));
        let by_route = routes.clone().zip(0..).filter(|(route, _)| !route.is_empty());
        Some(Self {
            cookie: sticky.cookie.clone().into(),
            parameter: sticky.parameter.clone().into(),
            separator: sticky.separator.and_then(|c| u8::try_from(c).ok()),
            cookies: cookies.collect(),
            longest: routes.map(str::len).max().unwrap_or(0),
            routes: by_route.map(|(route, place)| (route.into(), place)).collect(),
        })
    }

    /// The place of the backend whose route the request names.
    pub(crate) fn home(&self, head: &RequestHead, buf: &[u8]) -> Option<usize> {
        let value = in_path(head.target.path.of(buf), &self.parameter)
            .or_else(|| in_query(head.target.query.of(buf), &self.parameter))
            .or_else(|| in_cookies(head.values(buf, Kind::Cookie), &self.cookie))?;
        let route = match self.separator {
            None => value,
            Some(separator) => after(value, separator)?,
        };
        self.place(route)
    }

    /// The place of the backend that has the route.
    pub(crate) fn place(&self, route: &[u8]) -> Option<usize> {
        (route.len() <= self.longest).then(|| self.routes.get(route).copied()).flatten()
    }

    /// Whether the balancer sets the cookie.
    pub(crate) fn sets(&self) -> bool {
        !self.cookies.is_empty()
    }

    /// What an answer sets so that the session's next request comes to the backend of this place.
    pub(crate) fn cookie(&self, place: usize, is_secure: bool) -> Option<&str> {
        let cookies = self.cookies.get(place)?;
        Some(if is_secure { &cookies.secure } else { &cookies.plain })
    }
}

impl Cookies {
    fn new(sticky: &plan::Sticky, route: &str) -> Self {
        let separator = sticky.separator.map(String::from).unwrap_or_default();
        let plain = format!("{}={separator}{route}; Path=/; HttpOnly; SameSite=Lax", sticky.cookie);
        Self { secure: format!("{plain}; Secure"), plain }
    }
}

/// Of a path's segment, as app servers write sessions for visitors without cookies
/// (RFC 3986 section 3.3).
fn in_path<'a>(path: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let segments = path.split(|byte| *byte == b'/');
    let mut parameters = segments.flat_map(|part| part.split(|byte| *byte == b';').skip(1));
    parameters.find_map(|pair| value(pair, name))
}

fn in_query<'a>(query: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    query.split(|byte| matches!(byte, b'&' | b';')).find_map(|pair| value(pair, name))
}

/// Of a `Cookie` field (RFC 6265 section 5.4), in which old clients put commas, too.
fn in_cookies<'a>(mut fields: impl Iterator<Item = &'a [u8]>, name: &[u8]) -> Option<&'a [u8]> {
    fields.find_map(|field| {
        let mut pairs = field.split(|byte| matches!(byte, b';' | b','));
        pairs.find_map(|pair| value(pair.trim_ascii(), name))
    })
}

/// One that is empty says nothing.
fn value<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    pair.strip_prefix(name)?.strip_prefix(b"=").filter(|value| !value.is_empty())
}

fn after(value: &[u8], separator: u8) -> Option<&[u8]> {
    value.splitn(2, |byte| *byte == separator).nth(1)
}

#[cfg(test)]
mod tests;
