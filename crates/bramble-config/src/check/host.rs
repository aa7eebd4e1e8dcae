//! Host names: exact or `*.domain`, lower case, without a port.

use std::net::Ipv6Addr;

use toml::Spanned;

use crate::check::name;
use crate::error::{Finding, Findings};

const HOSTS: usize = 32;

/// The hosts in lower case, which is how requests are compared.
pub(crate) fn check(raw: &[Spanned<String>], findings: &mut Findings) -> Vec<String> {
    name::at_most("hosts", raw, HOSTS, findings);
    let mut hosts: Vec<String> = Vec::new();
    for host in raw {
        let lower = host.as_ref().to_ascii_lowercase();
        check_one(host, &lower, hosts.contains(&lower), findings);
        hosts.push(lower);
    }
    hosts
}

/// Does every name that `narrow` stands for fall under `wide`?
pub(crate) fn covers(wide: &str, narrow: &str) -> bool {
    match wide.strip_prefix('*') {
        Some(domain) => wide == narrow || (narrow.len() > domain.len() && narrow.ends_with(domain)),
        None => wide == narrow,
    }
}

fn check_one(at: &Spanned<String>, host: &str, seen: bool, findings: &mut Findings) {
    let fault = match fault(host) {
        Some(help) => (format!("`{host}` is no host name"), "not a host", help),
        None if seen => (format!("`{host}` stands here twice"), "again", "leave one out"),
        None => return,
    };
    let (message, label, help) = fault;
    findings.add(Finding::new(at.span(), message).label(label).help(help));
}

/// What would be right, if the host is not.
fn fault(host: &str) -> Option<&'static str> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    if host == "*" {
        Some("leave `hosts` out to match any host")
    } else if is_ipv6(host) {
        None
    } else if host.contains("://") || host.contains('/') {
        Some("give the name alone, as in \"example.org\"; paths go into a route's `path_prefix`")
    } else if host.contains(':') {
        Some("leave out the port: a host matches on every listener")
    } else if name.contains('*') {
        Some("a `*` stands only at the start, for whole labels: \"*.example.org\"")
    } else if name.len() > 253 || !name.split('.').all(is_label) {
        Some("use letters, digits, `-` and `.`, as in \"www.example.org\"")
    } else {
        None
    }
}

fn is_ipv6(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
