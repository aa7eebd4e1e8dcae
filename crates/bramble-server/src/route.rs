//! Host and path → what answers. Pure.

use std::borrow::Cow;

use bramble_config::plan::Route;
use bramble_http::decode_path;

/// Index of the first route, in the plan's order, whose host and path prefix match.
pub(crate) fn find(routes: &[Route], host: &[u8], path: &[u8]) -> Option<usize> {
    let name = host_name(host);
    let matches = |route: &Route| {
        let host = route.hosts.is_empty() || route.hosts.iter().any(|h| host_matches(h, name));
        host && prefix_matches(route.path_prefix.as_bytes(), path)
    };
    routes.iter().position(matches)
}

/// A path as routes see it: decoded and without `//`, `.` and `..`, since a backend or a site
/// would see through them too. An encoded slash stays encoded: it is part of a name. None: the
/// path has no meaning.
pub(crate) fn meaning(path: &[u8]) -> Option<Cow<'_, [u8]>> {
    let is_plain = !path.contains(&b'%') && !path.windows(2).any(|w| w == b"//" || w == b"/.");
    if is_plain {
        return Some(Cow::Borrowed(path));
    }
    let mut kept = Vec::with_capacity(path.len() + 8);
    for (i, byte) in path.iter().enumerate() {
        kept.push(*byte);
        if *byte == b'%' && path.get(i + 1..i + 3).is_some_and(|e| e.eq_ignore_ascii_case(b"2f")) {
            kept.extend_from_slice(b"25");
        }
    }
    let mut meaning = Vec::new();
    decode_path(&kept, &mut meaning).ok().map(|()| Cow::Owned(meaning))
}

/// The name in an authority: without its port, without the dot of an absolute name.
fn host_name(authority: &[u8]) -> &[u8] {
    let end = match authority.first() {
        Some(b'[') => authority.iter().position(|b| *b == b']').map(|i| i + 1),
        _ => authority.iter().position(|b| *b == b':'),
    };
    let name = authority.get(..end.unwrap_or(authority.len())).unwrap_or_default();
    name.strip_suffix(b".").unwrap_or(name)
}

fn host_matches(pattern: &str, name: &[u8]) -> bool {
    match pattern.strip_prefix('*') {
        // `*.example.org` covers a.example.org and a.b.example.org, not example.org itself.
        Some(suffix) => {
            name.len() > suffix.len() && {
                let tail = name.get(name.len() - suffix.len()..).unwrap_or_default();
                tail.eq_ignore_ascii_case(suffix.as_bytes())
            }
        }
        None => name.eq_ignore_ascii_case(pattern.as_bytes()),
    }
}

/// Whole segments: `/app` covers `/app` and `/app/x`, not `/apple`.
fn prefix_matches(prefix: &[u8], path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(prefix) else { return false };
    rest.is_empty() || prefix.ends_with(b"/") || rest.starts_with(b"/")
}

#[cfg(test)]
mod tests;
