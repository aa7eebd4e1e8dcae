//! One tree → hosts, pools and listeners: each directive of a scope is taken, found needless, or
//! named. A scope is the main server or a virtual host.

mod location;
mod pass;
mod pools;
mod redirect;
mod reverse;
mod server;

use std::collections::BTreeMap;

use super::access::Access;
use super::expand::{Node, Surroundings};
use super::known;
use super::model::{Host, Pool, Setting};
use super::notice::Notices;

/// What was understood.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    /// The main server, then the virtual hosts.
    pub hosts: Vec<Host>,
    /// Each with the scope that it is known in; 0 is everywhere.
    pub pools: Vec<(usize, Pool)>,
    /// `Listen` lines: address, and where that was said.
    pub listens: Vec<Node>,
    /// Keys of `[timeouts]` and `[limits]`.
    pub settings: Vec<Setting>,
    /// Cookies that some `Header` sets to a backend's route.
    pub cookies: Vec<(String, Node)>,
    /// `<Proxy *>`.
    pub access: Access,
}

pub(crate) fn read(
    nodes: &[Node],
    world: &mut dyn Surroundings,
    notices: &mut Notices,
) -> Declared {
    let is_host = |node: &&Node| node.name == "virtualhost";
    let main: Vec<&Node> = nodes.iter().filter(|node| !is_host(node)).collect();
    let mut reader = Reader {
        world,
        notices,
        declared: Declared::default(),
        templates: templates(&main),
        reverses: Vec::new(),
    };
    let mut scopes = vec![main];
    reader.declared.hosts.push(Host::default());
    for node in nodes.iter().filter(is_host) {
        reader.declared.hosts.push(Host {
            node: Some(Node { inside: None, ..node.clone() }),
            addresses: node.args.clone(),
            is_tls: is_tls(node),
            ..Host::default()
        });
        scopes.push(node.inside.iter().flatten().collect());
    }
    reader.read(&scopes);
    reader.declared
}

struct Reader<'a> {
    world: &'a mut dyn Surroundings,
    notices: &'a mut Notices,
    declared: Declared,
    /// `ProxyHCTemplate`: name → parameters.
    templates: BTreeMap<String, Vec<String>>,
    /// `ProxyPassReverse*` lines with the scope that they stand in.
    reverses: Vec<(usize, Node)>,
}

impl Reader<'_> {
    fn read(&mut self, scopes: &[Vec<&Node>]) {
        let plain = |declared: &Declared, scope: usize| {
            !declared.hosts.get(scope).is_some_and(|host| host.is_tls)
        };
        for (scope, nodes) in scopes.iter().enumerate() {
            if plain(&self.declared, scope) {
                nodes.iter().for_each(|node| self.pool_of(node, scope));
            }
        }
        for (scope, nodes) in scopes.iter().enumerate() {
            if plain(&self.declared, scope) {
                nodes.iter().for_each(|node| self.node(node, scope));
            }
        }
        self.reverses();
    }

    /// Takes whatever may stand in a scope, but pools, which come first.
    fn node(&mut self, node: &Node, scope: usize) {
        match node.name.as_str() {
            "balancermember" | "proxyset" | "proxy" => {}
            "location" => self.location(node, scope),
            "directory" => self.directory(node, scope),
            "proxypass" => self.pass(node, scope),
            "proxypassmatch" => self.pass_match(node, scope),
            name if name.starts_with("proxypassreverse") => {
                self.reverses.push((scope, node.clone()));
            }
            _ if self.server(node, scope) => {}
            _ => self.other(node),
        }
    }

    /// A line that nobody has taken.
    fn other(&mut self, node: &Node) {
        match known::fate(node) {
            known::Fate::Idle => self.notices.idle(node),
            known::Fate::LeftOut(why, instead) => self.notices.left_out(node, why, instead),
        }
    }

    fn host(&mut self, scope: usize) -> &mut Host {
        // Every scope has its host, the first of which is always there.
        let at = if scope < self.declared.hosts.len() { scope } else { 0 };
        &mut self.declared.hosts[at]
    }
}

fn templates(main: &[&Node]) -> BTreeMap<String, Vec<String>> {
    let templates = main.iter().filter(|node| node.name == "proxyhctemplate");
    templates
        .map(|node| (node.arg(0).to_owned(), node.args.iter().skip(1).cloned().collect()))
        .collect()
}

fn is_tls(node: &Node) -> bool {
    let engine = node.inside.iter().flatten().find(|line| line.name == "sslengine");
    let is_443 = node.args.iter().any(|address| address.ends_with(":443"));
    engine.map_or(is_443, |line| !line.arg(0).eq_ignore_ascii_case("off"))
}
