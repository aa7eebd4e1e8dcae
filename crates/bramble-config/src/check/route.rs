//! Routes: what they match, what they lead to, and whether a request can ever reach them.

use toml::Spanned;

use crate::check::{host, name};
use crate::config::Config;
use crate::error::{Finding, Findings};
use crate::plan::{Action, Route};
use crate::raw::{self, Raw};
use crate::suggest;

const ROUTES: usize = 256;
const LOCATION_BYTES: usize = 8 * 1024;
const BODY_BYTES: usize = 64 * 1024;

pub(crate) fn check(raw: &Raw, findings: &mut Findings) -> Vec<Route> {
    name::at_most("route", &raw.route, ROUTES, findings);
    raw.route.iter().filter_map(|route| check_one(route, raw, findings)).collect()
}

/// Faults that only show once all parts are right: answers that no request can reach.
pub(crate) fn check_reach(raw: &Raw, config: &Config, findings: &mut Findings) {
    let routes = config.routes();
    if routes.is_empty() {
        let help = "add a [[site]], or a [[pool]] with backends, or a [[route]]";
        let finding = Finding::new(0..0, "there is no site, pool or route: nothing would answer");
        findings.add(finding.label("nothing to answer with").help(help));
    }
    for (index, route) in config.declared_routes.iter().enumerate() {
        let shadowing = routes.iter().take(index).position(|earlier| covers(earlier, route));
        if let (Some(earlier), Some(at)) = (shadowing, raw.route.get(index)) {
            findings.add(unreachable(at, earlier));
        }
    }
    for pool in raw.pool.iter().map(AsRef::as_ref) {
        check_answered(&pool.name, &Action::Pool(pool.name.as_ref().clone()), &routes, findings);
    }
    for site in raw.site.iter().map(AsRef::as_ref) {
        check_answered(&site.name, &Action::Site(site.name.as_ref().clone()), &routes, findings);
    }
}

/// Bytes that may stand in a request's target: visible ASCII.
pub(crate) fn is_target_byte(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

fn unreachable(at: &Spanned<raw::Route>, earlier: usize) -> Finding {
    let message = format!("no request reaches this route: route {} takes them all", earlier + 1);
    let help = "routes are tried in order: move this one up, or make the other narrower";
    Finding::new(at.span(), message).label("never tried").help(help)
}

/// A pool or site without a route of its own must get requests by an implied one.
fn check_answered(
    name: &Spanned<String>,
    action: &Action,
    routes: &[Route],
    findings: &mut Findings,
) {
    let reached = |(index, route): (usize, &Route)| {
        route.action == *action && !routes.iter().take(index).any(|earlier| covers(earlier, route))
    };
    if !routes.iter().enumerate().any(reached) {
        let (kind, text) = (kind(action), name.as_ref());
        let hosts = if kind == "site" { "hosts of its own, or " } else { "" };
        let message = format!("no request reaches {kind} `{text}`");
        let help = format!(
            "give it {hosts}a [[route]] with {kind} = \"{text}\" before the one that takes its \
             requests"
        );
        findings.add(Finding::new(name.span(), message).label("never asked").help(help));
    }
}

fn kind(action: &Action) -> &'static str {
    match action {
        Action::Pool(_) => "pool",
        Action::Redirect { .. } => "redirect",
        Action::Respond { .. } => "answer",
        Action::Site(_) => "site",
    }
}

fn covers(wide: &Route, narrow: &Route) -> bool {
    let host = |name: &String| wide.hosts.iter().any(|one| host::covers(one, name));
    let hosts =
        wide.hosts.is_empty() || (!narrow.hosts.is_empty() && narrow.hosts.iter().all(host));
    hosts && is_prefix(&wide.path_prefix, &narrow.path_prefix)
}

