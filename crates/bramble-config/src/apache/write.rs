//! Pools, sites and routes → the text of a bramble.toml, as somebody would write it who wants to
//! know next year where each line came from. Defaults are left out.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;

use super::expand::{Node, Place};
use super::health;
use super::model::{Host, Member, Pool, Setting};
use super::notice::Notices;
use super::parameter::quoted;
use super::read::Declared;
use super::route::{Mapping, Route, To};
use super::sticky;
use crate::plan::Method;

/// What is written, and what may still be said about it.
pub(crate) struct Writer<'a> {
    out: String,
    notices: &'a mut Notices,
    names: Names,
}

/// Names of pools and sites, none twice.
#[derive(Default)]
struct Names {
    pools: Vec<(usize, String)>,
    sites: Vec<(usize, String)>,
}

pub(crate) fn write(
    declared: &Declared,
    routes: &[Route],
    files: &[&str],
    notices: &mut Notices,
) -> String {
    let mut writer = Writer { out: String::new(), notices, names: Names::of(declared, routes) };
    writer.line(&format!("# Made by `bramble import apache` from {}.", comment(&files.join(", "))));
    writer.line("# A place after `#` is the line in there that something comes from.");
    writer.settings_of("timeouts", &declared.settings);
    writer.listeners(declared);
    for (at, name) in writer.names.pools.clone() {
        if let Some((_, pool)) = declared.pools.get(at) {
            let sticky = sticky::of_pool(pool, &declared.cookies, writer.notices);
            let pool = sticky::with_routes(pool, writer.notices);
            writer.pool(&pool, &name, &sticky);
        }
    }
    writer.cookies(declared);
    for (at, name) in writer.names.sites.clone() {
        if let Some(host) = declared.hosts.get(at) {
            writer.site(host, &name);
        }
    }
    routes.iter().for_each(|route| writer.route(route));
    writer.out
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn table(&mut self, header: &str, place: &Place) {
        // Writing to a String can't fail.
        let _ = write!(self.out, "\n{header} # {}\n", comment(&place.to_string()));
    }

    fn set(&mut self, setting: &Setting) {
        let key = setting.key.rsplit('.').next().unwrap_or_default();
        let line = format!("{key} = {}", setting.value);
        self.line(&line);
    }

    fn settings_of(&mut self, table: &str, settings: &[Setting]) {
        let settings = last_of_each(settings, |key| key.starts_with(table));
        if let Some(first) = settings.first() {
            self.table(&format!("[{table}]"), &first.place);
        }
        settings.iter().for_each(|setting| self.set(setting));
    }

    fn listeners(&mut self, declared: &Declared) {
        let mut addresses: Vec<(SocketAddr, Place)> = Vec::new();
        for node in &declared.listens {
            match listener(node) {
                Some(_) if is_tls(node, declared) => {
                    let (why, instead) = super::known::tls();
                    self.notices.left_out(node, why, instead);
                }
                Some(address) => addresses.push((address, node.place.clone())),
                None => {
                    let why = "it is no address that bramble listens at";
                    self.notices.left_out(node, why, "write an IP address and a port");
                }
            }
        }
        if addresses.is_empty() {
            addresses.extend(of_hosts(declared));
        }
        self.write_listeners(&addresses);
    }

    fn write_listeners(&mut self, addresses: &[(SocketAddr, Place)]) {
        let mut seen = BTreeSet::new();
        for (address, place) in
            addresses.iter().filter(|(address, _)| seen.insert(*address)).take(64)
        {
            let is_first = Some(address) == addresses.first().map(|(first, _)| first);
            let name = if is_first { "web".to_owned() } else { listener_name(*address) };
            self.table("[[listener]]", place);
            self.line(&format!("name = {}", quoted(&name)));
            self.line(&format!("address = \"{address}\""));
        }
        if addresses.is_empty() {
            self.line("\n[[listener]]\nname = \"web\"\naddress = \"0.0.0.0:80\"");
        }
    }

    fn pool(&mut self, pool: &Pool, name: &str, sticky: &[Setting]) {
        self.table("[[pool]]", &pool.place);
        self.line(&format!("name = {}", quoted(name)));
        self.method(pool);
        let plain = |key: &str| key.starts_with("pool.") && key.matches('.').count() == 1;
        for setting in last_of_each(&pool.settings, |key| plain(key) && key != "pool.method") {
            self.set(&setting);
        }
        for member in &pool.members {
            self.table("[[pool.backend]]", &member.place);
            self.line(&format!("address = \"{}\"", member.address));
            self.host(pool, member);
            for setting in last_of_each(&member.settings, |key| key.starts_with("pool.backend.")) {
                if setting.key != "pool.backend.weight" || setting.value != "1.0" {
                    self.set(&setting);
                }
            }
        }
        if let Some(first) = sticky.first() {
            self.table("[pool.sticky]", &first.place);
        }
        sticky.iter().for_each(|setting| self.set(setting));
        let checks = health::of(pool, self.notices);
        if let Some(first) = checks.first() {
            self.table("[pool.health]", &first.place);
        }
        checks.iter().for_each(|setting| self.set(setting));
    }

    /// Apache's own default, where it is not ours.
    fn method(&mut self, pool: &Pool) {
        let named = last_of_each(&pool.settings, |key| key == "pool.method").pop();
        let setting = named.unwrap_or_else(|| Setting {
            key: "pool.method",
            value: quoted("by_requests"),
            place: pool.place.clone(),
            text: pool.url.clone(),
        });
        if setting.value != default_method() && pool.members.len() > 1 {
            self.set(&setting);
        }
    }

    /// Unless it keeps the client's, Apache sends a member its own name.
    fn host(&mut self, pool: &Pool, member: &Member) {
        if pool.keeps_host == Some(true) {
            return;
        }
        let setting = Setting {
            key: "pool.backend.host",
            value: quoted(&member.host()),
            place: member.place.clone(),
            text: format!("ProxyPreserveHost Off, for {}", member.authority),
        };
        self.set(&setting);
    }

    /// A cookie that is set for nobody's sticky sessions.
    fn cookies(&mut self, declared: &Declared) {
        for (name, node) in &declared.cookies {
            let value = quoted(name);
            let is_known = declared.pools.iter().flat_map(|(_, pool)| &pool.settings);
            let is_known =
                is_known.clone().any(|one| one.key == "pool.sticky.cookie" && one.value == value);
            if !is_known {
                let why = "no balancer has sticky sessions by this cookie";
                self.notices.left_out(node, why, "name it in [pool.sticky]");
            }
        }
    }

    fn site(&mut self, host: &Host, name: &str) {
        let Some((root, place)) = &host.root else { return };
        self.table("[[site]]", place);
        self.line(&format!("name = {}", quoted(name)));
        self.line(&format!("root = {}", quoted(root)));
        if !host.index.is_empty() && host.index != ["index.html"] {
            let files: Vec<String> = host.index.iter().map(|file| quoted(file)).collect();
            self.line(&format!("index = [{}]", files.join(", ")));
        }
        if let Some(page) = host.pages.get(&404) {
            self.line(&format!("not_found = {}", quoted(page)));
        }
        let others = host.pages.iter().filter(|(code, _)| **code != 404);
        let others: Vec<String> =
            others.map(|(code, page)| format!("{code} = {}", quoted(page))).collect();
        if !others.is_empty() {
            self.line(&format!("error_pages = {{ {} }}", others.join(", ")));
        }
    }

    fn route(&mut self, route: &Route) {
        self.table("[[route]]", &route.place);
        if !route.hosts.is_empty() {
            let hosts: Vec<String> = route.hosts.iter().map(|host| quoted(host)).collect();
            self.line(&format!("hosts = [{}]", hosts.join(", ")));
        }
        if route.path != "/" {
            self.line(&format!("path_prefix = {}", quoted(&route.path)));
        }
        match &route.to {
            To::Pool(at, mapping) => self.asks(*at, mapping),
            To::Redirect { status, location, keep_path } => {
                self.line(&redirect(*status, location, *keep_path));
            }
            To::Respond(status) => self.line(&format!("respond = {{ status = {status} }}")),
            To::Site(at) => {
                let name = quoted(find(&self.names.sites, *at));
                self.line(&format!("site = {name}"));
            }
        }
    }

    fn asks(&mut self, at: usize, mapping: &Mapping) {
        let name = quoted(find(&self.names.pools, at));
        self.line(&format!("pool = {name}"));
        if let Some((key, value)) = mapping.setting() {
            let key = key.trim_start_matches("route.");
            self.line(&format!("{key} = {value}"));
        }
    }
}

