//! `ProxyPass` and the patterns of `ProxyPassMatch` that are prefixes.

use super::Reader;
use crate::apache::expand::Node;
use crate::apache::member::Url;
use crate::apache::model::{Answer, Rule};

impl Reader<'_> {
    pub(super) fn pass(&mut self, node: &Node, scope: usize) {
        let (path, target) = (node.arg(0), node.arg(1));
        if let Some(rule) = self.pass_to(node, path, target, 2, scope) {
            self.host(scope).passes.push(rule);
        }
    }

    pub(super) fn pass_match(&mut self, node: &Node, scope: usize) {
        let Some((path, target)) = prefix(node.arg(0), node.arg(1)) else {
            let why = "bramble's routes are prefixes, and this pattern is none";
            let instead = "write a [[route]] with `path_prefix` for each folder that it means";
            return self.notices.left_out(node, why, instead);
        };
        if let Some(rule) = self.pass_to(node, &path, &target, 2, scope) {
            self.host(scope).passes.push(rule);
        }
    }

    /// What a line passes on; its parameters begin there.
    pub(super) fn pass_to(
        &mut self,
        node: &Node,
        path: &str,
        target: &str,
        parameters: usize,
        scope: usize,
    ) -> Option<Rule> {
        let path = self.path(node, path)?;
        if target == "!" {
            return Some(rule(node, path, Answer::NotPassed));
        }
        let Some(url) = Url::parse(target) else {
            let why = format!("`{target}` is no URL that requests can be passed on to");
            self.notices.left_out(
                node,
                why,
                "write it as http://10.0.0.1:8080/ or balancer://app/",
            );
            return None;
        };
        self.path(node, if url.path.is_empty() { "/" } else { &url.path })?;
        let known = self.declared.pools.len();
        let pool = self.pool(target, scope, node);
        if url.scheme == "balancer" {
            self.balancer_parameters(node, parameters, pool);
        } else if pool == known {
            self.sole_member(node, &url, parameters, pool);
        }
        let Url { path: to, .. } = &url;
        Some(rule(node, path, Answer::Pass { url: url.origin(), path: to.clone() }))
    }

    /// The one backend of a `ProxyPass` that names no balancer.
    fn sole_member(&mut self, node: &Node, url: &Url, parameters: usize, pool: usize) {
        let mut line = node.clone();
        let rest = line.args.split_off(parameters.min(line.args.len()));
        line.args = std::iter::once(url.origin()).chain(rest).collect();
        self.member(&line, 0, pool);
    }

    /// A path as routes have it; names the line if there is none.
    pub(super) fn path(&mut self, node: &Node, path: &str) -> Option<String> {
        let trimmed = path.trim_end_matches('/');
        let trimmed = if trimmed.is_empty() { "/" } else { trimmed };
        let is_plain = trimmed.starts_with('/')
            && !trimmed.contains("//")
            && trimmed.split('/').all(|part| part != "." && part != "..")
            && trimmed.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%\\*\"".contains(&byte));
        if !is_plain {
            let why = format!("`{path}` is no path prefix that bramble takes");
            let instead = "write it without blanks, `%`, `*`, `?` and empty, `.` or `..` segments";
            self.notices.left_out(node, why, instead);
        }
        is_plain.then(|| trimmed.to_owned())
    }
}

pub(super) fn rule(node: &Node, path: String, answer: Answer) -> Rule {
    let (place, text) = (node.place.clone(), node.text.clone());
    Rule { place, text, path, answer }
}

/// A pattern as a prefix and a target, where it is one: `^/app/(.*)$ http://b/app/$1`,
/// `^(/app/.*)$ http://b$1`, `^/app !`.
fn prefix(pattern: &str, target: &str) -> Option<(String, String)> {
    let anchored = pattern.strip_prefix('^')?;
    let open = anchored.strip_suffix('$').unwrap_or(anchored);
    let whole = open.strip_prefix('(').and_then(|rest| rest.strip_suffix(".*)"));
    let (literal, target) = if let Some(literal) = whole {
        let origin = target.strip_suffix("$1")?;
        (literal, format!("{origin}{literal}"))
    } else if let Some(literal) = open.strip_suffix("(.*)") {
        let rest = target.strip_suffix("$1").or((target == "!").then_some(target))?;
        (literal, rest.to_owned())
    } else if target == "!" && open.len() == anchored.len() {
        (open, target.to_owned())
    } else {
        return None;
    };
    let is_literal =
        literal.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
    // `^/app(.*)$` takes /apple, too, which no prefix of ours does.
    let ends = literal.ends_with('/') || target == "!";
    (is_literal && ends && literal.starts_with('/')).then(|| (literal.to_owned(), target))
}

#[cfg(test)]
mod tests;
