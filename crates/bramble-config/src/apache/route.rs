//! Hosts → routes, in the order in which bramble tries them.
//!
//! Apache asks a request's locations first, the last of them before others, then `ProxyPass` in
//! the file's order, then redirects, then the folder. A main server's lines count in all virtual
//! hosts. The first virtual host has the requests for names that nobody has.

use super::expand::Place;
use super::known;
use super::model::{Answer, Host, Location, Rule};
use super::notice::{Fate, Notices};
use super::parameter::quoted;
use super::read::Declared;
use crate::check::{host, route};

const HOSTS: usize = 32;

/// A route with where it comes from.
#[derive(Debug)]
pub(crate) struct Route {
    pub place: Place,
    pub text: String,
    pub hosts: Vec<String>,
    pub path: String,
    pub to: To,
}

/// What it leads to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum To {
    /// The place of a pool, and what the path becomes.
    Pool(usize, Mapping),
    Redirect {
        status: u16,
        location: String,
        keep_path: bool,
    },
    Respond(u16),
    /// The place of the host whose folder it is.
    Site(usize),
}

/// What becomes of the path that a route matched.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mapping {
    Replace(String),
    Same,
    Strip,
}

impl Mapping {
    /// As a key with its value.
    pub fn setting(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Replace(path) => Some(("route.replace_prefix", quoted(path))),
            Self::Same => None,
            Self::Strip => Some(("route.strip_prefix", "true".to_owned())),
        }
    }
}

/// All routes; lines that no request would reach are named.
pub(crate) fn routes(declared: &mut Declared, notices: &mut Notices) -> Vec<Route> {
    name_tls(declared, notices);
    let virtual_hosts = (1..declared.hosts.len()).filter(|at| is_served(declared, *at));
    let mut order: Vec<usize> = virtual_hosts.collect();
    let mut all = Vec::new();
    let first = order.first().copied();
    if let Some(first) = first.filter(|first| is_apart(declared, *first)) {
        // Its names are nobody else's, so that it can stand last, for any name.
        order.retain(|at| *at != first);
    }
    for at in order {
        of_names(declared, at, &mut all, notices);
    }
    of_host(declared, first.unwrap_or(0), &[], &mut all, notices);
    let kept = unreached(all, notices);
    name_pools(declared, &kept, notices);
    kept
}

fn name_tls(declared: &Declared, notices: &mut Notices) {
    let (why, instead) = known::tls();
    for node in
        declared.hosts.iter().filter(|host| host.is_tls).filter_map(|host| host.node.as_ref())
    {
        notices.left_out(node, format!("{why}: nothing of it is carried over"), instead);
    }
}

/// Pools that nothing is left of.
fn name_pools(declared: &Declared, routes: &[Route], notices: &mut Notices) {
    for (at, (_, pool)) in declared.pools.iter().enumerate() {
        let is_asked = routes.iter().any(|route| matches!(&route.to, To::Pool(to, _) if *to == at));
        let (why, instead) = match (pool.members.is_empty(), is_asked) {
            (true, _) => {
                ("no backend of it is carried over: its routes answer 503", "give it backends")
            }
            (_, true) => continue,
            (_, false) => ("no request is passed on to it", "write a [[route]] with `pool`"),
        };
        let words = (why.to_owned(), instead.to_owned());
        notices.about(&pool.place, &pool.url, Fate::LeftOut, words);
    }
}

fn is_served(declared: &Declared, at: usize) -> bool {
    declared.hosts.get(at).is_some_and(|host| !host.is_tls)
}

/// Whether no other virtual host would take one of its names before it.
fn is_apart(declared: &Declared, at: usize) -> bool {
    let Some(own) = declared.hosts.get(at) else { return true };
    let others = declared.hosts.iter().enumerate();
    let others = others.filter(|(other, host)| *other != at && !host.is_tls);
    let mut wide = others.flat_map(|(_, host)| &host.names);
    !wide.any(|wide| own.names.iter().any(|name| host::covers(wide, name)))
}

fn of_names(declared: &mut Declared, at: usize, all: &mut Vec<Route>, notices: &mut Notices) {
    let Some(host) = declared.hosts.get(at) else { return };
    let names = host.names.clone();
    if let (true, Some(node)) = (names.is_empty(), &host.node) {
        let why = "it has no name, and only the first virtual host answers to all names";
        notices.left_out(node, why, "give it a ServerName");
    }
    for names in names.chunks(HOSTS) {
        of_host(declared, at, names, all, notices);
    }
}