fn redirect(status: u16, location: &str, keep_path: bool) -> String {
    let status = if status == 302 { String::new() } else { format!("status = {status}, ") };
    let keep_path = if keep_path { ", keep_path = true" } else { "" };
    format!("redirect = {{ {status}location = {}{keep_path} }}", quoted(location))
}

/// Of each key the last; in the order in which they came first.
pub(super) fn last_of_each(settings: &[Setting], is_meant: impl Fn(&str) -> bool) -> Vec<Setting> {
    let mut kept: Vec<Setting> = Vec::new();
    for setting in settings.iter().filter(|setting| is_meant(setting.key)) {
        match kept.iter_mut().find(|one| one.key == setting.key) {
            Some(one) => *one = setting.clone(),
            None => kept.push(setting.clone()),
        }
    }
    kept
}

fn default_method() -> String {
    serde_json::to_string(&Method::default()).unwrap_or_default()
}

fn listener(node: &Node) -> Option<SocketAddr> {
    let text = node.arg(0).replace('*', "0.0.0.0");
    let address = match text.parse::<u16>() {
        Ok(port) => SocketAddr::from(([0, 0, 0, 0], port)),
        Err(_) => text.parse().ok()?,
    };
    (address.port() != 0).then_some(address)
}

fn is_tls(node: &Node, declared: &Declared) -> bool {
    let port = node.arg(0).rsplit(':').next().unwrap_or_default();
    let ends = |host: &&Host| {
        host.addresses
            .iter()
            .any(|address| address.rsplit_once(':').is_some_and(|(_, p)| p == port))
    };
    let mut of_port = declared.hosts.iter().filter(ends).peekable();
    let all_tls = of_port.peek().is_some() && of_port.all(|host| host.is_tls);
    all_tls || port == "443" || node.arg(1).eq_ignore_ascii_case("https")
}