/// By whole segments, as requests are matched.
pub(crate) fn is_prefix(wide: &str, narrow: &str) -> bool {
    let rest = narrow.strip_prefix(wide);
    wide == "/" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn check_one(at: &Spanned<raw::Route>, raw: &Raw, findings: &mut Findings) -> Option<Route> {
    let route = at.as_ref();
    let hosts = host::check(&route.hosts, findings);
    let prefix = route.path_prefix.as_ref();
    let path_prefix = prefix.map_or_else(|| "/".to_owned(), |prefix| path(prefix, findings));
    let action = action(at, raw, findings)?;
    let replace_prefix = replace_prefix(at, &path_prefix, &action, findings);
    Some(Route { hosts, path_prefix, replace_prefix, action })
}

/// What the prefix becomes on the way to a backend; none: it stays.
fn replace_prefix(
    at: &Spanned<raw::Route>,
    path_prefix: &str,
    action: &Action,
    findings: &mut Findings,
) -> Option<String> {
    let route = at.as_ref();
    let strips = route.strip_prefix.as_ref().filter(|strip| *strip.as_ref());
    let (span, becomes) = match (strips, &route.replace_prefix) {
        (None, None) => return None,
        (Some(strip), None) => (strip.span(), "/".to_owned()),
        (None, Some(replace)) => (replace.span(), path(replace, findings)),
        (Some(_), Some(replace)) => {
            let finding = Finding::new(replace.span(), "the prefix is taken off and replaced");
            findings.add(finding.label("one of both").help("keep one of them"));
            return None;
        }
    };
    let fault = match action {
        Action::Pool(_) if becomes != path_prefix => return Some(becomes),
        Action::Pool(_) => ("it is that already", "leave it out, or give a `path_prefix`"),
        _ => ("only what goes to a pool is mapped", "leave it out"),
    };
    findings
        .add(Finding::new(span, "the prefix can't become another").label(fault.0).help(fault.1));
    None
}

fn path(raw: &Spanned<String>, findings: &mut Findings) -> String {
    let text: &str = raw.as_ref();
    let help = if !text.starts_with('/') {
        "a path starts with `/`, as \"/app\""
    } else if text != "/" && text.ends_with('/') {
        "leave out the last `/`: \"/app\" matches \"/app\", \"/app/\" and all below"
    } else if text.contains("//") || text.split('/').any(|part| part == "." || part == "..") {
        "leave out empty, `.` and `..` segments: requests are matched without them"
    } else if !text.bytes().all(is_target_byte) || text.contains(['?', '#', '%', '\\', '*']) {
        "use visible ASCII without `?`, `#`, `%`, `\\` or `*`; a prefix matches all that is below it"
    } else {
        return text.to_owned();
    };
    let message = format!("`{text}` is no path prefix");
    findings.add(Finding::new(raw.span(), message).label("not a prefix").help(help));
    text.to_owned()
}

fn action(at: &Spanned<raw::Route>, raw: &Raw, findings: &mut Findings) -> Option<Action> {
    let route = at.as_ref();
    match (&route.pool, &route.site, &route.redirect, &route.respond) {
        (Some(pool), None, None, None) => {
            known("pool", pool, raw.pool.iter().map(|pool| &pool.as_ref().name), findings);
            Some(Action::Pool(pool.as_ref().clone()))
        }
        (None, Some(site), None, None) => {
            known("site", site, raw.site.iter().map(|site| &site.as_ref().name), findings);
            Some(Action::Site(site.as_ref().clone()))
        }
        (None, None, Some(redirect), None) => Some(check_redirect(redirect, findings)),
        (None, None, None, Some(respond)) => Some(check_respond(respond, findings)),
        _ => {
            let message = "a route leads to exactly one of `pool`, `site`, `redirect`, `respond`";
            let help = "keep one of the four, as pool = \"app\"";
            findings.add(Finding::new(at.span(), message).label("none or several").help(help));
            None
        }
    }
}

fn known<'a>(
    what: &str,
    name: &Spanned<String>,
    declared: impl Iterator<Item = &'a Spanned<String>>,
    findings: &mut Findings,
) {
    let names: Vec<&str> = declared.map(|name| name.as_ref().as_str()).collect();
    if !names.contains(&name.as_ref().as_str()) {
        let message = format!("there is no {what} `{}`", name.as_ref());
        let help = suggest::help(name.as_ref(), &names);
        let help = help.unwrap_or_else(|| format!("declare it with [[{what}]]"));
        findings
            .add(Finding::new(name.span(), message).label(format!("unknown {what}")).help(help));
    }
}

fn check_redirect(raw: &raw::Redirect, findings: &mut Findings) -> Action {
    let status = raw.status.as_ref().map_or(302, |status| {
        let allowed = [301, 302, 303, 307, 308];
        check_status(
            status,
            |code| allowed.contains(&code),
            "give 301, 302, 303, 307 or 308",
            findings,
        )
    });
    let location: &str = raw.location.as_ref();
    // A control character here would end the header field and start another one.
    let fits = (1..=LOCATION_BYTES).contains(&location.len());
    if !fits || !location.bytes().all(is_target_byte) {
        let help =
            format!("give a URL or a path of at most {LOCATION_BYTES} visible ASCII characters");
        let finding = Finding::new(raw.location.span(), "`location` is no URL");
        findings.add(finding.label("can't be sent").help(help));
    }
    let keep_path = raw.keep_path.unwrap_or_default();
    if keep_path && location.contains(['?', '#']) {
        let finding = Finding::new(raw.location.span(), "no path can follow a query or fragment");
        let help = "end `location` before its `?` or `#`, or leave out `keep_path`";
        findings.add(finding.label("nothing goes behind it").help(help));
    }
    Action::Redirect { status, location: location.to_owned(), keep_path }
}

fn check_respond(raw: &raw::Respond, findings: &mut Findings) -> Action {
    let help = "give a final status from 200 to 599";
    let status = check_status(&raw.status, |code| (200..=599).contains(&code), help, findings);
    let body = raw.body.as_ref().map(|body| body.as_ref().clone()).unwrap_or_default();
    if let Some(at) = raw.body.as_ref() {
        // RFC 9110 15.3.5, 15.3.6 and 15.4.5.
        let fault = match status {
            204 | 205 | 304 if !body.is_empty() => Some(format!("an answer {status} has no body")),
            _ if body.len() > BODY_BYTES => {
                Some(format!("`body` has {} bytes, at most {BODY_BYTES} are sent", body.len()))
            }
            _ => None,
        };
        findings.extend(fault.map(|fault| Finding::new(at.span(), fault).label("can't be sent")));
    }
    Action::Respond { status, body }
}

fn check_status(
    raw: &Spanned<i64>,
    allowed: impl Fn(i64) -> bool,
    help: &str,
    findings: &mut Findings,
) -> u16 {
    let status = *raw.as_ref();
    if !allowed(status) {
        let finding = Finding::new(raw.span(), format!("`status` is {status}"));
        findings.add(finding.label("not a status for this").help(help));
    }
    u16::try_from(status).unwrap_or_default()
}
