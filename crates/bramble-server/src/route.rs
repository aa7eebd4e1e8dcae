//! Host and path → what answers. Pure.

use bramble_config::plan::Route;

/// Index of the first route, in the plan's order, whose host and path prefix match.
pub(crate) fn find(routes: &[Route], host: &[u8], path: &[u8]) -> Option<usize> {
    let name = host_name(host);
    let matches = |route: &Route| {
        let host = route.hosts.is_empty() || route.hosts.iter().any(|h| host_matches(h, name));
        host && prefix_matches(route.path_prefix.as_bytes(), path)
    };
    routes.iter().position(matches)
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