/// Routes of one host, for these names or for all.
fn of_host(
    declared: &mut Declared,
    at: usize,
    names: &[String],
    all: &mut Vec<Route>,
    notices: &mut Notices,
) {
    let from = all.len();
    let (Some(main), Some(own)) = (declared.hosts.first(), declared.hosts.get(at)) else { return };
    let hosts: Vec<&Host> = if at == 0 { vec![main] } else { vec![main, own] };
    let site = [own, main].into_iter().find(|host| host.root.is_some());
    let site = site.map(|host| if std::ptr::eq(host, own) { at } else { 0 });
    let keeps_host = own.keeps_host.or(main.keeps_host).unwrap_or(false);
    let mut found: Vec<(Rule, bool)> = Vec::new();
    let locations = || hosts.iter().flat_map(|host| &host.locations).rev();
    let keeps = |one: Option<bool>| one.unwrap_or(keeps_host);
    let is_passed = |rule: &&Rule| matches!(rule.answer, Answer::Pass { .. } | Answer::NotPassed);
    found.extend(locations().filter_map(closed).map(|rule| (rule, false)));
    for passes in [false, true] {
        for one in locations() {
            let rules = one.rules.iter().filter(|rule| is_passed(rule) == passes);
            found.extend(rules.map(|rule| (rule.clone(), keeps(one.keeps_host))));
        }
    }
    let passes = hosts.iter().flat_map(|host| &host.passes);
    found.extend(passes.map(|rule| (rule.clone(), keeps_host)));
    let redirects = hosts.iter().flat_map(|host| &host.redirects);
    found.extend(redirects.map(|rule| (rule.clone(), keeps_host)));
    let last = last(own, main, names);
    for (rule, keeps_host) in found {
        let to = to(declared, at, &rule, site, keeps_host, notices);
        let Rule { place, text, path, .. } = rule;
        all.push(Route { place, text, hosts: names.to_vec(), path, to });
    }
    if let Some((place, text)) = last
        && !all.iter().skip(from).any(|route| route.path == "/")
    {
        let to = site.map_or(To::Respond(404), To::Site);
        all.push(Route { place, text, hosts: names.to_vec(), path: "/".to_owned(), to });
    }
}

fn closed(location: &Location) -> Option<Rule> {
    location.access.is_closed().then(|| Rule {
        place: location.place.clone(),
        text: format!("<Location {}>", location.path),
        path: location.path.clone(),
        answer: Answer::Respond { status: 403 },
    })
}

/// What stands for the rest of a host: its folder, or that it has none.
fn last(own: &Host, main: &Host, names: &[String]) -> Option<(Place, String)> {
    let root = own.root.as_ref().or(main.root.as_ref());
    let folder = root.map(|(folder, place)| (place.clone(), format!("DocumentRoot {folder}")));
    // Without a name nothing comes after it.
    folder.or_else(|| {
        let node = own.node.as_ref().filter(|_| !names.is_empty())?;
        Some((node.place.clone(), node.text.clone()))
    })
}

fn to(
    declared: &mut Declared,
    scope: usize,
    rule: &Rule,
    site: Option<usize>,
    keeps: bool,
    notices: &mut Notices,
) -> To {
    let (url, base) = match &rule.answer {
        Answer::NotPassed => return site.map_or(To::Respond(404), To::Site),
        Answer::Redirect { status, location, keep_path } => {
            let (status, location, keep_path) = (*status, location.clone(), *keep_path);
            return To::Redirect { status, location, keep_path };
        }
        Answer::Respond { status } => return To::Respond(*status),
        Answer::Pass { url, path } => (url, path),
    };
    let find = |scope: usize| {
        declared.pools.iter().position(|(known, pool)| *known == scope && pool.url == *url)
    };
    let Some(at) = find(scope).or_else(|| find(0)) else { return To::Respond(503) };
    let is_closed = declared.access.is_closed();
    let Some((_, pool)) = declared.pools.get_mut(at) else { return To::Respond(503) };
    if is_closed || pool.access.is_closed() {
        return To::Respond(403);
    }
    // Nobody to ask, but nobody else's requests either.
    let Some(member) = pool.members.first() else { return To::Respond(503) };
    if *pool.keeps_host.get_or_insert(keeps) != keeps {
        let why =
            "the `Host` that a backend gets is the same for all routes to its pool".to_owned();
        let instead = "make a second pool of the same backends".to_owned();
        notices.about(&rule.place, &rule.text, Fate::LeftOut, (why, instead));
    }
    let mapping = mapping(&rule.path, &format!("{}{base}", member.path));
    To::Pool(at, mapping)
}

fn mapping(path: &str, target: &str) -> Mapping {
    match (path.trim_end_matches('/'), target) {
        (path, target) if path == target => Mapping::Same,
        (_, "") => Mapping::Strip,
        (_, target) => Mapping::Replace(target.to_owned()),
    }
}

/// Takes out the routes that an earlier one hides, and names those that meant something else.
fn unreached(all: Vec<Route>, notices: &mut Notices) -> Vec<Route> {
    let mut kept: Vec<Route> = Vec::new();
    for route in all {
        match kept.iter().find(|earlier| covers(earlier, &route)) {
            None => kept.push(route),
            Some(earlier) if earlier.to == route.to || earlier.place == route.place => {}
            // Closed by its location, which would have answered.
            Some(earlier) if earlier.to == To::Respond(403) && route.text.ends_with('!') => {}
            Some(earlier) => {
                let why = format!("no request reaches it: {} takes them all", earlier.place);
                let instead =
                    "nothing, if Apache did the same; routes go by host and path, not by port";
                let words = (why, instead.to_owned());
                notices.about(&route.place, &route.text, Fate::LeftOut, words);
            }
        }
    }
    kept
}

fn covers(wide: &Route, narrow: &Route) -> bool {
    let covered = |name: &String| wide.hosts.iter().any(|wide| host::covers(wide, name));
    let hosts =
        wide.hosts.is_empty() || (!narrow.hosts.is_empty() && narrow.hosts.iter().all(covered));
    hosts && route::is_prefix(&wide.path, &narrow.path)
}
