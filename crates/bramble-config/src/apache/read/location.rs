//! `<Location>` and `<Directory>`.

use super::Reader;
use super::pass::rule;
use crate::apache::access::Access;
use crate::apache::expand::Node;
use crate::apache::model::{Answer, Location, Rule};

impl Reader<'_> {
    pub(super) fn location(&mut self, section: &Node, scope: usize) {
        let inside: Vec<&Node> = section.inside.iter().flatten().collect();
        if section.args.len() != 1 {
            let why = "bramble's routes are prefixes, and this pattern is none";
            return self.notices.left_out(section, why, "write a [[route]] for each path");
        }
        let Some(path) = self.path(section, section.arg(0)) else { return };
        let mut location = Location {
            place: section.place.clone(),
            path,
            access: Access::default(),
            keeps_host: None,
            rules: Vec::new(),
        };
        for node in inside {
            self.in_location(node, &mut location, scope);
        }
        location.access.explain(self.notices);
        self.host(scope).locations.push(location);
    }

    fn in_location(&mut self, node: &Node, location: &mut Location, scope: usize) {
        match node.name.as_str() {
            "proxypass" => {
                let passed = self.pass_to(node, &location.path, node.arg(0), 1, scope);
                location.rules.extend(passed);
            }
            "proxypreservehost" => {
                location.keeps_host = Some(node.arg(0).eq_ignore_ascii_case("on"));
            }
            name if name.starts_with("proxypassreverse") => {
                // It stands for the location's own path.
                let mut line = node.clone();
                line.args.insert(0, location.path.clone());
                self.reverses.push((scope, line));
            }
            "redirect" | "redirectpermanent" | "redirecttemp" => {
                location.rules.extend(self.redirect(node, Some(&location.path)));
            }
            _ if location.access.takes(node) => {}
            _ => self.other(node),
        }
    }

    /// Only whether it is closed matters, and only below what is served.
    pub(super) fn directory(&mut self, section: &Node, scope: usize) {
        let mut access = Access::default();
        for node in section.inside.iter().flatten() {
            if !access.takes(node) {
                self.other(node);
            }
        }
        let root = self.host(scope).root.clone().map(|(root, _)| root);
        let below = root.and_then(|root| {
            let path = section.arg(0).trim_end_matches('/');
            let below = path.strip_prefix(root.trim_end_matches('/'))?;
            (below.is_empty() || below.starts_with('/')).then(|| below.to_owned())
        });
        if !access.is_closed() || below.is_none() {
            return;
        }
        access.explain(self.notices);
        let below = below.unwrap_or_default();
        if let Some(path) = self.path(section, if below.is_empty() { "/" } else { &below }) {
            let rules: Vec<Rule> =
                vec![rule(section, path.clone(), Answer::Respond { status: 403 })];
            let place = section.place.clone();
            let access = Access::default();
            self.host(scope).locations.push(Location {
                place,
                path,
                access,
                keeps_host: None,
                rules,
            });
        }
    }
}
