//! `Redirect`: from a path and all below it to the same below a location, or to a status.

use super::Reader;
use super::pass::rule;
use crate::apache::expand::Node;
use crate::apache::model::{Answer, Rule};

/// What a line says.
struct Redirect<'a> {
    status: u16,
    path: &'a str,
    location: Option<&'a str>,
    /// The path is that of the location section that it stands in.
    is_whole: bool,
}

impl Reader<'_> {
    /// What becomes of a line; `section` is the path of the location that it stands in.
    pub(super) fn redirect(&mut self, node: &Node, section: Option<&str>) -> Option<Rule> {
        let Some(redirect) = Redirect::parse(node, section) else {
            let why = "bramble redirects with 301, 302, 303, 307 or 308 to a URL or a path";
            self.notices.left_out(node, why, "write a [[route]] with `redirect`");
            return None;
        };
        let path = self.path(node, redirect.path)?;
        let Redirect { status, location, .. } = redirect;
        let Some(location) = location else {
            return Some(rule(node, path, Answer::Respond { status }));
        };
        let keep_path = !redirect.is_whole && !location.contains(['?', '#']);
        self.explain_redirect(node, &redirect, location, keep_path);
        let location = location.to_owned();
        Some(rule(node, path, Answer::Redirect { status, location, keep_path }))
    }

    fn explain_redirect(&mut self, node: &Node, line: &Redirect<'_>, to: &str, keep_path: bool) {
        if !keep_path {
            let why = match line.is_whole {
                true => "bramble sends the location as it stands, without the query that came",
                false => "bramble puts nothing behind a location that has a query or fragment",
            };
            self.notices.changed(node, why, "nothing, if nobody asks for more than the path");
        } else if line.path.ends_with('/') != to.ends_with('/') {
            // Apache appends what is behind the path as it was written, be that `new//a` or `newa`.
            let why = "bramble puts one `/` between the location and what follows the path";
            self.notices.changed(node, why, "nothing: it is what was meant");
        }
    }
}

impl<'a> Redirect<'a> {
    fn parse(node: &'a Node, section: Option<&'a str>) -> Option<Self> {
        let mut words: Vec<&str> = node.args.iter().map(String::as_str).collect();
        let named = status(node);
        if named.is_some() && node.name == "redirect" {
            words.remove(0);
        }
        let status = named.unwrap_or(302);
        let leads = matches!(status, 301 | 302 | 303 | 307 | 308);
        let is_whole = section.is_some() && words.len() < 1 + usize::from(leads);
        let path = if is_whole { section? } else { words.first()? };
        let location = words.get(usize::from(!is_whole)).copied();
        match (leads, location) {
            (true, Some(to)) if is_url(to) => {}
            (false, None) if matches!(status, 200..=299 | 400..=599) => {}
            _ => return None,
        }
        Some(Self { status, path, location, is_whole })
    }
}

/// The status that a line names.
fn status(node: &Node) -> Option<u16> {
    match (node.name.as_str(), node.arg(0).to_ascii_lowercase().as_str()) {
        ("redirectpermanent", _) => Some(301),
        ("redirecttemp", _) => Some(302),
        (_, "permanent") => Some(301),
        (_, "temp") => Some(302),
        (_, "seeother") => Some(303),
        (_, "gone") => Some(410),
        (_, code) => code.parse().ok(),
    }
}

fn is_url(location: &str) -> bool {
    (location.contains("://") || location.starts_with('/'))
        && location.len() <= 8 * 1024
        && location.bytes().all(|byte| byte.is_ascii_graphic())
}
