//! `ProxyPassReverse`: bramble maps back by itself what it has mapped, so that such a line needs
//! nothing where it is about a backend that requests are passed on to. Others are named.

use super::Reader;
use crate::apache::expand::Node;
use crate::apache::member::Url;
use crate::apache::model::{Answer, Pool, Rule};

/// Where path and host stay as they are nothing is mapped.
const KEPT: (&str, &str) = (
    "bramble sends backends the visitor's `Host`, so that they name this place by themselves",
    "let no backend send visitors to its own address",
);

impl Reader<'_> {
    /// Looks at all such lines; what is passed on is known by now.
    pub(super) fn reverses(&mut self) {
        for (scope, node) in std::mem::take(&mut self.reverses) {
            if self.is_mapped_back(&node, scope) {
                match self.is_all_kept(&node, scope) {
                    true => self.notices.changed(&node, KEPT.0, KEPT.1),
                    false => self.notices.idle(&node),
                }
                continue;
            }
            let why =
                "bramble maps back the addresses, hosts and paths that it passes requests on to";
            let instead = "let the app know its own name, or send paths without a host";
            self.notices.left_out(&node, why, instead);
        }
    }

    fn is_mapped_back(&self, node: &Node, scope: usize) -> bool {
        let mut passes = self.passes(scope).map(|(rule, _)| rule);
        let (first, second) = (node.arg(0), node.arg(1));
        match node.name.as_str() {
            // A path alone is one of the backend's own.
            "proxypassreverse" if second.starts_with('/') => passes.any(|rule| {
                same(&rule.path, first)
                    && matches!(&rule.answer, Answer::Pass { path, .. } if same(path, second))
            }),
            "proxypassreverse" => passes.any(|rule| {
                same(&rule.path, first) && matches!(&rule.answer, Answer::Pass { url, path } if {
                    Url::parse(second).is_some_and(|to| same(path, &to.path) && self.is_of(url, &to))
                })
            }),
            "proxypassreversecookiepath" => passes.any(|rule| {
                same(&rule.path, second)
                    && matches!(&rule.answer, Answer::Pass { path, .. } if same(path, first))
            }),
            _ => false,
        }
    }

    /// Whether it is about places whose path is the same at the backend, and the host, too.
    fn is_all_kept(&self, node: &Node, scope: usize) -> bool {
        let is_kept = |(rule, keeps_host): (&Rule, bool)| {
            keeps_host
                && same(&rule.path, node.arg(0))
                && matches!(&rule.answer, Answer::Pass { path, .. } if same(path, &rule.path))
        };
        node.name == "proxypassreverse" && self.passes(scope).any(is_kept)
    }

    /// What is passed on there, and whether with the client's `Host`.
    fn passes(&self, scope: usize) -> impl Iterator<Item = (&Rule, bool)> {
        let hosts = [self.declared.hosts.get(scope), self.declared.hosts.first()];
        let keeps_host = hosts.into_iter().flatten().find_map(|host| host.keeps_host);
        let keeps_host = keeps_host.unwrap_or(false);
        hosts.into_iter().flatten().flat_map(move |host| {
            let of_locations = host.locations.iter().flat_map(move |one| {
                one.rules.iter().map(move |rule| (rule, one.keeps_host.unwrap_or(keeps_host)))
            });
            host.passes.iter().map(move |rule| (rule, keeps_host)).chain(of_locations)
        })
    }

    /// Whether the URL is the pool's own, or that of one of its members.
    fn is_of(&self, pool: &str, url: &Url) -> bool {
        let mut pools = self.declared.pools.iter().map(|(_, pool)| pool);
        let has = |one: &Pool| one.members.iter().any(|member| member.authority == url.authority);
        url.origin() == pool || pools.any(|one| one.url == *pool && has(one))
    }
}

fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}
