//! Paths that a backend knows under another prefix: mapped on the way to it, and mapped back in
//! what it says of itself (as Apache's `ProxyPassReverse` and `ProxyPassReverseCookiePath`).
//!
//! ```text
//!  /app/x ── forward ──> /base/x          Location: /base/y ── back ──> Location: /app/y
//! ```

use crate::{Field, Kind, scan};

/// One prefix in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// As visitors know it, without a last `/`: empty for the root.
    prefix: Vec<u8>,
    /// As the backend does.
    base: Vec<u8>,
    /// Segments of `prefix`.
    depth: usize,
}

/// What is mapped back in an answer.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a> {
    /// How the path was mapped.
    pub mapping: &'a Mapping,
    /// Authorities that are the backend's own, and nothing to visitors: its address, and what it
    /// got as `Host` if that is not what they asked for. Empty: there is none.
    pub hidden: [&'a [u8]; 2],
    /// What the visitor asked for.
    pub seen: &'a [u8],
}

impl Mapping {
    /// `prefix` and `base` are plain paths: visible ASCII, no `%`, no empty or dot segment.
    #[must_use]
    pub fn new(prefix: &str, base: &str) -> Self {
        let trimmed = |path: &str| path.trim_end_matches('/').as_bytes().to_vec();
        let depth = prefix.split('/').filter(|segment| !segment.is_empty()).count();
        Self { prefix: trimmed(prefix), base: trimmed(base), depth }
    }

    /// Whether paths are the same at the backend.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.prefix == self.base
    }

    /// Appends what `raw`, a path below the prefix, is called at the backend.
    ///
    /// Dot segments are resolved before the prefix is taken off, or `/app/../app/../x` would come
    /// out of the base. Whatever else is encoded stays as it was sent.
    pub fn forward(&self, out: &mut Vec<u8>, raw: &[u8]) {
        let mut segments: Vec<&[u8]> = Vec::new();
        let mut is_folder = false;
        for segment in raw.split(|byte| *byte == b'/') {
            is_folder = true;
            match dots(segment) {
                _ if segment.is_empty() => {}
                Some(1) => {}
                Some(_) => drop(segments.pop()),
                None => {
                    segments.push(segment);
                    is_folder = false;
                }
            }
        }
        out.extend_from_slice(&self.base);
        let rest = segments.get(self.depth..).unwrap_or_default();
        for segment in rest {
            out.push(b'/');
            out.extend_from_slice(segment);
        }
        if is_folder || (rest.is_empty() && self.base.is_empty()) {
            out.push(b'/');
        }
    }

    /// A path of the backend's as visitors know it; none if they can't reach it here.
    fn back<'a>(&'a self, path: &'a [u8]) -> Option<[&'a [u8]; 2]> {
        if self.is_right(path) {
            return None;
        }
        below(path, &self.base).map(|rest| [self.prefix.as_slice(), rest])
    }

    /// An app that knows where it is mounted has said it right.
    fn is_right(&self, path: &[u8]) -> bool {
        (self.base.is_empty() || self.is_same()) && below(path, &self.prefix).is_some()
    }
}

impl Back<'_> {
    /// Appends the field mapped back; false: it is none that would be, or it stays as it is.
    pub(crate) fn put(&self, out: &mut Vec<u8>, buf: &[u8], field: &Field) -> bool {
        let (name, value) = (field.name.of(buf), field.value.of(buf));
        let start = out.len();
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        let is_mapped = match field.kind {
            Kind::Location => self.put_url(out, value),
            Kind::SetCookie => self.put_cookie(out, value),
            Kind::Other if scan::is_word(name, b"content-location") => self.put_url(out, value),
            _ => false,
        };
        match is_mapped {
            true => out.extend_from_slice(b"\r\n"),
            false => out.truncate(start),
        }
        is_mapped
    }

    /// A URL of this place, or a path of its own; others are somebody else's.
    fn put_url(&self, out: &mut Vec<u8>, value: &[u8]) -> bool {
        let (origin, path) = split_origin(value);
        let authority = origin.splitn(4, |byte| *byte == b'/').nth(2).unwrap_or_default();
        let is_it = |own: &[u8]| !own.is_empty() && own.eq_ignore_ascii_case(authority);
        let is_seen = is_it(self.seen);
        let is_hidden = !is_seen && self.hidden.iter().any(|own| is_it(own));
        if !origin.is_empty() && !is_seen && !is_hidden {
            return false;
        }
        let end = path.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(path.len());
        let (path, query) = path.split_at(end);
        let parts = match self.mapping.back(path) {
            Some(parts) => parts,
            // A backend's own address is nothing to visitors: for them it is here.
            None if is_hidden && self.mapping.is_right(path) => [&b""[..], path],
            None => return false,
        };
        if is_seen {
            out.extend_from_slice(origin);
        }
        parts.iter().for_each(|part| out.extend_from_slice(part));
        if parts.iter().all(|part| part.is_empty()) {
            out.push(b'/');
        }
        out.extend_from_slice(query);
        true
    }

    /// Where a cookie holds is mapped; everything else in it stays.
    fn put_cookie(&self, out: &mut Vec<u8>, value: &[u8]) -> bool {
        let mut is_mapped = false;
        for (index, attribute) in value.split(|byte| *byte == b';').enumerate() {
            if index > 0 {
                out.push(b';');
            }
            let path = Some(attribute).filter(|_| index > 0).and_then(cookie_path);
            match path.and_then(|path| self.mapping.back(path)) {
                Some([prefix, rest]) => {
                    is_mapped = true;
                    out.extend_from_slice(b" Path=");
                    out.extend_from_slice(prefix);
                    // With a last `/` it would not hold for the prefix itself.
                    let rest = if rest == b"/" && !prefix.is_empty() { b"" } else { rest };
                    out.extend_from_slice(rest);
                    if prefix.is_empty() && rest.is_empty() {
                        out.push(b'/');
                    }
                }
                None => out.extend_from_slice(attribute),
            }
        }
        is_mapped
    }
}

/// The rest of a path that is this one or below it.
fn below<'a>(path: &'a [u8], base: &[u8]) -> Option<&'a [u8]> {
    let rest = path.strip_prefix(base)?;
    (path.starts_with(b"/") && (rest.is_empty() || rest.starts_with(b"/"))).then_some(rest)
}

/// Scheme and authority, and what follows them; nothing and the value where it is a path.
fn split_origin(value: &[u8]) -> (&[u8], &[u8]) {
    let is_path = value.starts_with(b"/") && !value.starts_with(b"//");
    let scheme = [&b"http://"[..], b"https://", b"//"]
        .into_iter()
        .find(|scheme| value.get(..scheme.len()).is_some_and(|v| v.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme.filter(|_| !is_path) else { return (b"", value) };
    let rest = value.get(scheme.len()..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    value.split_at(scheme.len() + end.unwrap_or(rest.len()))
}

fn cookie_path(attribute: &[u8]) -> Option<&[u8]> {
    let mut parts = attribute.splitn(2, |byte| *byte == b'=');
    let (name, value) = (parts.next()?, parts.next()?);
    scan::trim(name).eq_ignore_ascii_case(b"path").then(|| scan::trim(value))
}

/// How many dots a segment is, encoded or not, if it is one or two and nothing else.
fn dots(segment: &[u8]) -> Option<usize> {
    let mut rest = segment;
    let mut count = 0;
    while !rest.is_empty() {
        rest = match rest {
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => rest,
            _ => return None,
        };
        count += 1;
    }
    matches!(count, 1 | 2).then_some(count)
}

#[cfg(test)]
mod tests;