/// Where virtual hosts are, if no line says where to listen.
fn of_hosts(declared: &Declared) -> Vec<(SocketAddr, Place)> {
    let hosts = declared.hosts.iter().filter(|host| !host.is_tls);
    let addresses = hosts.flat_map(|host| {
        let node = host.node.as_ref();
        host.addresses.iter().filter_map(move |address| {
            let (ip, port) = address.rsplit_once(':')?;
            let ip = ip.parse().unwrap_or_else(|_| [0, 0, 0, 0].into());
            let port = port.parse().ok().filter(|port| *port != 0)?;
            Some((SocketAddr::new(ip, port), node?.place.clone()))
        })
    });
    addresses.collect()
}

fn listener_name(address: SocketAddr) -> String {
    let ip = address.ip().to_string().replace(':', "-");
    match address.ip().is_unspecified() {
        true if address.is_ipv4() => format!("web-{}", address.port()),
        _ => format!("web-{}-{}", ip.trim_matches('-'), address.port()),
    }
}

impl Names {
    /// Names for what routes lead to.
    fn of(declared: &Declared, routes: &[Route]) -> Self {
        let mut names = Self::default();
        for route in routes {
            match &route.to {
                To::Pool(at, _) => {
                    let url = declared.pools.get(*at).map_or("", |(_, pool)| pool.url.as_str());
                    let url = url.split_once("://").map_or(url, |(_, name)| name);
                    add(&mut names.pools, *at, url, "pool");
                }
                To::Site(at) => {
                    let host = declared.hosts.get(*at);
                    let name = host.and_then(|host| host.names.first()).map_or("", String::as_str);
                    add(&mut names.sites, *at, name.trim_start_matches("*."), "site");
                }
                To::Redirect { .. } | To::Respond(_) => {}
            }
        }
        names.pools.sort_by_key(|(at, _)| *at);
        names.sites.sort_by_key(|(at, _)| *at);
        names
    }
}

fn add(names: &mut Vec<(usize, String)>, at: usize, wish: &str, otherwise: &str) {
    if names.iter().any(|(known, _)| *known == at) {
        return;
    }
    let plain = wish.replace(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c), "-");
    let plain: String = plain.trim_start_matches(['.', '-', '_']).chars().take(56).collect();
    let plain = if plain.is_empty() { otherwise.to_owned() } else { plain };
    let is_taken = |name: &String| names.iter().any(|(_, known)| known == name);
    let mut numbered = (2..).map(|number| format!("{plain}-{number}"));
    let name = std::iter::once(plain.clone()).chain(&mut numbered).find(|name| !is_taken(name));
    names.push((at, name.unwrap_or(plain)));
}

fn find(names: &[(usize, String)], at: usize) -> &str {
    names.iter().find(|(known, _)| *known == at).map_or("", |(_, name)| name)
}

/// What may stand in a comment.
fn comment(text: &str) -> String {
    text.replace(char::is_control, "?")
}
