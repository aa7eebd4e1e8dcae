//! Sessions: which cookie or parameter names their backend, and by which route.

use std::collections::HashSet;

use toml::Spanned;

use crate::error::{Finding, Findings};
use crate::plan::{Pool, Sticky};
use crate::raw;
use crate::suggest;

/// Those of Apache.
const NAME_BYTES: usize = 63;
const ROUTE_BYTES: usize = 95;

pub(crate) fn check(raw: &raw::Sticky, findings: &mut Findings) -> Sticky {
    let cookie = name(&raw.cookie, is_cookie, "cookie", findings);
    let parameter = raw.parameter.as_ref();
    Sticky {
        parameter: parameter
            .map_or_else(|| cookie.clone(), |raw| name(raw, is_parameter, "parameter", findings)),
        cookie,
        separator: separator(raw.separator.as_ref(), findings),
        set: raw.set.unwrap_or(false),
        failover: raw.failover.unwrap_or(true),
    }
}

/// A token (RFC 6265 section 4.1.1).
pub(crate) fn is_cookie(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(is_token)
}

/// What ends neither a parameter nor its name, and is never encoded.
pub(crate) fn is_parameter(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~$!*()[]:@".contains(&byte);
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(is_plain)
}

/// What a cookie may hold (RFC 6265 section 4.1.1).
pub(crate) fn is_route(route: &str) -> bool {
    (1..=ROUTE_BYTES).contains(&route.len()) && route.chars().all(is_cookie_octet)
}

/// One character of a cookie's value, or nothing.
pub(crate) fn is_separator(text: &str) -> bool {
    text.len() <= 1 && text.chars().all(is_cookie_octet)
}

fn is_cookie_octet(c: char) -> bool {
    c.is_ascii_graphic() && !"\",;\\".contains(c)
}

fn name(
    raw: &Spanned<String>,
    is_right: impl Fn(&str) -> bool,
    what: &str,
    findings: &mut Findings,
) -> String {
    let text = raw.as_ref();
    if !is_right(text) {
        let message = format!("`{text}` can't be the name of a {what}");
        let help = format!("use 1 to {NAME_BYTES} letters, digits, `-`, `_` or `.`");
        findings.add(Finding::new(raw.span(), message).label("not a name").help(help));
    }
    text.clone()
}

fn separator(raw: Option<&Spanned<String>>, findings: &mut Findings) -> Option<char> {
    let Some(raw) = raw else { return Some('.') };
    let text = raw.as_ref();
    if !is_separator(text) {
        let message = format!("`{text}` can't stand before a route");
        let help = "give one character, as \".\" or \"!\", or \"\" where the value is the route";
        findings.add(Finding::new(raw.span(), message).label("not a separator").help(help));
    }
    text.chars().next()
}

/// The `route` or `redirect` of a backend.
pub(super) fn route(raw: Option<&Spanned<String>>, findings: &mut Findings) -> Option<String> {
    let text = raw?.as_ref();
    if !is_route(text) {
        let message = format!("`{text}` can't be a route");
        let help = format!(
            "use 1 to {ROUTE_BYTES} letters, digits and signs, no blank, quote, `,`, `;` or `\\`"
        );
        findings.add(Finding::new(raw?.span(), message).label("not a route").help(help));
    }
    Some(text.clone())
}

/// Of each route there is one backend, and a redirect leads to one.
pub(super) fn check_routes(raw: &raw::Pool, pool: &Pool, findings: &mut Findings) {
    // One that has a fault is not among them.
    if pool.backends.len() != raw.backend.len() {
        return;
    }
    let routes: Vec<Option<&str>> = pool.backends.iter().map(|one| pool.route_of(one)).collect();
    let mut seen = HashSet::new();
    for (raw, route) in raw.backend.iter().zip(&routes) {
        let raw = raw.as_ref();
        if let Some(route) = route.filter(|route| !seen.insert(*route)) {
            let span = [&raw.route, &raw.name].into_iter().flatten().next().unwrap_or(&raw.address);
            findings.add(second(span, route));
        }
    }
    for (raw, own) in raw.backend.iter().zip(&routes) {
        if let Some(redirect) = &raw.as_ref().redirect {
            check_redirect(redirect, *own, &seen, findings);
        }
    }
}

fn second(at: &Spanned<String>, route: &str) -> Finding {
    let message = format!("two backends of the pool have the route `{route}`");
    let help = "give each a `route` of its own, by which sessions tell them apart";
    Finding::new(at.span(), message).label("second of the route").help(help)
}

fn check_redirect(
    redirect: &Spanned<String>,
    own: Option<&str>,
    routes: &HashSet<&str>,
    findings: &mut Findings,
) {
    let wanted = redirect.as_ref();
    let (message, label) = match routes.contains(wanted.as_str()) {
        true if own == Some(wanted) => {
            ("a backend can't redirect its sessions to itself".to_owned(), "its own route")
        }
        true => return,
        false => (format!("no backend of the pool has the route `{wanted}`"), "unknown route"),
    };
    let mut others: Vec<&str> =
        routes.iter().copied().filter(|route| Some(*route) != own).collect();
    others.sort_unstable();
    let help = suggest::help(wanted, &others);
    let help = help.unwrap_or_else(|| "give another backend of the pool a `route`".to_owned());
    findings.add(Finding::new(redirect.span(), message).label(label).help(help));
}
