//! Balancers and their members.

use super::Reader;
use crate::apache::access::Access;
use crate::apache::expand::Node;
use crate::apache::member::Url;
use crate::apache::model::{Member, Pool, Setting};
use crate::apache::notice::Fate;
use crate::apache::parameter::{self, Meaning};

const BALANCER: &str = "balancer://";

impl Reader<'_> {
    /// Takes a line that declares a pool or a part of one.
    pub(super) fn pool_of(&mut self, node: &Node, scope: usize) {
        match node.name.as_str() {
            "proxy" => self.proxy(node, scope),
            "balancermember" => {
                let pool = self.pool(node.arg(0), scope, node);
                self.member(node, 1, pool);
            }
            "proxyset" if node.arg(0).to_ascii_lowercase().starts_with(BALANCER) => {
                let pool = self.pool(node.arg(0), scope, node);
                self.balancer_parameters(node, 1, pool);
            }
            "proxyset" => self.left_out_set(node),
            _ => {}
        }
    }

    fn left_out_set(&mut self, node: &Node) {
        let why = "it is about backends that are in no balancer";
        self.notices.left_out(node, why, "set what is needed in the pool of that backend");
    }

    fn proxy(&mut self, section: &Node, scope: usize) {
        let url = section.arg(0).to_ascii_lowercase();
        let inside = section.inside.iter().flatten();
        if !url.starts_with(BALANCER) {
            let mut access = Access::default();
            let others: Vec<&Node> = inside.filter(|node| !access.takes(node)).collect();
            others.iter().for_each(|node| match node.name.as_str() {
                "proxyset" => self.left_out_set(node),
                _ => self.other(node),
            });
            access.explain(self.notices);
            // What is closed by any pattern of URLs is closed for all of them.
            if access.is_closed() {
                self.declared.access = access;
            }
            return;
        }
        let pool = self.pool(&url, scope, section);
        let mut access = Access::default();
        for node in inside {
            match node.name.as_str() {
                "balancermember" => self.member(node, 0, pool),
                "proxyset" => self.balancer_parameters(node, 0, pool),
                _ if access.takes(node) => {}
                _ => self.other(node),
            }
        }
        access.explain(self.notices);
        if let Some((_, pool)) = self.declared.pools.get_mut(pool) {
            pool.access = access;
        }
    }

    /// The pool of this URL that is known in the scope, which may be new.
    pub(super) fn pool(&mut self, url: &str, scope: usize, node: &Node) -> usize {
        let parsed = Url::parse(url);
        let url = parsed.map_or_else(|| url.to_ascii_lowercase(), |url| url.origin());
        if let Some(known) = self.known_pool(&url, scope) {
            return known;
        }
        let pool = Pool {
            url,
            place: node.place.clone(),
            settings: Vec::new(),
            members: Vec::new(),
            access: Access::default(),
            keeps_host: None,
        };
        self.declared.pools.push((scope, pool));
        self.declared.pools.len() - 1
    }

    fn known_pool(&self, url: &str, scope: usize) -> Option<usize> {
        let find = |scope: usize| {
            self.declared.pools.iter().position(|(known, pool)| *known == scope && pool.url == url)
        };
        find(scope).or_else(|| find(0))
    }

    /// Adds the member whose URL stands at that place of the line.
    pub(super) fn member(&mut self, node: &Node, at: usize, pool: usize) {
        let Some(url) = Url::parse(node.arg(at)) else {
            let why = format!("`{}` is no URL of a backend", node.arg(at));
            return self.notices.left_out(node, why, "write it as http://10.0.0.1:8080");
        };
        let address = match url.address(self.world) {
            Ok(address) => address,
            Err((why, instead)) => return self.notices.left_out(node, why, instead),
        };
        let is_there =
            |(_, pool): &(usize, Pool)| pool.members.iter().any(|member| member.address == address);
        if self.declared.pools.get(pool).is_some_and(is_there) {
            let why = format!("{address} is a member already");
            return self.notices.left_out(node, why, "raise its `weight` for more requests");
        }
        let settings = self.parameters(node, at + 1, parameter::of_member);
        let (place, Url { authority, path, .. }) = (node.place.clone(), url);
        if let Some((_, pool)) = self.declared.pools.get_mut(pool) {
            pool.members.push(Member { place, address, authority, path, settings });
        }
    }

    pub(super) fn balancer_parameters(&mut self, node: &Node, from: usize, pool: usize) {
        let settings = self.parameters(node, from, parameter::of_balancer);
        if let Some((_, pool)) = self.declared.pools.get_mut(pool) {
            pool.settings.extend(settings);
        }
    }

    /// The `key=value`s of a line from there on.
    fn parameters(
        &mut self,
        node: &Node,
        from: usize,
        meaning: fn(&str, &str) -> Meaning,
    ) -> Vec<Setting> {
        let mut words: Vec<String> = Vec::new();
        for word in node.args.iter().skip(from) {
            let template =
                word.strip_prefix("hctemplate=").and_then(|name| self.templates.get(name));
            match template {
                Some(of_template) => words.extend(of_template.iter().cloned()),
                None => words.push(word.clone()),
            }
        }
        words.iter().flat_map(|word| self.parameter(node, word, meaning)).collect()
    }

    fn parameter(
        &mut self,
        node: &Node,
        word: &str,
        meaning: fn(&str, &str) -> Meaning,
    ) -> Vec<Setting> {
        // Without a value it is a flag of ProxyPass, as `nocanon`.
        let (key, value) = word.split_once('=').unwrap_or((word, "On"));
        let (why, instead) = match meaning(key, value) {
            Meaning::Set(key, value) => return settings(node, word, vec![(key, value)]),
            Meaning::Sets(list) => return settings(node, word, list),
            Meaning::Near(key, value, why, instead) => {
                let words = (why.to_owned(), instead.to_owned());
                self.notices.about(&node.place, word, Fate::Changed, words);
                return settings(node, word, vec![(key, value)]);
            }
            Meaning::Idle => return Vec::new(),
            Meaning::LeftOut(why, instead) => (why.to_owned(), instead.to_owned()),
            Meaning::Wrong => {
                (format!("`{word}` is nothing that Apache knows here"), "correct it".to_owned())
            }
        };
        self.notices.about(&node.place, word, Fate::LeftOut, (why, instead));
        Vec::new()
    }
}

fn settings(node: &Node, word: &str, list: Vec<(&'static str, String)>) -> Vec<Setting> {
    let setting =
        |(key, value)| Setting { key, value, place: node.place.clone(), text: word.to_owned() };
    list.into_iter().map(setting).collect()
}
